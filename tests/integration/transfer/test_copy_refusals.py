"""What stands where a copy is to be made, and what may be wrong with a copy, harms neither."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import zstandard

from matou.archive.layout import Archive
from matou.archive.lock import ArchiveBusy, lock_archive, lock_out_servers
from matou.errors import Damaged, MatouError
from matou.storage.trees import SymbolicLink
from matou.transfer.copy.archive_files import files_of
from matou.transfer.copy.catalogue import Catalogue, CatalogueHead, CopiedFile, decode_catalogue, encode_catalogue
from matou.transfer.copy.mark import ForeignDestination
from matou.transfer.copy.opening import FolderInsideAnother, require_apart
from matou.transfer.copy.paths import require_path
from support.copies import NOW, Team, copied, copy_to_folder, files_below
from support.scripted_source import commit


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.make(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def a_file(root: Path) -> None:
    root.mkdir()
    (root / "thesis.txt").write_text("all of it")


def another_archive(root: Path) -> None:
    Archive.create(root, now=NOW, identifier=UUID(int=9))


@pytest.mark.parametrize("fill", [a_file, another_archive])
def test_a_folder_that_holds_something_else_is_refused_and_stays(
    team: Team, root: Path, fill: Callable[[Path], None]
) -> None:
    fill(root)
    before = files_below(root)

    with pytest.raises(ForeignDestination):
        copy_to_folder(team.archive, root)

    assert files_below(root) == before


def test_the_copy_of_another_archive_is_refused(team: Team, root: Path, tmp_path: Path) -> None:
    other = Archive.create(tmp_path / "other", now=NOW, identifier=UUID(int=9))
    copied(copy_to_folder(other, root))

    with pytest.raises(ForeignDestination, match="another archive"):
        copy_to_folder(team.archive, root)


def a_run(root: Path) -> None:
    shutil.copytree(root / "runs/000001", root / "runs/000002")


def a_push(root: Path) -> None:
    commit(next((root / "repositories").rglob("*.git")), "refs/heads/pushed", {"file": "theirs"})


def a_move(root: Path) -> None:
    (root / "migrations.jsonl").write_text("{}\n")


@pytest.mark.parametrize("change", [a_run, a_push])
def test_a_copy_that_somebody_has_worked_with_since_is_refused(
    team: Team, root: Path, change: Callable[[Path], None]
) -> None:
    copied(copy_to_folder(team.archive, root))
    change(root)
    before = files_below(root)

    with pytest.raises(ForeignDestination, match="changed there"):
        copy_to_folder(team.archive, root)

    assert files_below(root) == before


def test_a_copy_whose_places_of_migrations_were_written_since_is_refused(team: Team, root: Path) -> None:
    (team.archive.root / "migrations.jsonl").write_text("{}\n")
    copied(copy_to_folder(team.archive, root))
    (root / "migrations.jsonl").write_text("{}\n{}\n")

    with pytest.raises(ForeignDestination):
        copy_to_folder(team.archive, root)


def test_a_copy_is_made_by_one_at_a_time(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))

    with lock_archive(root, now=NOW), pytest.raises(ArchiveBusy):
        copy_to_folder(team.archive, root)


def test_nothing_is_taken_away_while_a_copy_is_made_and_no_copy_is_made_meanwhile(team: Team, root: Path) -> None:
    with lock_out_servers(team.archive.root), pytest.raises(ArchiveBusy):
        copy_to_folder(team.archive, root)
    with files_of(team.archive, has_own_database=True), pytest.raises(ArchiveBusy), lock_out_servers(team.archive.root):
        pass


@pytest.mark.parametrize("name", ["repositories", "blobs", "staging", "copy", "lock", "runs"])
def test_no_link_in_the_folder_of_a_copy_leads_out_of_it(team: Team, root: Path, tmp_path: Path, name: str) -> None:
    copied(copy_to_folder(team.archive, root))
    outside = tmp_path / "outside"
    outside.mkdir()
    path = root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(outside)
    team.change("changed")

    with pytest.raises((SymbolicLink, MatouError)):
        copy_to_folder(team.archive, root)

    assert list(outside.iterdir()) == []


def test_a_link_in_an_archive_is_not_followed(team: Team, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (team.archive.root / "notes.txt").symlink_to(tmp_path / "secret")
    (team.archive.root / "runs/000001/notes.txt").symlink_to(tmp_path / "secret")
    git_dir = team.mirrors()[0]
    (git_dir / "objects/pack" / f"pack-{'a' * 40}.pack").symlink_to(tmp_path / "secret")

    copied(copy_to_folder(team.archive, root))

    assert b"secret" not in files_below(root).values()


def test_an_archive_and_its_copy_lie_in_neither(tmp_path: Path) -> None:
    for inner, outer in (("a", "a/b"), ("a/b", "a"), ("a", "a"), ("a", "b/../a/c")):
        with pytest.raises(FolderInsideAnother):
            require_apart(tmp_path / inner, tmp_path / outer)
    require_apart(tmp_path / "a", tmp_path / "ab")


HOSTILE_PATHS = [
    "../outside", "/etc/passwd", "a/../../b", "repositories/../x", "repositories/x.git/hooks/post-receive",
    "repositories/x.git/objects/info/alternates", "repositories/x.git/config.worktree", "repositories/x/HEAD",
    "repositories/x.git/objects/pack/../../config", "metadata/x.git/info/attributes", ".git/config", "config",
    "runs/000001/x/HEAD", "runs/1/manifest.jsonl", "damaged/.git/config", "damaged/x/config", "migrations/hooks/x",
    "copy/copy.json", "copy/000001.jsonl.zst", "lock", "staging/x", "cache/x", "matou.db-wal", "matou.db-journal",
    "blobs/objects/aa/bb/" + "c" * 64, "blobs/x", "a\nb", "a\0b", "a\\b", "", ".", "damaged//x", "damaged/" + "x" * 300,
    "damaged/\u202ex",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_path_that_no_archive_has_is_refused(path: str) -> None:
    with pytest.raises(Damaged):
        require_path(path)


@pytest.mark.parametrize("path", ["../outside", "repositories/x.git/hooks/post-receive", "copy/copy.json"])
def test_a_catalogue_that_names_such_a_path_is_refused_as_a_whole(path: str) -> None:
    head = CatalogueHead(format=1, archive=UUID(int=7), number=1, at=NOW, matou="1")
    content = encode_catalogue(Catalogue(head, {path: CopiedFile(path=path, size=1, sha256="a" * 64)}))

    with pytest.raises(Damaged):
        decode_catalogue(content, name="000001")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-3], lambda b: b[:20], lambda b: b"", lambda b: b[:30] + b"\0" + b[31:]]
)
def test_a_damaged_catalogue_is_told(damage: Callable[[bytes], bytes]) -> None:
    head = CatalogueHead(format=1, archive=UUID(int=7), number=1, at=NOW, matou="1")
    files = {path: CopiedFile(path=path, size=1, sha256="a" * 64) for path in ("archive.json", "verified.json")}
    content = encode_catalogue(Catalogue(head, files))
    assert dict(decode_catalogue(content, name="x").files) == files

    with pytest.raises(Damaged):
        decode_catalogue(damage(content), name="000001")


@pytest.mark.parametrize("content", [b"\0" * 20_000_000, b"{}\n" * 4_000_000, b"x" * 15_000_000])
def test_a_catalogue_that_becomes_more_than_any_does_is_refused(content: bytes) -> None:
    with pytest.raises(Damaged):
        decode_catalogue(zstandard.compress(content), name="000001")


def test_a_mark_of_a_later_matou_is_left_alone(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    mark = root / "copy/copy.json"
    content = json.loads(mark.read_text())
    mark.unlink()
    mark.write_text(json.dumps({**content, "format": 2}))

    with pytest.raises(MatouError, match="newer Matou"):
        copy_to_folder(team.archive, root)

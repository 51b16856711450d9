"""A metadata repository that is damaged or lost is made whole, or set aside and read anew; either is told."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import SourceLine
from matou.archive.metadata import open_metadata
from matou.concurrency import CancellationToken
from matou.git.repository import packs
from matou.model.metadata import Issue
from matou.model.metadata.kinds import ISSUE, MetadataKind
from matou.model.names import RepositoryPath
from matou.platforms.base.api_client import Answers
from matou.transfer.backup.metadata.file_fetcher import FetchedFile, Requested
from matou.transfer.backup.metadata.rebuild import MetadataRebuild, Rebuilt
from matou.transfer.backup.report import BackupReport
from matou.transfer.common.proofs import read_damage
from matou.transfer.verify.command import verify
from support.git_repositories import git, objects_of
from support.scripted_metadata import FILES, ScriptedAccess, ScriptedForge, ScriptedMetadata, reader_of
from support.scripted_source import CLOCK, ScriptedSource, back_up, commit, open_archive, repository_lines

API = RepositoryPath.parse("team/project/api")
DIGEST = "ab" * 32


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("project")), "refs/heads/main", {"readme": "api"})
    return source


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


@pytest.fixture
def access() -> ScriptedAccess:
    forge = ScriptedForge()
    for number in range(1, 40):
        forge.issue(number)
        forge.comment(number, number)
    return ScriptedAccess({"100": forge})


def largest_pack(git_dir: Path) -> Path:
    return max(packs(git_dir), key=lambda one: one.stat().st_size)


def flip(path: Path) -> None:
    """Another file in its place: this process may have mapped the old one."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.unlink()
    path.write_bytes(content)


def lose_pack(git_dir: Path) -> None:
    largest_pack(git_dir).unlink()


def flip_pack(git_dir: Path) -> None:
    flip(largest_pack(git_dir))


def lose_index(git_dir: Path) -> None:
    largest_pack(git_dir).with_suffix(".idx").unlink()


def flip_index(git_dir: Path) -> None:
    flip(largest_pack(git_dir).with_suffix(".idx"))


def lose_branch(git_dir: Path) -> None:
    git(git_dir, "update-ref", "-d", "refs/heads/main")


def move_branch_back(git_dir: Path) -> None:
    git(git_dir, "update-ref", "refs/heads/main", "refs/heads/main~1")


def zero_refs(git_dir: Path) -> None:
    (git_dir / "packed-refs").write_bytes(b"\0" * 100)


def lose_head(git_dir: Path) -> None:
    (git_dir / "HEAD").unlink()


def empty_head(git_dir: Path) -> None:
    (git_dir / "HEAD").write_bytes(b"")


def lose_folder(git_dir: Path) -> None:
    shutil.rmtree(git_dir)


def lose_an_item(git_dir: Path) -> None:
    """Every object but one is still there, in files that are whole."""
    lost = git(git_dir, "rev-parse", "main:issues/0000/7.json")
    left = "\n".join(oid for oid in sorted(objects_of(git_dir)) if oid != lost)
    old = [*(git_dir / "objects/pack").iterdir()]
    git(git_dir, "pack-objects", "--quiet", git_dir / "objects/pack/pack", input=f"{left}\n".encode())
    for path in old:
        path.unlink()


MENDED = (lose_index, flip_index, lose_branch, move_branch_back, zero_refs, lose_head, empty_head)
LOST = (lose_pack, flip_pack, lose_folder, lose_an_item)


def saved_twice(source: ScriptedSource, archive: Archive, access: ScriptedAccess) -> Path:
    back_up(source, archive, access=access)
    access.forges["100"].issue(40)
    back_up(source, archive, access=access)
    return archive.metadata(API)


def problems(archive: Archive) -> list[str]:
    return [f"{one.path}: {one.detail}" for one in verify(archive, everything=False, jobs=2, now=CLOCK).problems]


def told(report: BackupReport) -> list[str]:
    return [str(note.cause).partition(":")[0] for note in report.notes]


def scripted(source: SourceLine, answers: Answers, wants: Callable[[MetadataKind], bool], /) -> ScriptedMetadata:
    return ScriptedMetadata(reader_of(answers))


def rebuilt(archive: Archive) -> dict[str, Rebuilt]:
    return {one.path: one.state for one in MetadataRebuild(archive, scripted, CancellationToken()).rebuild()}


@pytest.mark.parametrize("damage", MENDED)
@pytest.mark.parametrize("is_verified", [False, True])
def test_what_follows_from_its_packs_and_the_manifest_is_made_again(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess, damage: Callable[[Path], None], is_verified: bool
) -> None:
    git_dir = saved_twice(source, archive, access)
    del access.forges["100"].issues["5"]
    damage(git_dir)
    # That the bytes of an index are others is seen by whoever reads them all.
    assert not (is_verified or damage is flip_index) or problems(archive)

    report = back_up(source, archive, access=access)

    assert told(report) == ["its metadata was damaged, and was made whole from what the archive has"]
    assert report.everything_is_saved
    assert problems(archive) == []
    assert isinstance(open_metadata(git_dir).item(ISSUE, "5"), Issue)
    assert read_damage(archive.proofs).metadata == ()
    assert rebuilt(archive) == {str(API): Rebuilt.SAME}


@pytest.mark.parametrize("damage", LOST)
def test_what_was_found_damaged_is_set_aside_and_everything_is_read_anew(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess, damage: Callable[[Path], None]
) -> None:
    git_dir = saved_twice(source, archive, access)
    tree = git(git_dir, "rev-parse", "main:issues")
    damage(git_dir)
    left = sorted(str(path.relative_to(git_dir)) for path in git_dir.rglob("*.pack"))
    assert problems(archive)
    assert read_damage(archive.proofs).metadata == (str(API),)

    report = back_up(source, archive, access=access)

    aside = archive.root / "damaged/000003/metadata" / f"{API}.git"
    if damage is lose_folder:
        assert told(report) == ["its metadata was lost, and everything was read again"]
    else:
        assert f"damaged/000003/metadata/{API}.git" in str(report.notes[0].cause)
        assert sorted(str(path.relative_to(aside)) for path in aside.rglob("*.pack")) == left
    assert report.everything_is_saved
    assert problems(archive) == []
    assert git(git_dir, "rev-parse", "main:issues") == tree
    assert read_damage(archive.proofs).metadata == ()
    assert rebuilt(archive) == {str(API): Rebuilt.SAME}
    assert back_up(source, archive, access=access).notes == ()


def test_damage_that_a_run_meets_is_told_and_the_next_one_sees_to_it(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess
) -> None:
    git_dir = saved_twice(source, archive, access)
    lose_an_item(git_dir)
    access.forges["100"].issue(7, "anders")

    report = back_up(source, archive, access=access)

    assert [str(problem.what) for problem in report.problems] == ["metadata of team/project/api"]
    assert repository_lines(archive, 3)["100"].metadata == repository_lines(archive, 2)["100"].metadata

    report = back_up(source, archive, access=access)

    assert report.everything_is_saved
    [note] = report.notes
    assert "what was there is in damaged/000004/metadata/team/project/api.git" in str(note.cause)
    assert problems(archive) == []


def test_a_run_that_is_killed_while_it_reads_anew_is_gone_on_from(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess
) -> None:
    git_dir = saved_twice(source, archive, access)
    lose_pack(git_dir)
    forge = access.forges["100"]

    def give_up(name: str, count: int) -> None:
        if name == "GET /changes":
            raise KeyboardInterrupt

    forge.before = give_up
    with pytest.raises(KeyboardInterrupt):
        back_up(source, archive, access=access)
    forge.before = lambda name, count: None
    report = back_up(source, archive, access=access)

    assert report.everything_is_saved
    assert problems(archive) == []
    assert len([*(archive.root / "damaged").rglob("*.git")]) == 1
    assert rebuilt(archive) == {str(API): Rebuilt.SAME}


def test_what_the_source_has_no_more_is_made_again_from_the_records(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess
) -> None:
    git_dir = saved_twice(source, archive, access)
    tree = git(git_dir, "rev-parse", "main^{tree}")
    lose_an_item(git_dir)
    assert problems(archive)

    assert rebuilt(archive) == {str(API): Rebuilt.RESTORED}

    assert git(git_dir, "rev-parse", "main^{tree}") == tree
    assert read_damage(archive.proofs).metadata == ()
    assert len([*(archive.root / "damaged").rglob("*.git")]) == 1


@pytest.mark.parametrize("left", [b"", b'{"kind":"run","format":2'])
def test_a_run_that_was_killed_within_its_first_line_is_no_damage_to_what_is_made_again(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess, left: bytes
) -> None:
    saved_twice(source, archive, access)
    manifest = archive.manifest(archive.begin_run())
    manifest.with_name(f"{manifest.name}.partial").write_bytes(left)

    rebuild = MetadataRebuild(archive, scripted, CancellationToken())

    assert {one.path: one.state for one in rebuild.rebuild()} == {str(API): Rebuilt.SAME}
    assert rebuild.faults == []


class StoredFiles:
    """Gives each file its bytes, as often as it is asked."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.given: list[str] = []

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:
        self.given.append(url)
        return FetchedFile(sha256=self.archive.blobs.put_stream((b"tide",)), size=4, type="image/png")


def test_an_attachment_that_was_found_damaged_is_fetched_again(
    source: ScriptedSource, archive: Archive, access: ScriptedAccess
) -> None:
    forge, files = access.forges["100"], StoredFiles(archive)
    access.sources = files
    forge.issue(60, f"![](https://{FILES}/1.png)")
    forge.issue(61, f"![](https://{FILES}/2.png) nothing is wrong with this one but its bytes")
    saved_twice(source, archive, access)
    assert len(files.given) == 2
    (blob,) = [
        path for path in (archive.root / "blobs/objects").rglob("*") if path.is_file() and path.stat().st_size == 4
    ]
    blob.chmod(0o644)
    blob.write_bytes(b"edit")
    assert problems(archive)

    report = back_up(source, archive, access=access)

    assert report.everything_is_saved
    assert len(files.given) == 4
    assert problems(archive) == []

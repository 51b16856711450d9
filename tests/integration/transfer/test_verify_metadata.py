"""`verify` proves metadata repositories as it proves code: their commit, objects, items, and the blobs they name."""

import hashlib
import shutil
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.metadata import MetadataWriter
from matou.git.repository import packs
from matou.model.metadata.kinds import ISSUE, PERSON
from matou.transfer.backup.healing import set_metadata_aside
from matou.transfer.common.proofs import read_damage
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind, VerifyReport
from support.git_repositories import fast_import, git, tip_of
from support.metadata_items import BEGAN, comment, issue, person, picture
from support.saved_metadata import PICTURE, PROJECT, SavedMetadata

DIGEST = hashlib.sha256(PICTURE).hexdigest()
PLACE = f"metadata/{PROJECT}.git"


def first(writer: MetadataWriter) -> None:
    files = (picture(sha256=DIGEST, size=len(PICTURE)),)
    for number in range(1, 150):
        writer.put(ISSUE, issue(str(number), comments=(comment("5", files=files),)))
    writer.put(PERSON, person("17"))


def second(writer: MetadataWriter) -> None:
    writer.put(ISSUE, issue("7", "changed"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "archive"
    saved = SavedMetadata.create(folder)
    saved.archive.blobs.put_bytes(PICTURE)
    saved.run(first)
    saved.run(second)
    return folder


@pytest.fixture
def saved(made: Path, tmp_path: Path) -> SavedMetadata:
    shutil.copytree(made, tmp_path / "archive")
    return SavedMetadata(Archive.open(tmp_path / "archive"))


def check(saved: SavedMetadata, *, repair: bool = False) -> VerifyReport:
    return verify(saved.archive, everything=False, jobs=2, now=BEGAN, repair=repair)


def kinds_of(report: VerifyReport) -> set[tuple[ProblemKind, str]]:
    return {(problem.kind, problem.path.removeprefix(PLACE)) for problem in report.problems}


def test_whole_metadata_has_no_problems(saved: SavedMetadata) -> None:
    report = check(saved)

    assert report.problems == ()
    assert report.is_whole
    assert report.metadata == 1


def test_a_lost_repository_is_named_and_noted_for_the_next_run(saved: SavedMetadata) -> None:
    shutil.rmtree(saved.git_dir)

    assert kinds_of(check(saved)) == {(ProblemKind.REPOSITORY, "")}
    assert read_damage(saved.archive.proofs).metadata == (str(PROJECT),)


@pytest.mark.parametrize("offset", [20, 1000, -100])
def test_each_damaged_byte_of_a_pack_is_found(saved: SavedMetadata, offset: int) -> None:
    pack = max(packs(saved.git_dir), key=lambda one: one.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[offset] ^= 4
    pack.chmod(0o644)
    pack.write_bytes(content)

    report = check(saved)

    assert ProblemKind.FILE in {problem.kind for problem in report.problems}


def test_a_branch_that_was_moved_back_is_found_and_repaired(saved: SavedMetadata) -> None:
    git(saved.git_dir, "update-ref", "refs/heads/main", "refs/heads/main~1")

    assert kinds_of(check(saved)) == {(ProblemKind.REF, "")}
    repaired = check(saved, repair=True)
    assert repaired.problems == ()
    assert repaired.repaired == (f"{PLACE}/refs/heads/main",)


def test_refs_that_cannot_be_read_are_found_and_repaired(saved: SavedMetadata) -> None:
    (saved.git_dir / "packed-refs").write_bytes(b"\0" * 100)

    assert (ProblemKind.REF, "") in kinds_of(check(saved))
    assert check(saved, repair=True).problems == ()
    assert (saved.archive.root / "damaged" / "000002" / PLACE / "packed-refs").read_bytes() == b"\0" * 100


def test_what_a_run_that_was_cut_off_has_moved_on_is_no_damage(saved: SavedMetadata) -> None:
    saved.run(lambda writer: writer.put(ISSUE, issue("8", "later")), publish=False)

    report = check(saved)

    assert report.problems == ()
    assert report.ahead == (PLACE,)


def test_a_blob_that_an_attachment_needs_and_that_is_lost_is_found(saved: SavedMetadata) -> None:
    check(saved)
    shutil.rmtree(saved.archive.root / "blobs" / "objects" / DIGEST[:2])

    (problem,) = check(saved).problems

    assert (problem.kind, DIGEST in problem.path, PLACE in str(problem.detail)) == (ProblemKind.BLOB, True, True)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("issues/0000/7.json", b'{"kind":"issue"}\n'),
        ("about.json", b"{"),
        ("settings.json", b"[]"),
        ("people.json", b'{"17":{"login":5}}'),
        (f"attachments/{DIGEST[:2]}/{DIGEST}/tide.png", b"no pointer\n"),
    ],
)
def test_a_file_that_is_not_what_a_run_writes_is_found(made: Path, tmp_path: Path, path: str, content: bytes) -> None:
    shutil.copytree(made, tmp_path / "archive")
    saved = SavedMetadata(Archive.open(tmp_path / "archive"))
    stream = b"commit refs/heads/main\ncommitter M <m@example.com> 0 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    fast_import(saved.git_dir, stream + b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
    saved.name(tip_of(saved.git_dir, "refs/heads/main"))

    report = check(saved)

    assert [problem for problem in report.problems if problem.path.startswith(PLACE)]


def test_metadata_of_a_later_form_is_not_called_whole_nor_touched(saved: SavedMetadata) -> None:
    about = git(saved.git_dir, "show", "main:about.json").replace('"format": 1', '"format": 2')
    stream = b"commit refs/heads/main\ncommitter M <m@example.com> 0 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    fast_import(
        saved.git_dir, stream + b"M 100644 inline about.json\ndata %d\n%b\n" % (len(about.encode()), about.encode())
    )
    before = git(saved.git_dir, "rev-parse", "main")

    with pytest.raises(Exception, match="newer Matou"):
        saved.run(second)

    assert git(saved.git_dir, "rev-parse", "main") == before


def test_damaged_metadata_set_aside_makes_room_for_a_run_that_starts_anew(saved: SavedMetadata) -> None:
    pack = max(packs(saved.git_dir), key=lambda one: one.stat().st_size)
    pack.chmod(0o644)
    pack.write_bytes(b"")

    aside = set_metadata_aside(saved.archive, PROJECT, run=3)
    saved.run(first)

    assert aside == saved.archive.root / "damaged" / "000003" / PLACE
    assert aside.is_dir()
    assert check(saved).problems == ()
    assert set_metadata_aside(saved.archive, PROJECT, run=4) == saved.archive.root / "damaged" / "000004" / PLACE
    assert set_metadata_aside(saved.archive, PROJECT, run=5) is None

"""A `shallow` file that is damaged takes nothing with it: what lies there says where a history ends."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import RestoreReport
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind, VerifyReport
from support.scripted_source import CLOCK, ScriptedSource, back_up, commit, git, mirror, open_archive, outcomes, refs_of

PATH = "team/shop/api.git"


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    """A repository with two branches, both of which end two commits below their tips; its id is 100."""
    source = ScriptedSource(tmp_path / "source")
    whole = source.repository("api", source.project("shop"))
    for branch in ("main", "topic"):
        for number in range(5):
            content = random.Random(f"{branch} {number}").randbytes(3000).hex()
            commit(whole, f"refs/heads/{branch}", {f"{branch}-{number}": content})
    git(tmp_path, "clone", "-q", "--mirror", "--depth=2", "--no-single-branch", whole.as_uri(), "shallow.git")
    shutil.rmtree(whole)
    (tmp_path / "shallow.git").rename(whole)
    assert len((whole / "shallow").read_text().split()) == 2
    return source


@pytest.fixture
def archive(source: ScriptedSource, tmp_path: Path) -> Archive:
    archive = open_archive(tmp_path / "archive")
    back_up(source, archive)
    assert (boundary_of(archive)).read_bytes() == (source.git_dir("100") / "shallow").read_bytes()
    return archive


def boundary_of(archive: Archive) -> Path:
    return mirror(archive, "100", run=1) / "shallow"


def no_id(text: bytes) -> bytes:
    return text[:3] + b"?" + text[4:]


def another_id(text: bytes) -> bytes:
    return (b"1" if text[:1] == b"0" else b"0") + text[1:]


def zeros(text: bytes) -> bytes:
    return b"\0" * len(text)


def cut(text: bytes) -> bytes:
    return text[:-5]


def emptied(_: bytes) -> bytes:
    return b""


DAMAGES = [no_id, another_id, zeros, cut, emptied]
MENDABLE = [no_id, another_id, zeros, cut]


def harm(archive: Archive, damage: Callable[[bytes], bytes]) -> None:
    path = boundary_of(archive)
    content = damage(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(content)


def verified(archive: Archive, *, repair: bool = False) -> VerifyReport:
    return verify(archive, everything=False, jobs=1, now=CLOCK, repair=repair)


def restored(archive: Archive, to: Path) -> RestoreReport:
    return restore(archive, to=to, now=CLOCK)


def objects_of(git_dir: Path) -> str:
    return git(git_dir, "rev-list", "--all", "--objects", "--no-object-names")


@pytest.mark.parametrize("damage", DAMAGES)
def test_restore_gives_back_all_that_is_there_and_tells_of_the_damage(
    source: ScriptedSource, archive: Archive, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    harm(archive, damage)

    report = restored(archive, tmp_path / "out")

    assert report.restored == (PATH,)
    assert [problem.path for problem in report.problems] == [PATH]
    assert report.has_damage
    assert "shallow" in str(report.problems[0])
    assert refs_of(tmp_path / "out" / PATH) == refs_of(source.git_dir("100"))
    assert objects_of(tmp_path / "out" / PATH) == objects_of(source.git_dir("100"))
    git(tmp_path / "out" / PATH, "fsck", "--full")


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_it(archive: Archive, damage: Callable[[bytes], bytes]) -> None:
    harm(archive, damage)

    report = verified(archive)

    assert (ProblemKind.FILE, f"repositories/{PATH}/shallow") in [(one.kind, one.path) for one in report.problems]


@pytest.mark.parametrize("damage", MENDABLE)
def test_repair_writes_it_anew_although_the_source_is_gone(
    source: ScriptedSource, archive: Archive, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    before = boundary_of(archive).read_bytes()
    harm(archive, damage)

    report = verified(archive, repair=True)

    assert report.problems == ()
    assert f"repositories/{PATH}/shallow" in report.repaired
    assert boundary_of(archive).read_bytes() == before
    assert restored(archive, tmp_path / "out").problems == ()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("is_verified", [True, False])
def test_the_next_backup_that_looks_there_writes_it_anew(
    source: ScriptedSource, archive: Archive, damage: Callable[[bytes], bytes], is_verified: bool
) -> None:
    before = boundary_of(archive).read_bytes()
    harm(archive, damage)
    if is_verified:
        verified(archive)
    else:
        git(source.git_dir("100"), "tag", "moved", "main")

    back_up(source, archive)

    assert outcomes(archive, 2) == outcomes(archive, 1)
    assert boundary_of(archive).read_bytes() == before
    assert verified(archive).problems == ()


def test_repair_makes_no_end_of_what_is_lost(archive: Archive) -> None:
    """A line that names a lost commit is damaged for another reason, and excuses no child of that commit."""
    git_dir = mirror(archive, "100", run=1)
    for pack in (git_dir / "objects/pack").glob("*.pack"):
        content = pack.read_bytes()
        pack.unlink()
        pack.with_suffix(".idx").unlink()
        git(git_dir, "unpack-objects", "-q", text=content)
    lost = git(git_dir, "rev-parse", "topic~1")
    git_dir.joinpath("objects", lost[:2], lost[2:]).unlink()

    report = verified(archive, repair=True)

    assert {problem.kind for problem in report.problems} >= {ProblemKind.FILE, ProblemKind.OBJECT}
    assert f"repositories/{PATH}/shallow" not in report.repaired


def lose(archive: Archive) -> bytes:
    path = boundary_of(archive)
    content = path.read_bytes()
    path.unlink()
    return content


def test_restore_without_the_file_gives_back_all_that_is_there_and_tells_of_the_damage(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    lose(archive)

    report = restored(archive, tmp_path / "out")

    assert report.restored == (PATH,)
    assert report.has_damage
    assert "shallow is missing" in str(report.problems[0])
    assert refs_of(tmp_path / "out" / PATH) == refs_of(source.git_dir("100"))
    assert objects_of(tmp_path / "out" / PATH) == objects_of(source.git_dir("100"))
    git(tmp_path / "out" / PATH, "fsck", "--full")


def test_verify_names_the_missing_file_and_repair_writes_it_anew(archive: Archive) -> None:
    before = lose(archive)

    assert f"repositories/{PATH}/shallow" in [one.path for one in verified(archive).problems]
    report = verified(archive, repair=True)

    assert report.problems == ()
    assert f"repositories/{PATH}/shallow" in report.repaired
    assert boundary_of(archive).read_bytes() == before


@pytest.mark.parametrize("has_moved", [True, False])
def test_a_backup_without_the_file_and_without_a_verify_before_it_writes_it_anew(
    source: ScriptedSource, archive: Archive, has_moved: bool
) -> None:
    before = lose(archive)
    if has_moved:
        commit(source.git_dir("100"), "refs/heads/topic", {"new": "1"})

    back_up(source, archive)

    assert outcomes(archive, 2) == outcomes(archive, 1)
    assert boundary_of(archive).read_bytes() == before
    assert verified(archive).problems == ()


def test_what_only_the_archive_has_ends_where_it_ended_although_the_file_is_missing(
    source: ScriptedSource, archive: Archive
) -> None:
    git(source.git_dir("100"), "update-ref", "refs/heads/topic", "main")
    back_up(source, archive)
    lose(archive)

    back_up(source, archive)

    assert outcomes(archive, 3) == outcomes(archive, 1)
    assert verified(archive).problems == ()


def test_a_missing_file_is_written_anew_after_a_run_that_could_not_ask(
    source: ScriptedSource, archive: Archive
) -> None:
    before = lose(archive)
    whole = source.git_dir("100")
    whole.rename(whole.with_suffix(".away"))
    back_up(source, archive)
    assert outcomes(archive, 2) != outcomes(archive, 1)
    whole.with_suffix(".away").rename(whole)

    back_up(source, archive)

    assert outcomes(archive, 3) == outcomes(archive, 1)
    assert boundary_of(archive).read_bytes() == before
    assert verified(archive).problems == ()


def test_repair_makes_no_end_of_a_lost_commit_where_the_history_was_whole(tmp_path: Path) -> None:
    source = ScriptedSource(tmp_path / "source")
    whole = source.repository("api", source.project("shop"))
    for number in range(3):
        commit(whole, "refs/heads/main", {"file": f"{number}"})
    archive = open_archive(tmp_path / "archive")
    back_up(source, archive)
    git_dir = mirror(archive, "100", run=1)
    for pack in (git_dir / "objects/pack").glob("*.pack"):
        content = pack.read_bytes()
        pack.unlink()
        pack.with_suffix(".idx").unlink()
        git(git_dir, "unpack-objects", "-q", text=content)
    lost = git(git_dir, "rev-parse", "main~1")
    git_dir.joinpath("objects", lost[:2], lost[2:]).unlink()

    assert verified(archive, repair=True).problems != ()

    assert not boundary_of(archive).exists()
    assert restored(archive, tmp_path / "out").restored == ()

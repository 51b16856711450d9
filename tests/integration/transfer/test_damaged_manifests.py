"""A manifest that cannot be read counts as a run that was cut off: named, never touched, and in nobody's way."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.transfer.backup.status import archive_status
from matou.transfer.common.saved_repositories import RunState, runs, show
from matou.transfer.restore.command import restore
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind, VerifyReport
from support.scripted_source import (
    CLOCK,
    ScriptedSource,
    back_up,
    commit,
    mirror,
    outcomes,
    refs_of,
    repository_lines,
)


@pytest.fixture
def api(source: ScriptedSource) -> Path:
    """Its id is 100."""
    git_dir = source.repository("api", source.project("shop"))
    commit(git_dir, "refs/heads/main", {"README.md": "one\n"})
    return git_dir


def first_line_lost(text: bytes) -> bytes:
    return b"\0" * text.index(b"\n") + text[text.index(b"\n") :]


def middle_line_lost(text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join([lines[0], b"{}\n", *lines[2:]])


def end_lost(text: bytes) -> bytes:
    return text[:-20]


def empty(_: bytes) -> bytes:
    return b""


DAMAGES = [first_line_lost, middle_line_lost, end_lost, empty]


def damage_manifest(archive: Archive, run: int, damage: Callable[[bytes], bytes]) -> bytes:
    path = archive.manifest(run)
    path.write_bytes(damage(path.read_bytes()))
    return path.read_bytes()


def verified(archive: Archive) -> VerifyReport:
    return verify(archive, everything=True, jobs=1, now=CLOCK)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_backup_goes_on_from_the_last_manifest_that_can_be_read(
    source: ScriptedSource, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    back_up(source, archive)
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    back_up(source, archive)
    left = damage_manifest(archive, 2, damage)

    report = back_up(source, archive)

    assert report.run == 3
    assert report.everything_is_saved
    assert [note.what for note in report.notes] == ["runs/000002/manifest.jsonl"]
    assert "000002/manifest.jsonl" in str(report.notes[0].cause)
    assert archive.manifest(2).read_bytes() == left
    assert repository_lines(archive, 3)["100"].path == repository_lines(archive, 1)["100"].path
    assert refs_of(mirror(archive, "100", run=3)) == refs_of(api)
    problems = verified(archive).problems
    assert [(one.kind, one.path) for one in problems] == [(ProblemKind.MANIFEST, "runs/000002/manifest.jsonl")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_only_manifest_may_be_the_one_that_is_damaged(
    source: ScriptedSource, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    back_up(source, archive)
    place = mirror(archive, "100", run=1)
    damage_manifest(archive, 1, damage)

    report = back_up(source, archive)

    assert report.everything_is_saved
    assert outcomes(archive, 2) == {"100": "saved"}
    assert mirror(archive, "100", run=2) == place


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_told_until_a_run_has_ended_and_then_by_verify_alone(
    source: ScriptedSource, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    back_up(source, archive)
    damage_manifest(archive, 1, damage)
    back_up(source, archive)

    report = back_up(source, archive)

    assert report.notes == ()
    assert outcomes(archive, 3) == {"100": "unchanged"}
    assert [one.kind for one in verified(archive).problems] == [ProblemKind.MANIFEST]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_tip_that_only_the_damaged_run_kept_is_kept_on(
    source: ScriptedSource, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    back_up(source, archive)
    api.joinpath("refs/heads/main").unlink()
    commit(api, "refs/heads/main", {"README.md": "from the beginning\n"})
    back_up(source, archive)
    kept = repository_lines(archive, 2)["100"].kept
    damage_manifest(archive, 2, damage)

    back_up(source, archive)

    assert kept == ("refs/matou/kept/000002/heads/main",)
    assert repository_lines(archive, 3)["100"].kept == kept


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_source_of_its_own_saved_stays_its_own(
    source: ScriptedSource, tmp_path: Path, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Another source's manifest is no obstacle, and its places are not given away."""
    other = ScriptedSource(tmp_path / "other", url="https://other.example/open-api")
    commit(other.repository("api", other.project("shop")), "refs/heads/main", {"README.md": "other\n"})
    back_up(other, archive)
    theirs = mirror(archive, "100", run=1)
    before = refs_of(theirs)
    damage_manifest(archive, 1, damage)

    back_up(source, archive)

    assert mirror(archive, "100", run=2) != theirs
    assert refs_of(theirs) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_saved_before_it_is_shown_and_given_back_and_the_damage_told(
    source: ScriptedSource, tmp_path: Path, archive: Archive, api: Path, damage: Callable[[bytes], bytes]
) -> None:
    back_up(source, archive)
    saved = refs_of(api)
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    back_up(source, archive)
    damage_manifest(archive, 2, damage)

    shown = show(archive)
    restored = restore(archive, to=tmp_path / "restored", now=CLOCK)
    state = archive_status(archive)

    assert [one.refs.refs for one in shown.repositories if one.refs] == [saved]
    assert [one.run for one in shown.unread] == [2]
    assert restored.restored == ("team/shop/api.git",)
    assert refs_of(tmp_path / "restored/team/shop/api.git") == saved
    assert [problem.path for problem in restored.problems] == ["runs/000002/manifest.jsonl"]
    assert restored.has_damage
    assert [one.run for one in state.sources] == [1]
    assert [(one.run, one.fault is not None) for one in state.cut_off] == [(2, True)]
    assert [run.state.value for run in runs(archive)] == ["ended", "damaged"]


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_places_of_a_run_that_was_cut_off_stop_nobody_when_they_are_damaged(
    source: ScriptedSource, archive: Archive, api: Path, damaged: int
) -> None:
    """It was exit 5 for ever, with nothing that a person could do about it."""
    back_up(source, archive)
    archive.manifest(1).unlink()
    place = mirror_of(archive)
    places = archive.places(1)
    lines = places.read_bytes().splitlines(keepends=True)
    places.write_bytes(b"".join([*lines[:damaged], b"\0\xff" + lines[damaged][2:], *lines[damaged + 1 :]]))

    report = back_up(source, archive)

    assert report.everything_is_saved
    assert [note.what for note in report.notes] == ["runs/000001/places.jsonl"]
    assert refs_of(mirror(archive, "100", run=2)) == refs_of(api)
    assert place.is_dir()
    assert back_up(source, archive).notes == ()


def emptied(git_dir: Path) -> None:
    shutil.rmtree(git_dir)
    git_dir.mkdir()


def left_with_its_head_alone(git_dir: Path) -> None:
    emptied(git_dir)
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")


def made_a_file(git_dir: Path) -> None:
    shutil.rmtree(git_dir)
    git_dir.write_text("a file\n")


def with_a_folder_for_its_head(git_dir: Path) -> None:
    (git_dir / "HEAD").unlink()
    (git_dir / "HEAD").mkdir()


@pytest.mark.parametrize(
    ("damage", "outcome"),
    [
        (emptied, "saved"),
        (left_with_its_head_alone, "failed"),
        (made_a_file, "failed"),
        (with_a_folder_for_its_head, "failed"),
    ],
)
def test_a_mirror_that_is_none_any_more_stops_no_other(
    source: ScriptedSource, archive: Archive, api: Path, damage: Callable[[Path], None], outcome: str
) -> None:
    """Each of them ended the run, and every run after it, for the whole team."""
    other = source.repository("other", source.projects[0])
    commit(other, "refs/heads/main", {"README.md": "one\n"})
    back_up(source, archive)
    damage(mirror(archive, "100", run=1))
    commit(other, "refs/heads/main", {"README.md": "two\n"})
    commit(api, "refs/heads/main", {"README.md": "two\n"})

    back_up(source, archive)

    assert outcomes(archive, 2) == {"100": outcome, "101": "saved"}


def test_a_pipe_in_place_of_a_manifest_keeps_nobody_waiting(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    back_up(source, archive)
    archive.manifest(2).unlink()
    os.mkfifo(archive.manifest(2))

    assert [run.state for run in runs(archive)] == [RunState.ENDED, RunState.INTERRUPTED]
    assert back_up(source, archive).everything_is_saved
    assert verified(archive).problems == ()


def mirror_of(archive: Archive) -> Path:
    (found,) = archive.repositories.rglob("api.git")
    return found

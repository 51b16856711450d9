"""A writer of metadata that is killed, at whatever moment, leaves the state before it or the new one, whole."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.archive.metadata import MetadataWriter, open_metadata
from matou.git.repository import packs
from matou.model.metadata.kinds import ISSUE
from support.git_repositories import assert_sound, git
from support.metadata_items import issue, writer

NAMING = ("rename", "replace", "link", "unlink", "mkdir")


def write(git_dir: Path, run: int) -> None:
    with writer(git_dir, run) as metadata:
        for number in range(1, 30):
            metadata.put(ISSUE, issue(str(number), f"run {run}"))
        metadata.commit()


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Whether a child that does the work was killed right before its so-manieth call that names or removes a file."""
    child = os.fork()
    if child == 0:
        try:
            _strike(number)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _strike(number: int) -> None:
    left = [number]
    for name in NAMING:
        setattr(os, name, _striking(getattr(os, name), left))


def _striking(call: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def struck(*arguments: object, **options: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)

    return struck


@pytest.mark.parametrize("runs_before", [0, 1])
def test_a_writer_killed_at_any_step_leaves_one_state_or_the_other(tmp_path: Path, runs_before: int) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for run in range(1, runs_before + 1):
        write(before / "api.git", run)
    strikes, was_killed = 0, True
    for number in range(1, 200):
        folder = tmp_path / str(number)
        shutil.copytree(before, folder)
        was_killed = killed_at(number, lambda folder=folder: write(folder / "api.git", runs_before + 1))  # type: ignore[misc]
        assert_one_state(folder / "api.git", runs_before)
        write(folder / "api.git", runs_before + 2)
        assert_sound(folder / "api.git")
        assert list(folder.glob("api.git/objects/tmp_*")) == []
        assert git(folder / "api.git", "show", "main:issues/0000/1.json").count(f"run {runs_before + 2}") == 1
        strikes += was_killed
        if not was_killed:
            break

    assert strikes > 5
    assert not was_killed


def assert_one_state(git_dir: Path, runs_before: int) -> None:
    if runs_before == 0 and not git_dir.exists():
        return
    assert_sound(git_dir)
    found = {getattr(one, "title", "") for one in open_metadata(git_dir).items(ISSUE)}
    assert found in ({f"run {runs_before}"}, {f"run {runs_before + 1}"})
    assert packs(git_dir)


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path / "api.git", 1)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    with pytest.raises(RuntimeError, match="the source broke off"), writer(tmp_path / "api.git", 2) as metadata:
        put_and_fail(metadata)

    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def put_and_fail(metadata: MetadataWriter) -> None:
    metadata.put(ISSUE, issue("1", "half"))
    message = "the source broke off"
    raise RuntimeError(message)

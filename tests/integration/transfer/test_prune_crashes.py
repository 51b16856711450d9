"""A prune that dies at any change to a name leaves a whole archive, and the next one ends where it would have ended."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matou.archive.forgotten import ForgottenRun, write_forgotten
from matou.archive.layout import Archive
from matou.archive.run_history import digest_of_file
from matou.transfer.restore.command import restore
from matou.transfer.room.prune import prune
from matou.transfer.verify.command import verify
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive, refs_of

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MAIN = "refs/heads/main"
CALLS = ("unlink", "rename", "replace", "link", "mkdir", "rmdir", "fsync")
EVERY_SO_MANY = 16


def prune_until(root: Path, number: int) -> int:
    """Prune in a child that dies before the call of that number; how many calls it came to, where it lived."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            count = _counting(number)
            prune(Archive.open(root), now=NOW, mentions=lambda: ())
            os.write(writing, str(next(count)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return int(said.read() or 0)


def _counting(number: int) -> Iterator[int]:
    calls = iter(range(10**6))
    for name in CALLS:
        setattr(os, name, _dying(getattr(os, name), calls, number))
    return calls


def _dying(call: Callable[..., Any], calls: Iterator[int], number: int) -> Callable[..., Any]:
    def counted(*arguments: Any, **more: Any) -> Any:
        if next(calls) == number:
            os._exit(9)
        return call(*arguments, **more)

    return counted


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Four runs of a repository that was rewritten before each; the first two are forgotten."""
    source, archive = ScriptedSource(tmp_path / "source"), open_archive(tmp_path / "archive")
    folder = source.repository("api", source.project("shop"))
    for run in range(1, 5):
        git(folder, "update-ref", "-d", MAIN)
        commit(folder, MAIN, {"file": str(run)}, message=str(run))
        back_up(source, archive)
    write_forgotten(
        archive,
        [
            ForgottenRun(at=NOW, run=run, sha256=digest_of_file(archive.manifest(run)), policy="a test")
            for run in (1, 2)
        ],
    )
    return archive


def state_of(root: Path) -> object:
    git_dir = root / "repositories/team/shop/api.git"
    objects = git(git_dir, "cat-file", "--batch-all-objects", "--batch-check").splitlines()
    return refs_of(git_dir), sorted(objects), sorted(path.name for path in (root / "blobs").rglob("*"))


def check_every(archive: Archive, tmp_path: Path, *, first: int, step: int) -> None:
    finished = Path(shutil.copytree(archive.root, tmp_path / "finished"))
    calls = prune_until(finished, -1)
    expected = state_of(finished)
    assert calls > EVERY_SO_MANY
    assert expected != state_of(archive.root)

    for number in range(first, calls, step):
        root = Path(shutil.copytree(archive.root, tmp_path / f"cut-{number}"))
        assert prune_until(root, number) == 0
        cut = Archive.open(root)
        report = verify(cut, everything=True, jobs=1, now=NOW)
        assert report.is_whole, (number, [(one.path, str(one.detail)) for one in report.problems])
        assert restore(cut, to=tmp_path / f"restored-{number}", at=3, now=NOW).problems == ()
        prune_until(root, -1)
        assert state_of(root) == expected, number
        shutil.rmtree(root)


def test_a_prune_that_dies_now_and_then_can_be_finished(archive: Archive, tmp_path: Path) -> None:
    check_every(archive, tmp_path, first=EVERY_SO_MANY // 2, step=EVERY_SO_MANY)


@pytest.mark.soak
def test_a_prune_that_dies_at_any_change_can_be_finished(archive: Archive, tmp_path: Path) -> None:
    check_every(archive, tmp_path, first=0, step=1)

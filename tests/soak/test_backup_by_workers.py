"""Two hundred repositories, saved by four workers of which one is killed every few seconds."""

import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from support.plain_git_server import running_plain_git_server
from support.program import Person
from support.scripted_source import commit, open_archive
from support.worker_backups import back_up, configured, fill, start_worker

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

REPOSITORIES = 200
WORKERS = 4
DIES_EVERY = timedelta(seconds=4)


@contextmanager
def dying_workers(person: Person, archive: Path, config: Path) -> Iterator[list[int]]:
    """Gives how the dead ended."""
    stop, dead = threading.Event(), list[int]()

    def go_on() -> None:
        running = deque(start_worker(person, archive, config) for _ in range(WORKERS))
        while not stop.wait(DIES_EVERY.total_seconds()):
            oldest = running.popleft()
            oldest.kill()
            oldest.communicate()
            dead.append(oldest.returncode)
            running.append(start_worker(person, archive, config))
        for one in running:
            one.kill()
            one.communicate()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield dead
    finally:
        stop.set()
        thread.join()


def test_a_run_is_published_once_and_each_repository_is_whole(person: Person, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with running_plain_git_server() as server:
        fill(server, tmp_path, REPOSITORIES)
        config = configured(tmp_path / "configuration", server, archive)
        open_archive(archive)
        for number in range(REPOSITORIES):
            commit(tmp_path / f"boat-{number}.git", "refs/heads/main", {"own": f"{number}"})
        with dying_workers(person, archive, config) as dead:
            first = back_up(person, config, "--by-workers")
            for number in range(0, REPOSITORIES, 2):
                commit(tmp_path / f"boat-{number}.git", "refs/heads/main", {"again": f"{number}"})
            second = back_up(person, config, "--by-workers")

    print(f"{len(dead)} workers died")
    assert first["outcomes"] == {"saved": REPOSITORIES}
    assert second["outcomes"] == {"saved": REPOSITORIES // 2, "unchanged": REPOSITORIES // 2}
    assert (first["notes"], second["notes"]) == ([], [])
    assert [path.parent.name for path in sorted(archive.glob("runs/*/manifest.jsonl"))] == ["000001", "000002"]
    assert set(dead) == {-signal.SIGKILL}
    person.matou("verify", archive)

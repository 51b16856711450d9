"""`matou jobs` and `matou worker --root`: what a server has to do is seen, steered and done without the server."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from matou.db.engine import open_database
from matou.jobs.local_queue import LocalQueue
from matou.model.jobs import JobId, JobState, NewJob, TaskName
from support.program import Person


@pytest.fixture
def queue(root: Path) -> Iterator[LocalQueue]:
    database = open_database(root / "matou.db")
    yield LocalQueue(database)
    database.close()


def enqueue(queue: LocalQueue, number: int, *, wait: timedelta = timedelta()) -> str:
    job_id = queue.enqueue(NewJob(TaskName.PACK_LOOSE_OBJECTS, {"repository": number}, lock=f"{number}", wait=wait))
    return str(job_id)


def state(queue: LocalQueue, job_id: str) -> JobState:
    return queue.find(JobId(int(job_id))).state


def test_jobs_are_listed_cancelled_tried_again_and_done(person: Person, root: Path, queue: LocalQueue) -> None:
    first, later = enqueue(queue, 10**6), enqueue(queue, 10**6 + 1, wait=timedelta(hours=1))

    table = person.matou("jobs", "list", "--root", root).out
    shown = json.loads(person.matou("jobs", "show", later, "--json", "--root", root).out)
    person.matou("jobs", "cancel", first, "--root", root)
    cancelled = state(queue, first)
    person.matou("jobs", "retry", first, "--root", root)
    person.matou("worker", "--root", root, "--jobs", "3", "--once")

    assert "pack-loose-objects" in table
    assert "repository=1000000" in table
    assert (shown["state"], shown["attempts"], shown["lock"], shown["fault"]) == ("waiting", 0, "1000001", None)
    assert 3000 < shown["wait_seconds"] <= 3600
    assert (cancelled, state(queue, first)) == (JobState.CANCELLED, JobState.DONE)
    assert state(queue, later) is JobState.WAITING


def test_a_worker_works_until_a_signal_ends_it(person: Person, root: Path, queue: LocalQueue) -> None:
    pause, first = threading.Event(), enqueue(queue, 10**6)
    worker = person.start("worker", "--root", root)
    while state(queue, first) is not JobState.DONE:
        pause.wait(0.1)

    worker.terminate()
    _, said = worker.communicate()

    assert (worker.returncode, said.splitlines()[-1]) == (0, "the worker has stopped")


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (("jobs", "show", "77", "--root"), "there is no job 77"),
        (("jobs", "retry", "77", "--root"), "there is no job 77"),
        (("jobs", "cancel", "77", "--root"), "there is no job 77"),
    ],
)
def test_what_cannot_be_done_is_said(person: Person, root: Path, words: tuple[str, ...], fact: str) -> None:
    assert fact in person.matou(*words, root, code=2).err


def test_how_many_at_once_is_not_said_for_nobody(person: Person) -> None:
    assert "--jobs is said without --root" in person.matou("worker", "--jobs", "2", code=2).err


def test_what_can_be_listed_is_told_in_chinese_too(person: Person, root: Path, queue: LocalQueue) -> None:
    enqueue(queue, 10**6)

    table = person.matou("jobs", "list", "--root", root, LC_ALL="zh_CN.UTF-8").out

    assert table.splitlines()[0].split()[:2] == ["编号", "任务"]

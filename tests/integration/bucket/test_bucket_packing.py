"""Packs in a bucket are merged, what nobody needs goes, and what is lost is told."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.forge import Forge
from matou.forge.maintenance import bucket_packing
from matou.forge.maintenance.bucket_packing import RecentSweep, repack, sweep
from matou.forge.maintenance.check import FindingKind, check
from matou.forge.push import bucket_commit
from matou.forge.repositories.bucket_repositories import BucketRepositories, MovedElsewhere
from matou.forge.repositories.repository_lists import find_repository
from matou.jobs.queue import LeaseLost, RunningJob
from matou.model.jobs import JobPriority, JobState, Lease, NewJob
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from matou.tasks.upkeep import merge_bucket_packs
from support.bucket_forges import Pusher, UnreliableStore, objects_of, refs_at
from support.clocks import Clock
from support.deciding import (
    delete_repository,
)
from support.done_jobs import do_jobs
from support.file_editor import FileEditor
from support.git_repositories import tip_of

MAIN = RefName("refs/heads/main")


def test_many_packs_become_few_without_losing_an_object_and_the_old_ones_go_a_day_later(
    one: Forge, other: Forge, ship: Repository, anna: User, bucket: UnreliableStore, clock: Clock
) -> None:
    editor = FileEditor(one, ship, Identity(anna, ALL_SCOPES))
    for number in range(5):
        editor.create(f"file{number}")
    before = objects_of(one, ship)
    refs_at(other, ship)
    assert one.bucket is not None

    assert repack(one.bucket, ship)
    assert not repack(one.bucket, ship)

    assert len(list(bucket.root.rglob("*.pack"))) == 6
    assert sweep(one.bucket) == 0
    clock.advance(timedelta(days=2))
    assert sweep(one.bucket) > 0
    assert len(list(bucket.root.rglob("*.pack"))) == 1
    assert objects_of(other, ship) == objects_of(one, ship) == before
    FileEditor(other, find_repository(other, ship.path), editor.identity).create("more")
    assert len(objects_of(one, ship)) == len(before) + 2


def test_of_two_who_merge_packs_at_once_one_does_it(
    one: Forge, other: Forge, ship: Repository, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = FileEditor(one, ship, Identity(anna, ALL_SCOPES))
    for number in range(3):
        editor.create(f"file{number}")
    before = objects_of(one, ship)
    upload = BucketRepositories.upload
    first = iter([other])

    def overtaken(bucket: BucketRepositories, *args: Any) -> object:
        for another in first:
            assert another.bucket is not None
            assert repack(another.bucket, ship)
        return upload(bucket, *args)

    monkeypatch.setattr(BucketRepositories, "upload", overtaken)
    assert one.bucket is not None
    with pytest.raises(MovedElsewhere):
        repack(one.bucket, ship)

    assert objects_of(other, ship) == objects_of(one, ship) == before


def test_what_was_uploaded_for_nothing_goes_and_what_is_deleted_goes_with_it(
    one: Forge, ship: Repository, pusher: Pusher, anna: User, bucket: UnreliableStore, clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tip = ObjectId(tip_of(pusher.origin, "main"))
    with monkeypatch.context() as patched:
        patched.setattr(bucket_commit.BucketCommit, "record", fails)
        with pytest.raises(RuntimeError):
            pusher.push(one, ship, RefChange(MAIN, None, tip))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    assert one.bucket is not None
    assert len(list(bucket.root.rglob("*.pack"))) == 2

    clock.advance(timedelta(days=2))
    sweep(one.bucket)
    assert len(list(bucket.root.rglob("*.pack"))) == 1
    assert refs_at(one, ship) == {MAIN: tip}
    assert check(one) == ()

    delete_repository(one, Identity(anna, ALL_SCOPES), ship)
    sweep(one.bucket)
    clock.advance(timedelta(days=2))
    sweep(one.bucket)
    assert list(bucket.root.rglob("*.pack")) == []


def test_check_names_what_the_bucket_has_lost(
    one: Forge, ship: Repository, pusher: Pusher, bucket: UnreliableStore
) -> None:
    pusher.push(one, ship, RefChange(MAIN, None, ObjectId(tip_of(pusher.origin, "main"))))
    next(bucket.root.rglob("*.pack")).unlink()

    (finding,) = check(one)

    assert finding.kind is FindingKind.FILE_MISSING


def test_a_push_has_done_what_is_due_by_whichever_machine_does_jobs(
    one: Forge, other: Forge, ship: Repository, anna: User, bucket: UnreliableStore, clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    editor, due = FileEditor(one, ship, Identity(anna, ALL_SCOPES)), iter([True])
    for number in range(5):
        editor.create(f"file{number}")
    before, size = objects_of(one, ship), find_repository(one, ship.path).size_bytes
    monkeypatch.setattr(bucket_packing, "has_many_packs", lambda _: True)
    monkeypatch.setattr(RecentSweep, "is_due", lambda *_: next(due, False))

    editor.create("last")
    editor.create("and another")
    waiting = one.queue.list({JobState.WAITING})
    do_jobs(other)

    assert sorted(job.task for job in waiting) == ["merge-bucket-packs", "sweep-bucket"]
    assert max(job.priority for job in waiting) < JobPriority.PEOPLE
    assert {job.state for job in one.queue.list(frozenset(JobState))} == {JobState.DONE}
    assert set(before) < set(objects_of(one, ship))
    assert find_repository(one, ship.path).size_bytes < size
    clock.advance(timedelta(days=2))
    assert sweep(other.bucket) > 0 if other.bucket else False
    assert len(list(bucket.root.rglob("*.pack"))) == 1


def test_a_worker_that_slept_through_its_lease_changes_no_list(one: Forge, ship: Repository, anna: User) -> None:
    editor = FileEditor(one, ship, Identity(anna, ALL_SCOPES))
    for number in range(3):
        editor.create(f"file{number}")
    job = one.queue.enqueue(NewJob("merge-bucket-packs", {"repository": ship.id}))
    assert job is not None
    slept = RunningJob(one.queue.find(job), Lease(job, "0", 1), one.queue, threading.Event(), False)
    before = find_repository(one, ship.path)

    with pytest.raises(LeaseLost):
        merge_bucket_packs(one, slept)

    assert find_repository(one, ship.path) == before


def fails(*_: object) -> None:
    raise RuntimeError

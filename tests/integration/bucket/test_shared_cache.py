"""Processes of one machine share the folder that is its cache, and what one leaves half done misleads no other."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from matou.archive import bucket_folders
from matou.archive.bucket_packs import PARTIAL_PREFIX
from matou.archive.repository_cache import RepositoryCache
from matou.db import bucket_repositories as rows
from matou.db.engine import Connection, Database, OutcomeUnknown
from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.maintenance.bucket_packing import repack, sweep
from matou.forge.push import bucket_commit, pushes
from matou.forge.repositories.bucket_repositories import BucketRepositories
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from support.bucket_forges import Machines, Pusher, UnreliableStore, refs_at
from support.clocks import Clock
from support.git_repositories import git, tip_of

MAIN, NEXT = RefName("refs/heads/main"), RefName("refs/heads/next")


@pytest.fixture
def pushed(one: Forge, ship: Repository, pusher: Pusher) -> Repository:
    older = ObjectId(tip_of(pusher.origin, "main~1"))
    pusher.push(one, ship, RefChange(MAIN, None, older))
    return find_repository(one, ship.path)


@pytest.fixture
def step(pusher: Pusher) -> RefChange:
    return RefChange(MAIN, ObjectId(tip_of(pusher.origin, "main~1")), ObjectId(tip_of(pusher.origin, "main")))


def packs_at(forge: Forge, repository: Repository) -> set[str]:
    return {path.name for path in (forge.folder(repository) / "objects/pack").iterdir()}


def make_unused(forge: Forge, repository: Repository, clock: Clock) -> Path:
    git_dir = forge.folder(repository)
    os.utime(git_dir.with_suffix(".lock"), ((clock() - timedelta(hours=2)).timestamp(),) * 2)
    return git_dir


def bucket_of(forge: Forge) -> BucketRepositories:
    assert forge.bucket is not None
    return forge.bucket


def test_what_another_process_took_away_or_doubts_is_not_taken_for_there(
    made: Machines, one: Forge, pushed: Repository, clock: Clock
) -> None:
    beside = made.beside(one)
    assert one.git_dir_at_hand(pushed) is not None
    git_dir = make_unused(one, pushed, clock)

    assert bucket_of(beside).cache.shrink(1) > 0
    assert one.git_dir_at_hand(pushed) is None
    assert one.git_dir(pushed) == git_dir
    assert one.git_dir_at_hand(pushed) == git_dir

    bucket_of(beside).doubt(pushed.storage_key or "")
    assert one.git_dir_at_hand(pushed) is None


def test_what_somebody_begins_to_use_as_it_is_taken_away_stays(
    made: Machines, one: Forge, pushed: Repository, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, git_dir = made.beside(one), make_unused(one, pushed, clock)
    found = RepositoryCache._found

    def found_and_used(cache: RepositoryCache) -> object:
        all_found = list(found(cache))
        one.git_dir(pushed)
        return all_found

    monkeypatch.setattr(RepositoryCache, "_found", found_and_used)
    bucket_of(one)._present.clear()

    assert bucket_of(beside).cache.shrink(1) == 0

    assert one.git_dir_at_hand(pushed) == git_dir or one.git_dir(pushed) == git_dir
    assert git_dir.is_dir()


def test_nothing_of_a_push_is_in_the_folder_before_the_database_has_it(
    one: Forge, other: Forge, pushed: Repository, pusher: Pusher, step: RefChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what others write meanwhile might leave out objects that no other machine ever gets."""
    record, before, seen = bucket_commit.BucketCommit.record, packs_at(one, pushed), []

    def looked_at(commit: bucket_commit.BucketCommit, connection: Connection, row: Repository) -> object:
        seen.append(packs_at(one, pushed))
        return record(commit, connection, row)

    monkeypatch.setattr(bucket_commit.BucketCommit, "record", looked_at)
    pusher.push(one, pushed, step)

    assert seen == [before]
    assert before < packs_at(one, pushed)
    assert refs_at(other, pushed) == {MAIN: step.new}


@pytest.mark.parametrize("has_it", [False, True])
def test_where_nobody_knows_what_the_database_did_its_row_says_so(
    one: Forge, other: Forge, pushed: Repository, pusher: Pusher, step: RefChange, has_it: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The connection is cut in the middle of COMMIT."""
    unknown = OutcomeUnknown("the database went away")
    before = packs_at(one, pushed)

    def cut_off(*_: object) -> None:
        raise unknown

    with monkeypatch.context() as patched:
        # Behind the commit, or before it.
        patched.setattr(bucket_commit.BucketCommit, "follow", cut_off)
        if not has_it:
            patched.setattr(pushes, "record_event", cut_off)
        with pytest.raises(OutcomeUnknown):
            pusher.push(one, pushed, step)

    assert packs_at(one, pushed) == before
    expected = {MAIN: step.new if has_it else step.old}
    assert refs_at(one, pushed) == refs_at(other, pushed) == expected
    if not has_it:
        assert pusher.push(one, pushed, step).refused == {}
    for forge in (one, other):
        assert refs_at(forge, pushed) == {MAIN: step.new}
        git(forge.folder(pushed), "fsck", "--connectivity-only")


def test_what_a_killed_process_was_fetching_is_fetched_anew(other: Forge, pushed: Repository, one: Forge) -> None:
    folder = bucket_of(other).cache.begin(pushed.storage_key or "", object_format="sha1") / "objects/pack"
    for name in packs_at(one, pushed):
        (folder / f"{PARTIAL_PREFIX}{name}").write_bytes(b"half of it")

    assert refs_at(other, pushed) == refs_at(one, pushed)

    assert packs_at(other, pushed) == packs_at(one, pushed)


def test_a_state_is_of_one_generation_whoever_writes_meanwhile(
    one: Forge, other: Forge, pushed: Repository, pusher: Pusher, step: RefChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, others = rows._generation, iter([step])

    def overtaken(connection: Connection, key: str) -> int | None:
        generation = read(connection, key)
        for change in others:
            pusher.push(one, pushed, change)
        return generation

    monkeypatch.setattr(rows, "_generation", overtaken)
    with bucket_of(other).database.begin_read() as connection:
        state = rows.read_state(connection, pushed.storage_key or "")

    assert state is not None
    assert (state.generation, [ref.target for ref in state.refs]) == (pushed.generation, [step.old])


def test_packs_that_a_clock_ahead_deleted_as_they_were_fetched_are_those_of_an_older_list(
    one: Forge, other: Forge, pushed: Repository, pusher: Pusher, step: RefChange, bucket: UnreliableStore,
    clock: Clock, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pusher.push(one, pushed, step)
    state, due = bucket_folders._state, iter([True])

    def merged_and_swept(database: Database, key: str) -> object:
        read = state(database, key)
        if next(due, False):
            assert repack(bucket_of(one), pushed)
            clock.advance(timedelta(days=2))
            assert sweep(bucket_of(one)) > 0
        return read

    monkeypatch.setattr(bucket_folders, "_state", merged_and_swept)

    assert refs_at(other, pushed) == {MAIN: step.new}
    git(other.folder(pushed), "fsck", "--connectivity-only")
    assert len(list(bucket.root.rglob("*.pack"))) == 1

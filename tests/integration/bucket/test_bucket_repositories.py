"""Repositories in a bucket, as two machines see them that share it and a database, and nothing else."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from matou.archive.cached_blobs import DamagedInBucket
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import TryLater
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.content.ref_updates import RefChanged
from matou.forge.forge import Forge
from matou.forge.push import bucket_commit
from matou.forge.push.push_transaction import PushTransaction
from matou.forge.repositories.bucket_repositories import ForeignDatabase
from matou.forge.repositories.repository_lists import find_repository
from matou.git.odb.incoming_pack import IncomingPack
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefChange
from support.bucket_forges import Machines, Pusher, UnreliableStore, machines, refs_at
from support.clocks import Clock
from support.deciding import (
    apply_push,
    create_branch,
    create_repository,
    delete_repository,
    rename_repository,
    set_default_branch,
    update_refs,
)
from support.file_editor import FileEditor
from support.git_repositories import git, refs_of, tip_of

MAIN = RefName("refs/heads/main")


def test_what_is_pushed_at_one_machine_is_at_the_other_at_once_and_whole(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    assert refs_at(other, ship) == {}

    assert pusher.push(one, ship, RefChange(MAIN, None, tip)).refused == {}

    assert refs_at(other, ship) == refs_at(one, ship) == {MAIN: tip}
    git(other.git_dir(find_repository(other, ship.path)), "fsck", "--strict", "--connectivity-only")
    assert find_repository(other, ship.path).default_branch == "main"


def test_files_written_at_both_machines_in_turn_make_one_history(
    one: Forge, other: Forge, ship: Repository, anna: User
) -> None:
    first = FileEditor(one, ship, Identity(anna, ALL_SCOPES))
    first.create("README.md", b"one\n")
    now = find_repository(other, ship.path)
    second = FileEditor(other, now, Identity(anna, ALL_SCOPES))
    second.update("README.md", b"two\n", second.blob("README.md"))
    third = FileEditor(one, find_repository(one, ship.path), Identity(anna, ALL_SCOPES))
    third.create("more.txt")

    assert git(one.git_dir(find_repository(one, ship.path)), "rev-list", "--count", "main") == "3"
    assert refs_at(one, ship) == refs_at(other, ship)


def test_of_two_pushes_of_one_ref_exactly_one_wins(one: Forge, other: Forge, ship: Repository, pusher: Pusher) -> None:
    tip, older = ObjectId(tip_of(pusher.origin, "main")), ObjectId(tip_of(pusher.origin, "main~1"))
    stale = find_repository(other, ship.path)
    other.git_dir(stale)
    assert pusher.push(one, ship, RefChange(MAIN, None, tip)).refused == {}

    with IncomingPack(other.git_dir(stale)) as pack:
        git(pusher.origin, "pack-objects", "--revs", "-q", str(pack.folder / "pack/pack"), input=older.encode())
        late = PushTransaction([RefChange(MAIN, None, older)])
        apply_push(other, Identity(pusher.user, ALL_SCOPES), stale, late, pack, is_shallow=False)

    assert late.refused == {MAIN: "reference already exists"}
    assert refs_at(one, ship) == refs_at(other, ship) == {MAIN: tip}


def test_a_change_of_another_ref_that_was_too_late_is_judged_anew_and_made(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    record = bucket_commit.BucketCommit.record
    others = iter([RefChange(RefName("refs/heads/quick"), None, tip)])

    def after_another(commit: bucket_commit.BucketCommit, *args: object) -> object:
        return record(commit, *args)  # type: ignore[arg-type]

    upload = bucket_commit.BucketCommit.upload

    def overtaken(commit: bucket_commit.BucketCommit) -> None:
        for change in others:
            pusher.push(other, ship, change)
        upload(commit)

    monkeypatch.setattr(bucket_commit.BucketCommit, "upload", overtaken)
    assert pusher.push(one, ship, RefChange(RefName("refs/heads/slow"), None, tip)).refused == {}

    assert set(refs_at(one, ship)) == {MAIN, "refs/heads/quick", "refs/heads/slow"} == set(refs_at(other, ship))


def test_an_api_change_of_what_another_machine_has_moved_is_refused(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, anna: User
) -> None:
    tip, older = ObjectId(tip_of(pusher.origin, "main")), ObjectId(tip_of(pusher.origin, "main~1"))
    pusher.push(one, ship, RefChange(MAIN, None, older))
    seen = find_repository(other, ship.path)
    other.git_dir(seen)
    pusher.push(one, ship, RefChange(MAIN, older, tip))

    with pytest.raises(RefChanged):
        update_refs(other, Identity(anna, ALL_SCOPES), seen, [RefChange(MAIN, older, older)])
    assert refs_at(other, ship) == {MAIN: tip}


def test_a_process_that_dies_before_its_transaction_has_changed_nothing(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip, older = ObjectId(tip_of(pusher.origin, "main")), ObjectId(tip_of(pusher.origin, "main~1"))
    pusher.push(one, ship, RefChange(MAIN, None, older))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(bucket_commit.BucketCommit, "record", die)
        with pytest.raises(Killed):
            pusher.push(one, ship, RefChange(MAIN, older, tip))

    assert refs_at(one, ship) == refs_at(other, ship) == {MAIN: older}
    assert pusher.push(other, ship, RefChange(MAIN, older, tip)).refused == {}
    assert refs_at(one, ship) == {MAIN: tip}


def test_a_process_that_dies_behind_its_transaction_has_lost_nothing(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(bucket_commit.BucketCommit, "follow", die)
        with pytest.raises(Killed):
            pusher.push(one, ship, RefChange(MAIN, None, tip))

    assert refs_at(other, ship) == refs_at(one, ship) == {MAIN: tip}
    git(one.git_dir(find_repository(one, ship.path)), "fsck", "--connectivity-only")


@pytest.mark.parametrize("ending", [".pack", ".idx"])
def test_what_is_cut_or_changed_in_the_bucket_is_told_and_not_used(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, bucket: UnreliableStore, ending: str
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    file = next(path for path in bucket.root.rglob(f"pack-*{ending}"))
    content = file.read_bytes()
    file.chmod(0o644)

    for damaged in (content[:-30], content[:-1] + b"!"):
        file.write_bytes(damaged)
        with pytest.raises(DamagedInBucket):
            refs_at(other, ship)
    file.unlink()
    with pytest.raises(DamagedInBucket):
        refs_at(other, ship)
    assert refs_at(one, ship) == {MAIN: tip}

    file.write_bytes(content)
    assert refs_at(other, ship) == {MAIN: tip}


def test_while_the_bucket_is_away_what_is_here_is_read_and_nothing_is_written(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, bucket: UnreliableStore, anna: User
) -> None:
    tip, older = ObjectId(tip_of(pusher.origin, "main")), ObjectId(tip_of(pusher.origin, "main~1"))
    pusher.push(one, ship, RefChange(MAIN, None, older))

    bucket.is_away = True
    assert refs_at(one, ship) == {MAIN: older}
    with pytest.raises(TryLater, match="away"):
        refs_at(other, ship)
    with pytest.raises(TryLater, match="away"):
        pusher.push(one, ship, RefChange(MAIN, older, tip))
    editor = FileEditor(one, find_repository(one, ship.path), Identity(anna, ALL_SCOPES))
    with pytest.raises(TryLater, match="away"):
        editor.create("new.txt")

    bucket.is_away = False
    assert refs_at(one, ship) == refs_at(other, ship) == {MAIN: older}
    assert pusher.push(other, ship, RefChange(MAIN, older, tip)).refused == {}


def test_what_was_taken_out_of_the_cache_comes_back(
    made: Machines, one: Forge, ship: Repository, pusher: Pusher, clock: Clock
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    small = made.another(most_bytes=1)
    git_dir = small.git_dir(find_repository(small, ship.path))
    assert small.bucket is not None
    small.bucket.shrink()
    assert git_dir.exists(), "it was used a moment ago"

    lock = git_dir.with_suffix(".lock")
    long_ago = (clock() - timedelta(hours=2)).timestamp()
    os.utime(lock, (long_ago, long_ago))
    with small.in_use(find_repository(small, ship.path)):
        small.bucket.shrink()
        assert git_dir.exists(), "it is in use"
    small.bucket.shrink()
    assert not git_dir.exists()

    again = made.another()
    assert refs_at(again, ship) == {MAIN: tip}


def test_a_repository_keeps_its_files_under_another_path_and_goes_at_all_machines(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, anna: User
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    before = other.git_dir(find_repository(other, ship.path))

    renamed = rename_repository(one, Identity(anna, ALL_SCOPES), ship, "boat")

    assert other.git_dir(find_repository(other, renamed.path)) == before
    assert refs_at(other, renamed) == {MAIN: tip}
    delete_repository(other, Identity(anna, ALL_SCOPES), renamed)
    made_again = create_repository(one, RepositoryPath(renamed.path.namespace, "boat"), creator=anna)
    assert refs_at(other, made_again) == {}


def test_head_follows_at_the_other_machine(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, anna: User
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))
    identity = Identity(anna, ALL_SCOPES)
    create_branch(other, identity, find_repository(other, ship.path), "next", start="main")
    set_default_branch(other, identity, find_repository(other, ship.path), "next")

    git_dir = one.git_dir(find_repository(one, ship.path))

    assert git(git_dir, "symbolic-ref", "HEAD") == "refs/heads/next"
    assert set(refs_of(git_dir)) == {MAIN, "refs/heads/next"}


def test_blobs_are_in_the_bucket_and_are_checked_on_their_way_out(
    one: Forge, other: Forge, bucket: UnreliableStore
) -> None:
    digest = one.archive.blobs.put_bytes(b"an icon")
    assert other.archive.blobs.read(digest) == b"an icon"
    assert other.archive.blob_file(digest).read_bytes() == b"an icon"

    lost = one.archive.blobs.put_bytes(b"another")
    file = next(path for path in bucket.root.rglob(lost))
    file.chmod(0o644)
    file.write_bytes(b"anothe")
    with pytest.raises(DamagedInBucket):
        other.archive.blobs.read(lost)
    assert one.archive.blobs.read(lost) == b"another"


def test_a_blob_that_nobody_used_for_long_makes_room_and_comes_back(made: Machines, clock: Clock) -> None:
    small = made.another(most_bytes=1)
    digest = small.archive.blobs.put_bytes(b"an icon")
    file = small.archive.blob_file(digest)
    assert small.bucket is not None
    os.utime(file, ((clock() - timedelta(minutes=30)).timestamp(),) * 2)
    small.bucket.shrink()
    assert file.exists(), "it was used half an hour ago"

    os.utime(file, ((clock() - timedelta(hours=2)).timestamp(),) * 2)
    small.bucket.shrink()

    assert not file.exists()
    assert small.archive.blobs.read(digest) == b"an icon"


def test_a_database_that_does_not_know_what_the_bucket_holds_is_refused(
    one: Forge, ship: Repository, pusher: Pusher, bucket: UnreliableStore, tmp_path: Path, clock: Clock
) -> None:
    pusher.push(one, ship, RefChange(MAIN, None, ObjectId(tip_of(pusher.origin, "main"))))
    assert one.bucket is not None
    one.bucket.require_own_database()

    with machines(tmp_path / "empty.db", bucket, tmp_path / "foreign", clock) as foreign:
        forge = foreign.another()
        assert forge.bucket is not None
        with pytest.raises(ForeignDatabase):
            forge.bucket.require_own_database()


def test_what_is_fetched_is_not_taken_for_whole_before_it_is(
    one: Forge, other: Forge, ship: Repository, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = ObjectId(tip_of(pusher.origin, "main"))
    pusher.push(one, ship, RefChange(MAIN, None, tip))

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="full"):
            refs_at(other, ship)

    assert refs_at(other, ship) == {MAIN: tip}
    git(other.git_dir(find_repository(other, ship.path)), "fsck", "--connectivity-only")

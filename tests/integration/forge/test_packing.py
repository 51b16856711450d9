"""Many small writes do not make a repository slow: what they left is packed in the background."""

import hashlib
import itertools
from pathlib import Path

import pytest

from matou.db import repositories
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.content.file_changes import FileChange
from matou.forge.forge import Forge
from matou.forge.maintenance import packing
from matou.forge.maintenance.packing import pack_if_many, pack_repository
from matou.forge.maintenance.upkeep import NOT_AGAIN_WITHIN
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.git.odb.objects import TreePath
from matou.git.repository import packs, size_bytes
from matou.model.jobs import JobState
from support.clocks import Clock
from support.deciding import create_file
from support.done_jobs import do_jobs
from support.git_repositories import git, store_object
from support.many_packs import packed


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object in the folder that is looked into is many."""
    monkeypatch.setattr(packing, "MANY", 1)


def write(forge: Forge, repository: Repository, user: User, number: int) -> None:
    file_change = FileChange(path=TreePath.parse(f"folder/{number}.txt"), message=f"write {number}")
    create_file(forge, Identity(user, ALL_SCOPES), repository, file_change, b"%d\n" % number)


def loose(forge: Forge, repository: Repository) -> int:
    return len(list((forge.git_dir(repository) / "objects").glob("??/*")))


def store_in_the_folder_that_is_looked_into(git_dir: Path) -> None:
    contents = (b"content %d\n" % number for number in itertools.count())
    digests = ((hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest(), content) for content in contents)
    store_object(git_dir, "blob", next(content for digest, content in digests if digest.startswith("17")))


def test_what_many_writes_left_is_packed_and_the_size_is_right(
    forge: Forge, repository: Repository, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir = forge.git_dir(repository)
    for number in range(20):
        write(forge, repository, anna, number)
    store_in_the_folder_that_is_looked_into(git_dir)
    left = loose(forge, repository)

    monkeypatch.setattr(packing, "MANY", 1)
    write(forge, repository, anna, 20)
    do_jobs(forge)

    assert (left > 40, loose(forge, repository)) == (True, 0)
    assert len(git(git_dir, "ls-tree", "--name-only", "main:folder").split()) == 21
    git(git_dir, "fsck", "--full", "--strict")
    refs_and_the_stored_one = 200
    recorded = find_repository_by_id(forge, repository.id).size_bytes
    assert abs(recorded - size_bytes(git_dir)) < refs_and_the_stored_one


def test_what_many_pushes_left_is_merged_and_the_size_is_right(
    forge: Forge, repository: Repository, anna: User
) -> None:
    git_dir = forge.git_dir(repository)
    write(forge, repository, anna, 0)
    packed(git_dir, 21, branch="many")
    with forge.database.begin_write() as connection:
        repositories.change(connection, repository.id, size_bytes=size_bytes(git_dir))

    write(forge, repository, anna, 1)
    do_jobs(forge)

    assert len(packs(git_dir)) < 4
    git(git_dir, "fsck", "--full", "--strict")
    recorded = find_repository_by_id(forge, repository.id).size_bytes
    assert abs(recorded - size_bytes(git_dir)) < 4096


def test_few_loose_objects_are_left_alone(forge: Forge, repository: Repository, anna: User) -> None:
    write(forge, repository, anna, 1)

    pack_if_many(forge, repository)

    assert forge.queue.counts() == {}
    assert loose(forge, repository) > 0


@pytest.mark.usefixtures("few")
def test_one_that_cannot_be_packed_is_left_alone_for_a_while(
    forge: Forge, repository: Repository, anna: User, clock: Clock
) -> None:
    git_dir = forge.git_dir(repository)
    damaged = git_dir / "objects" / "17" / ("0" * 38)
    damaged.parent.mkdir()
    damaged.write_bytes(b"no object")

    for number in range(3):
        write(forge, repository, anna, number)
        do_jobs(forge)
    before = forge.queue.list([JobState.FAILED])
    clock.advance(NOT_AGAIN_WITHIN)
    write(forge, repository, anna, 3)
    do_jobs(forge)

    assert [(job.task, job.arguments) for job in before] == [("pack-loose-objects", {"repository": repository.id})]
    assert "0" * 38 in (before[0].fault or "")
    assert forge.queue.counts() == {JobState.FAILED: 2}
    assert loose(forge, repository) > 12


@pytest.mark.usefixtures("few")
def test_what_was_deleted_meanwhile_needs_no_packing(forge: Forge, repository: Repository, anna: User) -> None:
    store_in_the_folder_that_is_looked_into(forge.git_dir(repository))
    write(forge, repository, anna, 1)
    with forge.database.begin_write() as connection:
        repositories.delete_repository(connection, repository.id)

    do_jobs(forge)

    assert forge.queue.counts() == {JobState.DONE: 1}


def test_what_nothing_names_stays(forge: Forge, repository: Repository, anna: User) -> None:
    write(forge, repository, anna, 1)
    git_dir = forge.git_dir(repository)
    alone = store_object(git_dir, "blob", b"nobody names this")

    pack_repository(forge, repository)

    assert loose(forge, repository) == 0
    assert git(git_dir, "cat-file", "-p", alone) == "nobody names this"

"""Locks in the database, on both kinds of it."""

import pytest

from matou.db.lfs_locks import LockId
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Identity, NotAllowed
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.push.lfs_locks import AlreadyLocked, LockOfOther
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from support.deciding import add_member, create_repository, delete_repository, find_locks, list_locks, lock_path, unlock


def test_a_lock_is_kept_found_listed_and_taken_away(forge: Forge, anna: User, team: Namespace) -> None:
    repository = create_repository(forge, RepositoryPath(team.path, "design"), creator=anna)
    identity, long = Identity(anna, ALL_SCOPES), "深/" * 1000 + "x"

    made = [lock_path(forge, identity, repository, path) for path in ("a", "b", long)]

    assert list_locks(forge, repository, after=LockId(0), limit=2).locks == tuple(made[:2])
    assert list_locks(forge, repository, after=made[1].id, limit=2).next_after is None
    assert find_locks(forge, repository, path=long) == (made[2],)
    with pytest.raises(AlreadyLocked) as refused:
        lock_path(forge, identity, repository, long)
    assert refused.value.lock == made[2]
    assert unlock(forge, identity, repository, made[2].id, force=False) == made[2]
    assert find_locks(forge, repository, path=long) == ()


def test_anothers_lock_is_broken_by_who_may_change_settings_and_says_so(
    forge: Forge, anna: User, team: Namespace
) -> None:
    repository = create_repository(forge, RepositoryPath(team.path, "design"), creator=anna)
    people = [create_user(forge, name) for name in ("dev", "main")]
    for person, role in zip(people, (Role.DEVELOPER, Role.MAINTAINER), strict=True):
        add_member(forge, team, person, role)
    developer, maintainer = (Identity(person, ALL_SCOPES) for person in people)
    lock = lock_path(forge, Identity(anna, ALL_SCOPES), repository, "a")

    with pytest.raises(LockOfOther):
        unlock(forge, maintainer, repository, lock.id, force=False)
    with pytest.raises(NotAllowed):
        unlock(forge, developer, repository, lock.id, force=True)
    assert unlock(forge, maintainer, repository, lock.id, force=True) == lock


def test_locks_end_with_their_repository(forge: Forge, anna: User, team: Namespace) -> None:
    path = RepositoryPath(team.path, "design")
    lock_path(forge, Identity(anna, ALL_SCOPES), create_repository(forge, path, creator=anna), "a")
    there = create_repository(forge, RepositoryPath(team.path, "other"), creator=anna)

    delete_repository(forge, find_repository(forge, path))
    again = create_repository(forge, path, creator=anna)

    assert list_locks(forge, again, after=LockId(0), limit=9).locks == ()
    with pytest.raises(NotFound):
        unlock(forge, Identity(anna, ALL_SCOPES), there, LockId(1), force=True)

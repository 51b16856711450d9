"""Stars, watches and lists of forks: what somebody may no longer see is neither shown nor counted."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from matou.db.conditions import Between
from matou.db.engine import ForeignKeyViolation
from matou.db.forks import ForkOrder
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository, RepositoryId
from matou.db.repository_details import Counts
from matou.db.schema import forks
from matou.db.stars import Mark, RepositoryOrder
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import repository_facts
from matou.forge.repositories.stars import marked_repositories
from matou.model.events import EventKind
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.clocks import Clock
from support.deciding import (
    activity,
    add_member,
    create_repository,
    delete_repository,
    is_marked,
    marked_by,
    put_mark,
    remove_mark,
    set_visibility,
    visible_forks,
)
from support.deciding import remove_namespace_member as remove_member
from support.listed_rows import rows_of

Fork = Callable[[str, Visibility], Repository]


def counts_of(
    forge: Forge, repositories: Sequence[Repository], identity: Identity = ANONYMOUS
) -> dict[RepositoryId, Counts]:
    facts = repository_facts(forge, identity, repositories)
    return {of: told.counts for of, told in facts.items()}


def counts(forge: Forge, repository: Repository, identity: Identity = ANONYMOUS) -> Counts:
    return counts_of(forge, [repository], identity)[repository.id]


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.fixture
def fork(forge: Forge, repository: Repository, berta: User, clock: Clock) -> Fork:
    """Make a fork of the repository in an organization of berta's, a day after the last."""
    organization = create_organization(forge, "others", owner=berta)

    def make(name: str, visibility: Visibility) -> Repository:
        clock.advance(timedelta(days=1))
        made = create_repository(forge, RepositoryPath(organization.path, name), visibility=visibility, creator=berta)
        with forge.database.begin_write() as connection:
            connection.execute(insert(forks).values(repository_id=made.id, parent_id=repository.id))
        return made

    return make


def names(found: tuple[Sequence[Repository], int]) -> tuple[list[str], int]:
    return [repository.name for repository in found[0]], found[1]


@pytest.mark.parametrize("mark", Mark)
def test_a_mark_is_put_once_and_taken_away_once(
    forge: Forge, repository: Repository, anna: User, clock: Clock, mark: Mark
) -> None:
    put_mark(forge, mark, anna, repository)
    first = clock.now
    clock.advance(timedelta(days=1))
    put_mark(forge, mark, anna, repository)

    (found,), total = marked_by(forge, mark, repository)
    assert (found.user, found.created_at, total) == (anna, first, 1)
    assert is_marked(forge, mark, anna, repository)
    for _ in range(2):
        remove_mark(forge, mark, anna, repository)
    assert not is_marked(forge, mark, anna, repository)
    events, _ = activity(forge, identity_of(anna), repository, limit=9)
    assert [event.kind for event in events if event.kind is not EventKind.CREATED] == {
        Mark.STAR: [EventKind.UNSTARRED, EventKind.STARRED],
        Mark.WATCH: [EventKind.UNWATCHED, EventKind.WATCHED],
    }[mark]


def test_a_star_is_not_a_watch_and_nobody_has_none(forge: Forge, repository: Repository, anna: User) -> None:
    put_mark(forge, Mark.STAR, anna, repository)

    assert not is_marked(forge, Mark.WATCH, anna, repository)
    assert not is_marked(forge, Mark.STAR, repository)


def test_stars_given_at_once_are_one(forge: Forge, repository: Repository, anna: User) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = [threads.submit(put_mark, forge, Mark.STAR, anna, repository) for _ in range(16)]

    assert [one.exception() for one in done] == [None] * 16
    assert counts(forge, repository).stars == 1


def test_a_star_on_what_was_just_deleted_says_that_it_is_gone(forge: Forge, repository: Repository, anna: User) -> None:
    delete_repository(forge, repository)

    with pytest.raises(ForeignKeyViolation):
        put_mark(forge, Mark.STAR, anna, repository)


def test_who_gave_a_star_is_listed_newest_first_by_pages_and_by_time(
    forge: Forge, repository: Repository, clock: Clock
) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    for day in range(1, 6):
        clock.now = datetime(2026, 12, day, tzinfo=UTC)
        put_mark(forge, Mark.STAR, create_user(forge, f"user{day}"), repository)

    page = marked_by(forge, Mark.STAR, repository, offset=1, limit=2)
    some = marked_by(
        forge,
        Mark.STAR,
        repository,
        between=Between(datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC)),
    )

    assert ([one.user.name for one in page[0]], page[1]) == (["user4", "user3"], 5)
    assert ([one.user.name for one in some[0]], some[1]) == (["user3", "user2"], 2)


@pytest.mark.parametrize("mark", Mark)
def test_a_star_on_what_one_may_no_longer_see_shows_nothing_of_it(
    forge: Forge, repository: Repository, project: Namespace, berta: User, mark: Mark
) -> None:
    add_member(forge, project, berta, Role.GUEST)
    put_mark(forge, mark, berta, repository)
    assert names(rows_of(marked_repositories(forge, mark, identity_of(berta), berta))) == (["ship"], 1)

    remove_member(forge, project, berta)

    assert names(rows_of(marked_repositories(forge, mark, identity_of(berta), berta))) == ([], 0)


def test_starred_repositories_are_sorted_either_way_and_those_without_a_push_come_last(
    forge: Forge, project: Namespace, anna: User, clock: Clock
) -> None:
    for name, pushed in (("a", None), ("b", 2), ("c", 1)):
        clock.advance(timedelta(days=1))
        made = create_repository(forge, RepositoryPath(project.path, name), creator=anna)
        put_mark(forge, Mark.STAR, anna, made)
        _pushed(forge, made, pushed)

    def sorted_by(order: RepositoryOrder, *, ascending: bool) -> list[str]:
        found = rows_of(
            marked_repositories(forge, Mark.STAR, identity_of(anna), anna, order=order, ascending=ascending)
        )
        return names(found)[0]

    assert sorted_by(RepositoryOrder.CREATED, ascending=False) == ["c", "b", "a"]
    assert sorted_by(RepositoryOrder.CREATED, ascending=True) == ["a", "b", "c"]
    assert sorted_by(RepositoryOrder.LAST_PUSH, ascending=False) == ["b", "c", "a"]
    assert sorted_by(RepositoryOrder.LAST_PUSH, ascending=True) == ["c", "b", "a"]


def test_forks_that_one_may_not_see_are_neither_shown_nor_counted(
    forge: Forge, repository: Repository, anna: User, berta: User, fork: Fork
) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    fork("open", Visibility.PUBLIC)
    fork("secret", Visibility.PRIVATE)

    assert names(rows_of(visible_forks(forge, identity_of(anna), repository))) == (["open"], 1)
    assert names(rows_of(visible_forks(forge, ANONYMOUS, repository))) == (["open"], 1)
    assert names(rows_of(visible_forks(forge, identity_of(berta), repository))) == (["secret", "open"], 2)
    assert [counts(forge, repository, identity_of(user)).forks for user in (anna, berta)] == [1, 2]
    assert counts(forge, repository).forks == 1


def test_forks_can_be_sorted_and_bounded_by_time(
    forge: Forge, repository: Repository, anna: User, berta: User, fork: Fork, clock: Clock
) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    first, second, third = (fork(name, Visibility.PUBLIC) for name in ("first", "second", "third"))
    for user, starred in ((anna, second), (berta, second), (anna, first)):
        put_mark(forge, Mark.STAR, user, starred)

    def listed(order: ForkOrder, between: Between = Between(), limit: int = 9) -> tuple[list[str], int]:  # noqa: B008
        return names(rows_of(visible_forks(forge, ANONYMOUS, repository, order=order, between=between, limit=limit)))

    assert listed(ForkOrder.NEWEST) == (["third", "second", "first"], 3)
    assert listed(ForkOrder.OLDEST, limit=2) == (["first", "second"], 3)
    assert listed(ForkOrder.STARGAZERS) == (["second", "first", "third"], 3)
    assert listed(ForkOrder.NEWEST, Between(second.created_at, third.created_at)) == (["second"], 1)


def test_counts_of_many_are_asked_at_once_and_are_never_old(
    forge: Forge, repository: Repository, anna: User, fork: Fork
) -> None:
    forked = fork("open", Visibility.PUBLIC)
    put_mark(forge, Mark.STAR, anna, repository)
    put_mark(forge, Mark.WATCH, anna, forked)
    before = counts_of(forge, (repository, forked))

    remove_mark(forge, Mark.STAR, anna, repository)
    set_visibility(forge, forked, Visibility.PRIVATE)

    assert before == {repository.id: Counts(1, 0, 1), forked.id: Counts(0, 1, 0)}
    assert counts_of(forge, (repository, forked)) == {repository.id: Counts(0, 0, 0), forked.id: Counts(0, 1, 0)}


def _pushed(forge: Forge, repository: Repository, day: int | None) -> None:
    from matou.db import repositories

    if day is not None:
        with forge.database.begin_write() as connection:
            repositories.change(connection, repository.id, last_push_at=datetime(2026, 12, day, tzinfo=UTC))

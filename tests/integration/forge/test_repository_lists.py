"""Lists of repositories and what is told of each: the decisions of one row, for many, in a few questions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import StatementError

from matou.db import repositories as rows
from matou.db import repository_members as member_rows
from matou.db.forks import insert_fork
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation, Order, RepositoryQuery
from matou.db.schema import repositories as table
from matou.db.stars import Mark
from matou.db.stars import put_mark as insert_mark
from matou.db.users import User
from matou.db.visibility import sees_repository
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Action, Identity, may, viewer
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import (
    EVERY_AFFILIATION,
    organization_repositories,
    own_repositories,
    repository_facts,
)
from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.model.platform import Visibility
from support.deciding import add_member, create_repository, fork_repository, put_mark
from support.listed_rows import repositories_in, rows_of

MORE_THAN_ALL = 1000


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.fixture
def people(forge: Forge, team: Namespace, project: Namespace) -> Mapping[str, Identity]:
    """An administrator, a stranger, and a member of each role in the project or in the team above it."""
    found = {"stranger": identity_of(create_user(forge, "stranger"))}
    found["administrator"] = identity_of(create_user(forge, "administrator", admin=True))
    for number, role in enumerate(Role):
        user = create_user(forge, role.name.lower())
        add_member(forge, team if number % 2 else project, user, role)
        found[role.name] = identity_of(user)
    return found


@pytest.fixture
def everything(
    forge: Forge, team: Namespace, project: Namespace, anna: User, people: Mapping[str, Identity]
) -> tuple[Repository, ...]:
    """Of each visibility in each namespace, twice: once where only the repository's own members count."""
    elsewhere = create_organization(forge, "elsewhere", owner=anna)
    made = {
        (namespace.name, visibility, independent): create_repository(
            forge, RepositoryPath(namespace.path, f"{visibility}_{independent}"), visibility=visibility, creator=anna
        )
        for namespace, visibility, independent in product((team, project, elsewhere), Visibility, (False, True))
    }
    with forge.database.begin_write() as connection:
        for (_, visibility, independent), repository in made.items():
            rows.change(connection, repository.id, independent_members=independent)
            if visibility is Visibility.PRIVATE:
                for name in ("stranger", "GUEST"):
                    _make_member(connection, repository, people[name])
    return repositories_in(forge, None)[0]


def test_a_list_of_all_holds_exactly_what_may_be_seen_whoever_asked_before(
    forge: Forge, everything: tuple[Repository, ...], people: Mapping[str, Identity], project: Namespace, anna: User
) -> None:
    bound = [Identity(identity.user, ALL_SCOPES, project.path) for identity in people.values()]

    for identity in (ANONYMOUS, *people.values(), *bound, *people.values()):
        expected = tuple(one for one in everything if may(forge, identity, Action.SEE, one))
        assert rows_of(own_repositories(forge, identity, anna, RepositoryQuery(), offset=0, limit=MORE_THAN_ALL)) == (
            expected,
            len(expected),
        )


def test_ones_own_are_those_in_which_one_has_a_role(
    forge: Forge, everything: tuple[Repository, ...], people: Mapping[str, Identity]
) -> None:
    for identity in people.values():
        user = _user(identity)
        expected = [one for one in everything if _role(forge, user, one) is not None]
        wanted = RepositoryQuery(affiliations=EVERY_AFFILIATION)
        assert rows_of(own_repositories(forge, identity, user, wanted, offset=0, limit=MORE_THAN_ALL))[0] == tuple(
            expected
        )


@pytest.mark.parametrize(
    ("affiliations", "names"),
    [
        ({Affiliation.PERSONAL}, ["annas"]),
        ({Affiliation.CREATED}, ["annas", "made"]),
        ({Affiliation.COLLABORATOR}, ["shared"]),
        ({Affiliation.ORGANIZATION_MEMBER}, ["made", "teams"]),
        ({Affiliation.COLLABORATOR, Affiliation.PERSONAL}, ["annas", "shared"]),
        (set(), []),
    ],
)
def test_each_way_in_which_a_repository_is_somebodys_is_a_list(
    forge: Forge, team: Namespace, anna: User, berta: User, affiliations: set[Affiliation], names: list[str]
) -> None:
    for place, name, creator in (
        (NamespacePath(("anna",)), "annas", anna),
        (team.path, "made", anna),
        (team.path, "teams", berta),
        (NamespacePath(("berta",)), "hers", berta),
    ):
        create_repository(forge, RepositoryPath(place, name), creator=creator)
    shared = create_repository(forge, RepositoryPath(NamespacePath(("berta",)), "shared"), creator=berta)
    with forge.database.begin_write() as connection:
        _make_member(connection, shared, identity_of(anna))

    wanted = RepositoryQuery(affiliations=frozenset(affiliations))
    found, total = rows_of(own_repositories(forge, identity_of(anna), anna, wanted, offset=0, limit=MORE_THAN_ALL))

    assert (sorted(one.name for one in found), total) == (names, len(names))


def test_lists_below_a_namespace_and_of_some_visibilities_are_their_own(
    forge: Forge, everything: tuple[Repository, ...], anna: User
) -> None:
    for path, visibilities in (("team", {Visibility.PUBLIC}), ("elsewhere", set(Visibility)), ("team/harbour", set())):
        wanted = RepositoryQuery(visibilities=frozenset(visibilities))
        found, total = rows_of(
            organization_repositories(forge, identity_of(anna), path, wanted, offset=0, limit=MORE_THAN_ALL)
        )
        expected = [
            one for one in everything if one.visibility in visibilities and str(one.path).startswith(f"{path}/")
        ]
        assert (found, total) == (tuple(expected), len(expected))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("ascending", [True, False])
def test_pages_are_parts_of_one_list_in_its_order_and_each_tells_the_total(
    forge: Forge, everything: tuple[Repository, ...], anna: User, order: Order, *, ascending: bool
) -> None:
    with forge.database.begin_write() as connection:
        for number, one in enumerate(everything[:7]):
            pushed = datetime(2026, 11, 1 + number // 2, tzinfo=UTC)
            rows.change(connection, one.id, last_push_at=pushed, updated_at=pushed, created_at=pushed)
        insert_mark(connection, Mark.STAR, everything[2].id, anna.id, datetime(2026, 11, 1, tzinfo=UTC))
        insert_fork(connection, everything[4].id, everything[3].id)
    wanted = RepositoryQuery(order=order, ascending=ascending)
    whole, count = rows_of(own_repositories(forge, identity_of(anna), anna, wanted, offset=0, limit=MORE_THAN_ALL))

    pages = [
        rows_of(own_repositories(forge, identity_of(anna), anna, wanted, offset=offset, limit=4))
        for offset in range(0, count + 8, 4)
    ]

    assert tuple(one for page, _ in pages for one in page) == whole
    assert {total for _, total in pages} == {count} == {len(everything)}
    expected = _sorted(whole, order, ascending=ascending, starred=everything[2], forked=everything[3])
    assert list(whole) == expected


def test_a_search_counts_what_it_finds_alone(forge: Forge, everything: tuple[Repository, ...], anna: User) -> None:
    wanted = RepositoryQuery(search="PUBLIC_t")
    expected = tuple(one for one in everything if one.name == "public_True")

    assert rows_of(own_repositories(forge, identity_of(anna), anna, wanted, offset=0, limit=2)) == (expected[:2], 3)
    assert rows_of(own_repositories(forge, identity_of(anna), anna, wanted, offset=9, limit=2)) == ((), 3)


def test_the_role_that_is_told_of_many_is_the_one_that_counts_in_each(
    forge: Forge, everything: tuple[Repository, ...], people: Mapping[str, Identity]
) -> None:
    for identity in (*people.values(), *tuple(people.values())[::-1]):
        told = {of: facts.role for of, facts in repository_facts(forge, identity, everything).items()}
        assert told == {one.id: _role(forge, _user(identity), one) for one in everything}


def test_marks_are_told_to_who_put_them(
    forge: Forge, everything: tuple[Repository, ...], anna: User, berta: User
) -> None:
    open_ones = [one for one in everything if one.visibility is Visibility.PUBLIC][:2]
    put_mark(forge, Mark.STAR, anna, open_ones[0])
    put_mark(forge, Mark.WATCH, anna, open_ones[1])
    put_mark(forge, Mark.STAR, berta, open_ones[1])

    told = {
        who: [(facts.is_starred, facts.is_watched) for facts in repository_facts(forge, whose, open_ones).values()]
        for who, whose in (("anna", identity_of(anna)), ("berta", identity_of(berta)), ("nobody", ANONYMOUS))
    }

    assert told == {
        "anna": [(True, False), (False, True)],
        "berta": [(False, False), (True, False)],
        "nobody": [(False, False), (False, False)],
    }


def test_a_list_is_a_few_questions_however_long_it_is(
    forge: Forge, everything: tuple[Repository, ...], anna: User
) -> None:
    fork_repository(forge, identity_of(anna), everything[0], namespace=NamespacePath(("anna",)))

    requests_seen = []
    for limit in (2, MORE_THAN_ALL):
        with _counted(forge) as statements:
            found, _ = rows_of(
                own_repositories(forge, identity_of(anna), anna, RepositoryQuery(), offset=0, limit=limit)
            )
            repository_facts(forge, identity_of(anna), found)
        requests_seen.append(len([one for one in statements if not one.startswith("BEGIN")]))

    # The list, and of it the namespaces, the people, all that is told, and what the fork was made from.
    assert requests_seen == [5, 5]


def test_a_statement_for_somebodys_eyes_fails_without_them(forge: Forge, anna: User) -> None:
    eyes = viewer(forge, identity_of(anna))
    with forge.database.begin_read() as connection, pytest.raises(StatementError, match="viewer_id"):
        connection.execute(select(table.c.id).where(sees_repository(eyes.filter_key)))


@contextmanager
def _counted(forge: Forge) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(forge.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(forge.database.engine, "before_cursor_execute", note)


def _make_member(connection: Connection, repository: Repository, identity: Identity) -> None:
    user = _user(identity)
    member_rows.set_member(connection, repository, user.id, Role.DEVELOPER, None, repository.updated_at)


def _role(forge: Forge, user: User, repository: Repository) -> Role | None:
    with forge.database.begin_read() as connection:
        return member_rows.role_in_repository(connection, user.id, repository)


def _user(identity: Identity) -> User:
    assert identity.user is not None
    return identity.user


def _sorted(
    listed: Iterable[Repository], order: Order, *, ascending: bool, starred: Repository, forked: Repository
) -> list[Repository]:
    """By the column, then the number; what has none stands last either way."""
    columns: Mapping[Order, Callable[[Repository], Any]] = {
        Order.FULL_NAME: lambda one: folded(str(one.path)),
        Order.CREATED: lambda one: one.created_at,
        Order.UPDATED: lambda one: one.updated_at,
        Order.PUSHED: lambda one: one.last_push_at,
        Order.STARS: lambda one: one.id == starred.id,
        Order.FORKS: lambda one: one.id == forked.id,
    }
    column = columns[order]
    by_number = sorted(listed, key=lambda one: one.id, reverse=not ascending)
    there = sorted((one for one in by_number if column(one) is not None), key=column, reverse=not ascending)
    return [*there, *(one for one in by_number if column(one) is None)]

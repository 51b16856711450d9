"""Events: there with the change that they tell of, and shown as far as somebody may know."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from matou.db.conditions import Between
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.forge import Forge
from matou.forge.repositories.activity import SHOWN
from matou.forge.repositories.events import record_event
from matou.model.events import EventKind
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.clocks import Clock
from support.deciding import activity, add_member, create_repository, delete_repository, set_visibility


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


def record(
    forge: Forge,
    repository: Repository,
    user: User | None,
    kind: EventKind,
    details: Mapping[str, object] = {},
) -> None:
    with forge.database.begin_write() as connection:
        record_event(connection, repository.id, user, kind, details, forge.now())


def test_an_event_of_a_change_that_is_undone_is_not_there(forge: Forge, repository: Repository, anna: User) -> None:
    def fail() -> None:
        with forge.database.begin_write() as connection:
            record_event(connection, repository.id, anna, EventKind.RENAMED, {}, forge.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    renamed = activity(forge, identity_of(anna), repository, kinds=(EventKind.RENAMED,), limit=10)
    assert renamed == ((), False)


def test_the_newest_comes_first_and_the_page_says_whether_there_is_more(
    forge: Forge, repository: Repository, anna: User, clock: Clock
) -> None:
    for number in range(5):
        clock.advance(timedelta(seconds=number % 2))
        record(forge, repository, anna, EventKind.PUSH, {"ref": f"refs/heads/{number}"})

    pages = [
        activity(forge, identity_of(anna), repository, kinds=(EventKind.PUSH,), offset=offset, limit=2)
        for offset in (0, 2, 4, 6)
    ]

    assert [[event.details["ref"] for event in events] for events, _ in pages] == [
        ["refs/heads/4", "refs/heads/3"],
        ["refs/heads/2", "refs/heads/1"],
        ["refs/heads/0"],
        [],
    ]
    assert [has_more for _, has_more in pages] == [True, True, False, False]


def test_only_what_one_person_did_in_some_time_can_be_asked_for(
    forge: Forge, repository: Repository, anna: User, berta: User, clock: Clock
) -> None:
    for day, user in ((1, anna), (2, berta), (3, berta), (4, None)):
        clock.now = datetime(2026, 12, day, tzinfo=UTC)
        record(forge, repository, user, EventKind.PUSH, {"ref": str(day)})

    def days(author: str = "", between: Between = Between()) -> list[object]:  # noqa: B008 - frozen
        events, _ = activity(
            forge, identity_of(anna), repository, kinds=(EventKind.PUSH,), author=author, between=between, limit=9
        )
        return [event.details["ref"] for event in events]

    assert days() == ["4", "3", "2", "1"]
    assert days(author="BERTA") == ["3", "2"]
    assert days(author="nobody") == []
    assert days(between=Between(datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC))) == ["3", "2"]


def test_events_of_another_repository_are_not_shown(
    forge: Forge, repository: Repository, project: Namespace, anna: User
) -> None:
    other = create_repository(forge, RepositoryPath(project.path, "other"), creator=anna)
    record(forge, other, anna, EventKind.PUSH, {"ref": "refs/heads/secret"})

    assert activity(forge, identity_of(anna), repository, kinds=(EventKind.PUSH,), limit=9) == ((), False)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (None, {EventKind.PUSH}),
        (Role.REPORTER, {EventKind.PUSH, EventKind.MEMBER_ADDED}),
        (Role.DEVELOPER, {EventKind.PUSH, EventKind.MEMBER_ADDED, EventKind.SETTINGS_CHANGED}),
    ],
)
def test_who_joined_and_what_is_set_is_told_to_those_who_may_see_that(
    forge: Forge,
    repository: Repository,
    project: Namespace,
    anna: User,
    berta: User,
    role: Role | None,
    kinds: set[EventKind],
) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    told = (EventKind.PUSH, EventKind.MEMBER_ADDED, EventKind.SETTINGS_CHANGED)
    for kind in told:
        record(forge, repository, anna, kind)
    if role is not None:
        add_member(forge, project, berta, role)

    events, _ = activity(forge, ANONYMOUS if role is None else identity_of(berta), repository, kinds=told, limit=9)

    assert {event.kind for event in events} == kinds


@pytest.mark.parametrize("kind", EventKind)
def test_a_detail_that_nobody_said_may_be_shown_is_not_shown(
    forge: Forge, repository: Repository, anna: User, kind: EventKind
) -> None:
    details = {"from": "secret/team", "path": "x", "ref": "y", "userid": [1], "fork_id": repository.id, "fork": "a/b"}
    record(forge, repository, anna, kind, details)

    events, _ = activity(forge, identity_of(anna), repository, kinds=(kind,), limit=1)

    assert events[0].details.keys() <= SHOWN.get(kind, frozenset())


def test_that_it_was_forked_is_told_to_those_who_may_see_the_fork(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    organization = create_organization(forge, "others", owner=berta)
    for name, visibility in (("open", Visibility.PUBLIC), ("secret", Visibility.PRIVATE)):
        path = RepositoryPath(organization.path, name)
        fork = create_repository(forge, path, visibility=visibility, creator=berta)
        record(forge, repository, berta, EventKind.FORKED, {"fork_id": fork.id, "fork": str(path)})
    record(forge, repository, berta, EventKind.PUSH, {"ref": "refs/heads/main", "title": "nul \0"})

    def forks(identity: Identity) -> int:
        events, _ = activity(forge, identity, repository, limit=9)
        return sum(event.kind is EventKind.FORKED for event in events)

    assert (forks(ANONYMOUS), forks(identity_of(anna)), forks(identity_of(berta))) == (1, 1, 2)


def test_a_namespace_that_it_once_stood_in_is_not_named(forge: Forge, repository: Repository, anna: User) -> None:
    repository = set_visibility(forge, repository, Visibility.PUBLIC)
    record(forge, repository, anna, EventKind.RENAMED, {"old_path": "secret/team/a", "new_path": "secret/team/b"})
    record(forge, repository, anna, EventKind.TRANSFERRED, {"old_path": "secret/team/b", "new_path": "open/b"})

    events, _ = activity(forge, ANONYMOUS, repository, kinds=(EventKind.RENAMED, EventKind.TRANSFERRED), limit=9)

    assert [event.details for event in events] == [{}, {"old_path": "a", "new_path": "b"}]


def test_names_that_no_text_can_hold_are_written_as_far_as_they_can_be(
    forge: Forge, repository: Repository, anna: User
) -> None:
    ref = b"refs/heads/\xff\xe4\xb8\xad".decode("utf-8", "surrogateescape")

    record(forge, repository, anna, EventKind.PUSH, {"ref": ref, "title": "nul \0"})

    events, _ = activity(forge, identity_of(anna), repository, kinds=(EventKind.PUSH,), limit=1)
    assert events[0].details == {"ref": "refs/heads/?中", "title": "nul \0"}


def test_the_events_of_a_deleted_repository_are_gone(forge: Forge, repository: Repository, anna: User) -> None:
    record(forge, repository, anna, EventKind.PUSH)

    delete_repository(forge, repository)

    assert activity(forge, identity_of(anna), repository, limit=9) == ((), False)

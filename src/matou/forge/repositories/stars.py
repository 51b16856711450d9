"""Stars and watches: who put one on which repository. Who may is decided by `forge.access`, on the way here."""

from matou.db import forks, stars
from matou.db.conditions import ALWAYS, Between
from matou.db.forks import ForkOrder
from matou.db.repositories import Repository
from matou.db.stars import Mark, Marking, RepositoryOrder
from matou.db.users import User
from matou.forge.access import (
    REPOSITORY_POLICY,
    Action,
    Authorized,
    GrantedPage,
    Identity,
    MaySee,
    MayStar,
    NotAllowed,
    granted_by_listing,
    require_scope,
)
from matou.forge.forge import Forge
from matou.forge.repositories.events import record_event
from matou.forge.repositories.repository_lists import find_person, no_such_user
from matou.model.events import EventKind

_EVENTS = {
    Mark.STAR: (EventKind.STARRED, EventKind.UNSTARRED),
    Mark.WATCH: (EventKind.WATCHED, EventKind.UNWATCHED),
}


def put_mark(forge: Forge, mark: Mark, granted: Authorized[Repository, MayStar]) -> None:
    """As who asks. Doing so twice is doing so once."""
    user, now = _user_of(granted), forge.now()
    with forge.database.begin_write() as connection:
        if stars.put_mark(connection, mark, granted.subject.id, user.id, now):
            record_event(connection, granted.subject.id, user, _EVENTS[mark][0], {}, now)


def remove_mark(forge: Forge, mark: Mark, granted: Authorized[Repository, MayStar]) -> None:
    """Nothing happens where there is none."""
    user = _user_of(granted)
    with forge.database.begin_write() as connection:
        if stars.remove_mark(connection, mark, granted.subject.id, user.id):
            record_event(connection, granted.subject.id, user, _EVENTS[mark][1], {}, forge.now())


def is_marked(forge: Forge, mark: Mark, granted: Authorized[Repository, MaySee]) -> bool:
    """By who asks."""
    user = granted.identity.user
    if user is None:
        return False
    with forge.database.begin_read() as connection:
        return stars.is_marked(connection, mark, granted.subject.id, user.id)


def _user_of(granted: Authorized[Repository, MayStar]) -> User:
    if granted.identity.user is None:
        raise NotAllowed("only an account can star or watch a repository")
    return granted.identity.user


def marked_by(
    forge: Forge,
    mark: Mark,
    granted: Authorized[Repository, MaySee],
    *,
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Marking, ...], int]:
    """Who put it there in that time, the newest first, and how many they are in all."""
    with forge.database.begin_read() as connection:
        return stars.marked_by(connection, mark, granted.subject.id, between=between, offset=offset, limit=limit)


def marked_repositories(
    forge: Forge,
    mark: Mark,
    identity: Identity,
    user: User,
    *,
    order: RepositoryOrder = RepositoryOrder.CREATED,
    ascending: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> GrantedPage[Repository]:
    """What a user put it on, as far as the identity may see it now, and how many they are in all."""
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: stars.marked_repositories(
            connection, mark, user.id, viewer=eyes, order=order, ascending=ascending, offset=offset, limit=limit
        ),
    )


def repositories_marked_by(
    forge: Forge,
    mark: Mark,
    identity: Identity,
    name: str,
    *,
    order: RepositoryOrder = RepositoryOrder.CREATED,
    ascending: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> GrantedPage[Repository]:
    """As `marked_repositories`, of somebody who is named: as far as the identity may see them, who asks may know.

    Raises:
        MissingScope.
        NoSuchUser: there is none, or, to whoever is not signed in, none with anything to be seen.
    """
    require_scope(identity, *REPOSITORY_POLICY[Action.SEE].scopes)
    repositories, total = marked_repositories(
        forge,
        mark,
        identity,
        find_person(forge, name),
        order=order,
        ascending=ascending,
        offset=offset,
        limit=limit,
    )
    if identity.user is None and total == 0:
        raise no_such_user(name)
    return repositories, total


def visible_forks(
    forge: Forge,
    granted: Authorized[Repository, MaySee],
    *,
    order: ForkOrder = ForkOrder.NEWEST,
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> GrantedPage[Repository]:
    """The direct forks that the identity may see, and how many they are: what it may not see is not counted."""
    return granted_by_listing(
        forge,
        granted.identity,
        lambda connection, eyes: forks.list_forks(
            connection, granted.subject.id, viewer=eyes, order=order, between=between, offset=offset, limit=limit
        ),
    )

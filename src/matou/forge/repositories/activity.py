"""What somebody is shown of what happened to a repository."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from matou.db import events
from matou.db.conditions import ALWAYS, Between
from matou.db.events import Event
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import Action, Authorized, Identity, MayReadCode, may, viewer
from matou.forge.forge import Forge
from matou.model.events import EventKind

_OF_A_REF = frozenset({"ref", "before", "after", "title", "refs"})
_OF_A_MEMBER = frozenset({"userid", "username", "role", "permission"})

_PATHS = frozenset({"old_path", "new_path"})

SHOWN: Mapping[EventKind, frozenset[str]] = MappingProxyType(
    {
        EventKind.PUSH: _OF_A_REF,
        EventKind.BRANCH_CREATED: _OF_A_REF,
        EventKind.BRANCH_DELETED: _OF_A_REF,
        EventKind.TAG_CREATED: _OF_A_REF,
        EventKind.TAG_DELETED: _OF_A_REF,
        EventKind.MEMBER_ADDED: _OF_A_MEMBER,
        EventKind.MEMBER_CHANGED: _OF_A_MEMBER,
        EventKind.MEMBER_REMOVED: _OF_A_MEMBER,
        EventKind.SETTINGS_CHANGED: frozenset({"settings", "changed", "independent", "kind", "names"}),
        EventKind.FORKED: frozenset({"fork_id"}),
        EventKind.RENAMED: frozenset({"old_path", "new_path"}),
        EventKind.VISIBILITY_CHANGED: frozenset({"visibility"}),
        EventKind.UPLOADED: frozenset({"path", "size"}),
    }
)
"""Which details are shown, by kind; of a kind that is not here none are. In which namespace a fork or a repository
stood then is told to nobody: they may not be allowed to know that it is there."""

NEEDED: Mapping[EventKind, Action] = MappingProxyType(
    {
        EventKind.MEMBER_ADDED: Action.SEE_MEMBERS,
        EventKind.MEMBER_CHANGED: Action.SEE_MEMBERS,
        EventKind.MEMBER_REMOVED: Action.SEE_MEMBERS,
        EventKind.SETTINGS_CHANGED: Action.SEE_SETTINGS,
    }
)
"""What an event is shown for only to those who may do this, besides reading the code."""


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event as far as it is shown; `user` is None where nobody in particular caused it."""

    kind: EventKind
    user: User | None
    details: Mapping[str, object]
    created_at: datetime


def activity(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    *,
    kinds: Collection[EventKind] = tuple(EventKind),
    author: str = "",
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int,
) -> tuple[tuple[ShownEvent, ...], bool]:
    """One page of what happened, the newest first, and whether there is more.

    The caller has asked whether the identity may read the repository's code: events tell of branches and commits.

    Args:
        author: only what this user caused; empty for anybody.
    """
    shown, eyes = _shown_kinds(forge, granted.identity, granted.subject, kinds), viewer(forge, granted.identity)
    with forge.database.begin_read() as connection:
        rows = events.list_events(
            connection,
            granted.subject.id,
            viewer=eyes,
            kinds=shown,
            author=author,
            between=between,
            offset=offset,
            limit=limit + 1,
        )
    return tuple(_shown(event) for event in rows[:limit]), len(rows) > limit


def _shown_kinds(
    forge: Forge, identity: Identity, repository: Repository, kinds: Iterable[EventKind]
) -> tuple[EventKind, ...]:
    refused = {action for action in set(NEEDED.values()) if not may(forge, identity, action, repository)}
    return tuple(kind for kind in kinds if NEEDED.get(kind) not in refused)


def _shown(event: Event) -> ShownEvent:
    names = SHOWN.get(event.kind, frozenset())
    event_details = json.loads(event.details)
    details = {
        name: _last_part(value) if name in _PATHS else value for name, value in event_details.items() if name in names
    }
    return ShownEvent(event.kind, event.user, details, event.created_at)


def _last_part(path: object) -> str:
    return str(path).rpartition("/")[2]

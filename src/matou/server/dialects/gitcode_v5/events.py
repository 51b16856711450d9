"""38: what happened to a repository."""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from matou.db.conditions import Between
from matou.db.users import User
from matou.forge.access import MayReadCode, MaySee
from matou.forge.repositories.activity import ShownEvent, activity
from matou.model.events import EventKind
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.links import Links
from matou.server.api.params import PageParameters
from matou.server.api.route import repository_route
from matou.server.api.time_ranges import end_of, read_day, start_of

ACTIONS: Mapping[EventKind, tuple[int, str]] = MappingProxyType(
    {
        EventKind.CREATED: (1, "created"),
        EventKind.SETTINGS_CHANGED: (2, "updated"),
        EventKind.ARCHIVED: (3, "closed"),
        EventKind.REOPENED: (4, "reopened"),
        EventKind.PUSH: (5, "pushed to"),
        EventKind.MEMBER_REMOVED: (9, "left"),
        # The document's one sample. GitLab's own word for somebody who comes, 8 "joined", is about oneself.
        EventKind.MEMBER_ADDED: (22, "opened"),
        EventKind.BRANCH_CREATED: (101, "pushed new"),
        EventKind.BRANCH_DELETED: (102, "deleted"),
        EventKind.TAG_CREATED: (103, "pushed new"),
        EventKind.TAG_DELETED: (104, "deleted"),
        EventKind.MEMBER_CHANGED: (105, "member changed"),
        EventKind.STARRED: (106, "starred"),
        EventKind.UNSTARRED: (107, "unstarred"),
        EventKind.WATCHED: (108, "watched"),
        EventKind.UNWATCHED: (109, "unwatched"),
        EventKind.FORKED: (110, "forked"),
        EventKind.RENAMED: (111, "renamed"),
        EventKind.TRANSFERRED: (112, "transferred"),
        EventKind.VISIBILITY_CHANGED: (113, "visibility changed"),
        EventKind.UPLOADED: (114, "uploaded"),
    }
)
"""Up to 12 GitLab's numbers and words, from which GitCode's come; 22 GitCode's; from 101 on our own."""


class Filter(StrEnum):
    """What a caller may ask for."""

    ALL = "all"
    PUSH = "push"
    MERGED = "merged"
    ISSUE = "issue"
    COMMENTS = "comments"
    TEAM = "team"
    PROJECT = "project"


_PUSHES = frozenset(
    {
        EventKind.PUSH,
        EventKind.BRANCH_CREATED,
        EventKind.BRANCH_DELETED,
        EventKind.TAG_CREATED,
        EventKind.TAG_DELETED,
    }
)
_TEAM = frozenset({EventKind.MEMBER_ADDED, EventKind.MEMBER_CHANGED, EventKind.MEMBER_REMOVED})
KINDS: Mapping[Filter, frozenset[EventKind]] = MappingProxyType(
    {
        Filter.ALL: frozenset(EventKind),
        Filter.PUSH: _PUSHES,
        Filter.MERGED: frozenset(),
        Filter.ISSUE: frozenset(),
        Filter.COMMENTS: frozenset(),
        Filter.TEAM: _TEAM,
        Filter.PROJECT: frozenset(EventKind) - _PUSHES - _TEAM,
    }
)
"""`all` aside, each kind belongs to one filter."""


class EventsQuery(PageParameters, frozen=True, kw_only=True):
    """`before` and `after` are days."""

    filter: Filter = Filter.ALL
    author: str = ""
    before: str = ""
    after: str = ""


def list_events(context: RepositoryContext[MayReadCode], params: EventsQuery) -> wire.Events:
    rows, has_more = activity(
        context.forge,
        context.granted,
        kinds=KINDS[params.filter],
        author=params.author,
        between=read_span(params.before, params.after),
        offset=params.offset,
        limit=params.limit,
    )
    return wire.Events(events=[_event(context, event) for event in rows], has_next_page=has_more)


def read_span(before: str, after: str) -> Between:
    """Both are the two ends, whichever is which, and belong to it; one alone does not. Raises InvalidParameter."""
    earlier_than, later_than = read_day("before", before), read_day("after", after)
    if earlier_than is not None and later_than is not None:
        return Between(start_of(min(earlier_than, later_than)), end_of(max(earlier_than, later_than)))
    if later_than is not None:
        return Between(earliest=end_of(later_than) or start_of(later_than))
    return Between(end=None if earlier_than is None else start_of(earlier_than))


def _event(context: RepositoryContext[MaySee], event: ShownEvent) -> wire.GitCodeEvent:
    action, name = ACTIONS[event.kind]
    author = _author(context.links, event.user)
    return wire.GitCodeEvent(
        action=action,
        action_name=name,
        author=author,
        author_id=author.id,
        author_username=author.username,
        created_at=wire.zulu_moment(event.created_at),
        project_id=context.repository.id,
        title=_title(event.details),
        filter_sensitive=True,
    )


def _title(details: Mapping[str, object]) -> str:
    """The document's sample has people in lists, even one."""
    shown = {name: [value] if name in ("userid", "username") else value for name, value in details.items()}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _author(links: Links, user: User | None) -> wire.EventAuthor:
    """Without the e-mail, as the document shows it; nobody in particular has the number 0."""
    if user is None:
        return wire.EventAuthor(id=0, username="")
    return wire.EventAuthor(
        id=user.id,
        iam_id=f"{user.id:032x}",
        username=user.name,
        state="active" if user.active else "blocked",
        name=user.display_name,
        web_url=links.user(user.name),
    )


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/events",
        MayReadCode,
        EventsQuery,
        list_events,
        section=38,
        answer=wire.Events,
        choices=(
            "days are those of UTC+8; with both `before` and `after` they are the two ends of a range, both included"
            " and in either order; with one alone `before` is earlier than that day and `after` later than it, as at"
            " GitLab; an unknown filter is refused; `title` is JSON in a string for every kind; what changed in members"
            " or settings is shown to those who may see these"
        ),
    ),
)

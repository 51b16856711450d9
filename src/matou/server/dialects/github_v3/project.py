"""What a repository has but once: labels, milestones, members, webhooks."""

from typing import Final

from matou.db.memberships import Role
from matou.errors import NotFound
from matou.forge.access import MayReadConversation, MaySeeHooks, MaySeeMembers
from matou.forge.repositories.repository_members import members
from matou.model.metadata import WITHHELD, MemberGrant, Webhook
from matou.model.metadata.kinds import CHANGE, HOOK, ISSUE, MEMBER
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.queries import is_ascending
from matou.server.api.v5.served import at_conversation, reads_conversation
from matou.server.dialects.github_v3.identifiers import id_or_made
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, repository_url, user_row, written
from matou.server.dialects.github_v3.paging import GitHubPage, linked, page_of
from matou.server.dialects.github_v3.rows import GitHubRows, name_on_items

ReadContext = RepositoryContext[MayReadConversation]

_STATES: Final = ("open", "closed", "all")
_ROLES: Final = {"guest": "read", "reporter": "read", "developer": "write", "maintainer": "maintain", "owner": "admin"}


class NoSuchSavedLabel(NotFound):
    """The repository has no label of this name."""


class NoSuchSavedMilestone(NotFound):
    """The repository has no milestone of this number."""


class NoSuchSavedHook(NotFound):
    """The repository has no webhook of this id."""


class MilestoneListQuery(GitHubPage, frozen=True, kw_only=True):
    state: str = "open"
    sort: str = "due_on"
    direction: str = "asc"


def list_labels(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    labels = list(rows.labels_by_name.values())
    shown = [rows.label(one) for one in labels[params.offset :][: params.limit]]
    return linked(params, shown, len(labels), rows.url("labels"))


def show_label(context: ReadContext, _: Nothing) -> JsonRow:
    rows, name = GitHubRows.open(context), context.path["name"]
    found = rows.labels_by_name.get(name)
    if found is None:
        raise NoSuchSavedLabel("there is no label {name}", name=repr(name)[:100])
    return rows.label(found)


def list_milestones(context: ReadContext, params: MilestoneListQuery) -> ListPage:
    """Iterations and versions too."""
    rows = GitHubRows.open(context)
    keys = _milestones(rows, params)
    shown = [_with_counts(rows, key) for key in keys[params.offset :][: params.limit]]
    return linked(params, shown, len(keys), rows.url("milestones"))


def show_milestone(context: ReadContext, _: Nothing) -> JsonRow:
    rows, number = GitHubRows.open(context), context.path["number"]
    found = next((key for key, given in rows.milestone_numbers.items() if str(given) == number), None)
    if found is None:
        raise NoSuchSavedMilestone("there is no milestone {number}", number=repr(number)[:100])
    return _with_counts(rows, found)


def list_collaborators(context: RepositoryContext[MaySeeMembers], params: GitHubPage) -> ListPage:
    """As was saved of the platform, else whoever has a role here."""
    url = repository_url(context.links, context.repository.path, "collaborators")
    saved = _saved_members(context)
    if saved:
        return page_of(params, saved, url)
    found, total = members(context.forge, context.granted, offset=params.offset, limit=params.limit)
    shown = [{**user_row(context.links, one.user), **_rights(_WORDS.get(one.role, "guest"))} for one in found]
    return linked(params, shown, total, url)


def list_hooks(context: RepositoryContext[MaySeeHooks], params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    return page_of(params, [_hook(rows, one) for one in _hooks(rows)], rows.url("hooks"))


def show_hook(context: RepositoryContext[MaySeeHooks], _: Nothing) -> JsonRow:
    rows, text = GitHubRows.open(context), context.path["id"]
    shown = (_hook(rows, one) for one in _hooks(rows))
    found = next((row for row in shown if str(row["id"]) == text), None)
    if found is None:
        raise NoSuchSavedHook("there is no webhook {id}", id=repr(text)[:100])
    return found


def _milestones(rows: GitHubRows, params: MilestoneListQuery) -> list[str]:
    """Their keys, by the day on which they are due; those without one stand last. Raises InvalidParameter."""
    if params.state not in _STATES:
        raise InvalidParameter("state is open, closed or all, not {text}", text=repr(params.state)[:100])
    table = rows.milestones_by_key
    keys = [key for key, one in table.items() if params.state in ("all", one.state)]
    dated = sorted((key for key in keys if table[key].due), key=lambda key: table[key].due or "")
    if not is_ascending("direction", params.direction, "asc"):
        dated.reverse()
    return [*dated, *(key for key in keys if not table[key].due)]


def _with_counts(rows: GitHubRows, key: str) -> JsonRow:
    one = rows.milestones_by_key[key]
    column = "iteration" if one.kind == "iteration" else "milestone"
    counts = {"open": 0, "closed": 0}
    for kind in (ISSUE, CHANGE):
        for (number, state), count in rows.conversation.count_by(kind, column).items():
            if number == name_on_items(key, one):
                counts["open" if state == "open" else "closed"] += count
    return rows.milestone_row(key, counts)


def _saved_members(context: RepositoryContext[MaySeeMembers]) -> list[JsonRow]:
    """None where that was not saved, or this identity may not read it."""
    if not reads_conversation(context):
        return []
    rows = GitHubRows.open(context)
    grants: list[MemberGrant] = [one for one in rows.conversation.table(MEMBER).values() if one.gone_in is None]
    return [{**rows.author(one.person), **_rights(one.role)} for one in grants]


def _rights(role: str) -> dict[str, object]:
    writes, administers = role in ("developer", "maintainer", "owner"), role == "owner"
    maintains = role in ("maintainer", "owner")
    rights = {"pull": True, "triage": writes, "push": writes, "maintain": maintains, "admin": administers}
    return {"permissions": rights, "role_name": _ROLES[role]}


def _hooks(rows: GitHubRows) -> list[Webhook]:
    return [one for one in rows.conversation.table(HOOK).values() if one.gone_in is None]


def _hook(rows: GitHubRows, hook: Webhook) -> JsonRow:
    made = id_or_made(hook.id, "hook", rows.own_url, hook.id)
    url = rows.url("hooks", str(made))
    return {
        "type": "Repository",
        "id": made,
        "name": "web",
        "active": bool(hook.active),
        "events": list(hook.events),
        "config": {
            **({} if hook.url == WITHHELD else {"url": hook.url}),
            "content_type": hook.content_type or "json",
            "insecure_ssl": "0",
        },
        "updated_at": written(hook.updated_at or hook.at) or UNKNOWN_TIME,
        "created_at": written(hook.at) or UNKNOWN_TIME,
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }


_WORDS: Final = {
    Role.GUEST: "guest",
    Role.REPORTER: "reporter",
    Role.DEVELOPER: "developer",
    Role.MAINTAINER: "maintainer",
    Role.OWNER: "owner",
}
_ROW = dict[str, object]
_REPOSITORY: Final = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        f"{_REPOSITORY}/labels",
        MayReadConversation,
        GitHubPage,
        list_labels,
        answer=list[_ROW],
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/labels/{{name}}",
        MayReadConversation,
        Nothing,
        show_label,
        answer=_ROW,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/milestones",
        MayReadConversation,
        MilestoneListQuery,
        list_milestones,
        answer=list[_ROW],
        cache_key=at_conversation,
        choices="iterations and versions too, numbered behind milestones; by the day on which they are due",
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/milestones/{{number}}",
        MayReadConversation,
        Nothing,
        show_milestone,
        answer=_ROW,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/collaborators",
        MaySeeMembers,
        GitHubPage,
        list_collaborators,
        answer=list[_ROW],
        choices="of what was saved with its members those at the platform, else everybody who has a role that counts",
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/hooks",
        MaySeeHooks,
        GitHubPage,
        list_hooks,
        answer=list[_ROW],
        choices="those of the platform, which nothing here calls; address and secret were never saved",
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/hooks/{{id}}",
        MaySeeHooks,
        Nothing,
        show_hook,
        answer=_ROW,
        choices="as in the list",
    ),
)

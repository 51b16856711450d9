"""The filters and orders that clients of an API v5 send, and what of the index they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from matou.db.conditions import Between
from matou.db.items import ItemOrder, ItemQuery
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.server.api.params import LARGEST_PER_PAGE, InvalidParameter, PageParameters
from matou.server.api.time_ranges import read_between, read_moment
from matou.server.api.v5.rows import ConversationRows

NOBODY: Final = frozenset({"none", "*"})
WHOLE: Final = 100_000
"""Rows of a list that has no pages."""

MOST_LABELS: Final = 100
"""No item has as many."""

_ORDERS: Final = {
    "": ItemOrder.CREATED,
    "created": ItemOrder.CREATED,
    "created_at": ItemOrder.CREATED,
    "updated": ItemOrder.UPDATED,
    "updated_at": ItemOrder.UPDATED,
}
_DIRECTIONS: Final = {"asc": True, "desc": False}


@dataclass(frozen=True, slots=True)
class StateFilter:
    """What a word for a state means; None for any."""

    states: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None


class WholeUnlessPaged(PageParameters, frozen=True, kw_only=True):
    """Of a list that has no pages: all of it, unless one is asked for."""

    per_page: int = 0

    @property
    def limit(self) -> int:
        return min(self.per_page, LARGEST_PER_PAGE) if self.per_page > 0 else WHOLE if self.page <= 1 else 20


class OrderedQuery(PageParameters, frozen=True, kw_only=True):
    """`sort` is a field, or, as GitCode's running API has it for issues, a direction beside `order_by`."""

    sort: str = ""
    direction: str = ""
    order_by: str = ""


class IssuesQuery(OrderedQuery, frozen=True, kw_only=True):
    """`milestone` is a title or a number; `labels` names with commas between them, all of which an issue must have."""

    state: str = ""
    labels: str = ""
    since: str = ""
    milestone: str = ""
    assignee: str = ""
    creator: str = ""
    created_at: str = ""
    created_after: str = ""
    created_before: str = ""
    updated_after: str = ""
    updated_before: str = ""
    finished_at: str = ""
    search: str = ""


class ChangesQuery(OrderedQuery, frozen=True, kw_only=True):
    """`head` and `base` are branches; `assignee` and `reviewer` both somebody who was asked for a review. `only_count`
    asks how many there are of each state, whatever `state` is."""

    state: str = ""
    labels: str = ""
    since: str = ""
    head: str = ""
    base: str = ""
    milestone_number: str = ""
    author: str = ""
    assignee: str = ""
    reviewer: str = ""
    tester: str = ""
    created_after: str = ""
    created_before: str = ""
    updated_after: str = ""
    updated_before: str = ""
    merged_after: str = ""
    merged_before: str = ""
    only_count: bool = False


class CommentsQuery(PageParameters, frozen=True, kw_only=True):
    """`order` is the direction where comments are of one item."""

    sort: str = ""
    direction: str = ""
    order: str = ""
    since: str = ""


class ChangeCommentsQuery(CommentsQuery, frozen=True, kw_only=True):
    """`comment_type`: diff_comment for those on lines, pr_comment for the others."""

    comment_type: str = ""


class MilestonesQuery(PageParameters, frozen=True, kw_only=True):
    state: str = "open"
    sort: str = ""
    direction: str = "asc"


class DirectedQuery(PageParameters, frozen=True, kw_only=True):
    direction: str = "desc"


class OperationLogQuery(WholeUnlessPaged, frozen=True, kw_only=True):
    sort: str = "desc"


class IssueLogQuery(OperationLogQuery, frozen=True, kw_only=True):
    """The path of an issue's log names its owner alone."""

    repo: str


class LinkedChangesQuery(WholeUnlessPaged, frozen=True, kw_only=True):
    """Where the path names the issue's owner alone."""

    repo: str


class IssueSearchQuery(PageParameters, frozen=True, kw_only=True):
    """`repo` is `owner/name`."""

    q: str
    repo: str = ""
    state: str = ""
    sort: str = ""
    order: str = "desc"


def is_ascending(name: str, text: str, default: str) -> bool:
    """Raises InvalidParameter."""
    ascending = _DIRECTIONS.get(text or default)
    if ascending is None:
        raise InvalidParameter("{name} is asc or desc, not {text}", name=name, text=repr(text)[:100])
    return ascending


def read_order(params: OrderedQuery) -> tuple[ItemOrder, bool]:
    """Raises InvalidParameter."""
    is_direction = params.sort in _DIRECTIONS
    direction = params.direction or (params.sort if is_direction else "")
    word = params.order_by or ("" if is_direction else params.sort)
    if word not in _ORDERS:
        raise InvalidParameter("sort is created or updated, not {text}", text=repr(word)[:100])
    return _ORDERS[word], is_ascending("direction", direction, "desc")


def read_state(words: Mapping[str, StateFilter], text: str) -> StateFilter:
    """Raises InvalidParameter."""
    found = words.get(text)
    if found is None:
        raise InvalidParameter(
            "state is {given}; it can be {known}", given=repr(text)[:100], known=", ".join(filter(None, words))
        )
    return found


def issue_query(rows: ConversationRows, words: Mapping[str, StateFilter], params: IssuesQuery) -> ItemQuery:
    """Raises InvalidParameter."""
    order, ascending = read_order(params)
    state = read_state(words, params.state)
    return ItemQuery(
        kind=ISSUE.name,
        states=state.states,
        status_groups=state.groups,
        labels=_names(params.labels),
        author=params.creator,
        assignee=_somebody("assignee", params.assignee),
        milestone=_milestone(rows, params.milestone),
        created=_from(read_between("created", params.created_after, params.created_before), params.created_at),
        updated=_from(read_between("updated", params.updated_after, params.updated_before), params.since),
        closed=_from(Between(None, None), params.finished_at),
        order=order,
        ascending=ascending,
    )


def change_query(words: Mapping[str, StateFilter], params: ChangesQuery) -> ItemQuery:
    """Raises InvalidParameter."""
    order, ascending = read_order(params)
    state = read_state(words, params.state)
    return ItemQuery(
        kind=CHANGE.name,
        states=state.states,
        labels=_names(params.labels),
        author=params.author,
        reviewer=_somebody("reviewer", params.reviewer or params.assignee),
        tester=_somebody("tester", params.tester),
        milestone=params.milestone_number or None,
        head_branch=params.head.rpartition(":")[2] or None,
        base_branch=params.base.rpartition(":")[2] or None,
        created=read_between("created", params.created_after, params.created_before),
        updated=_from(read_between("updated", params.updated_after, params.updated_before), params.since),
        merged=read_between("merged", params.merged_after, params.merged_before),
        order=order,
        ascending=ascending,
    )


def _names(text: str) -> tuple[str, ...]:
    """Raises InvalidParameter."""
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    if len(names) > MOST_LABELS:
        raise InvalidParameter("labels are at most {count}", count=MOST_LABELS)
    return names


def _somebody(name: str, text: str) -> str:
    """Raises InvalidParameter for the words that stand for nobody and for anybody."""
    if text in NOBODY:
        raise InvalidParameter("{name} is the login of somebody, not {text}", name=name, text=repr(text))
    return text


def _milestone(rows: ConversationRows, text: str) -> str | None:
    """By title or by number; the empty one is for those without any, and what there is not is nobody's."""
    if not text or text == "*":
        return None
    if text == "none":
        return ""
    titled = (one.number for one in rows.milestones() if one.title == text)
    return next(titled, text)


def _from(between: Between, since: str) -> Between:
    """From the later of both on."""
    start = read_moment("since", since)
    both = [one for one in (between.earliest, start) if one is not None]
    return Between(max(both, default=None), between.end)

"""Which issues a request of CODING asks for: its type, its conditions and its order, as the index knows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from matou.db.conditions import Between
from matou.db.items import ItemOrder, ItemQuery
from matou.model.metadata.kinds import ISSUE, LABEL
from matou.platforms.coding.metadata_issues import PRIORITIES, STATUS_GROUPS, TYPE_GROUPS
from matou.platforms.coding.wire import CHINA
from matou.platforms.coding.wire_requests_metadata import ALL_TYPES, IssueCondition
from matou.server.api.params import InvalidParameterValue
from matou.server.dialects.coding.issue_rows import issues_among
from matou.server.dialects.coding.saved import SavedRows

ORDERS: Final[Mapping[str, ItemOrder]] = {
    "": ItemOrder.NUMBER,
    "CODE": ItemOrder.NUMBER,
    "CREATED_AT": ItemOrder.CREATED,
    "UPDATED_AT": ItemOrder.UPDATED,
}
DIRECTIONS: Final[Mapping[str, bool]] = {"": False, "DESC": False, "ASC": True}
SUB_TASK: Final = "SUB_TASK"


@dataclass(frozen=True, slots=True)
class IssueListing:
    """What is listed; `search` is words in its texts."""

    wanted: ItemQuery
    search: str = ""


def issue_listing(
    rows: SavedRows[Any],
    issue_type: str,
    conditions: Sequence[IssueCondition],
    sort: tuple[str, str],
    *,
    has_subtasks: bool,
) -> IssueListing:
    """Args: sort: key and direction.

    Raises:
        InvalidParameterValue: there is no such type, order or condition, or none that the index knows.
    """
    key, direction = sort
    if key.upper() not in ORDERS or direction.upper() not in DIRECTIONS:
        raise InvalidParameterValue(
            "the order {key} {direction} is not known; {orders} are",
            key=repr(key)[:100],
            direction=repr(direction)[:100],
            orders=", ".join(filter(None, ORDERS)),
        )
    wanted = ItemQuery(
        kind=ISSUE.name,
        types=_types(rows, issue_type.upper(), has_subtasks=has_subtasks),
        order=ORDERS[key.upper()],
        ascending=DIRECTIONS[direction.upper()],
    )
    listing = IssueListing(wanted)
    for condition in conditions:
        narrow = NARROWED.get(condition.key.upper())
        if narrow is None or condition.const_value:
            raise InvalidParameterValue("a condition on {key} is not answered here", key=repr(condition.key)[:100])
        listing = narrow(rows, listing, condition.value)
    return listing


def _types(rows: SavedRows[Any], code: str, *, has_subtasks: bool) -> tuple[str, ...] | None:
    """The names of the types that come to a type of CODING's; None for all of them."""
    if code != ALL_TYPES and code not in TYPE_GROUPS:
        raise InvalidParameterValue(
            "IssueType is {given}, not {known}", given=repr(code)[:100], known=", ".join((ALL_TYPES, *TYPE_GROUPS))
        )
    if code == ALL_TYPES and has_subtasks:
        return None
    kinds = [one.type for one in issues_among(rows.conversation.one_of_each(ISSUE, "type")) if one.type]
    if code != ALL_TYPES:
        return tuple(kind.name for kind in kinds if kind.group == TYPE_GROUPS[code])
    return tuple(kind.name for kind in kinds if kind.group != TYPE_GROUPS[SUB_TASK])


def _updated(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, wanted=replace(listing.wanted, updated=read_range(value)))


def _created(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, wanted=replace(listing.wanted, created=read_range(value)))


def _priority(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    names = [PRIORITIES.get(code, code) for code in _several(value)]
    return replace(listing, wanted=replace(listing.wanted, priorities=names))


def _status(rows: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    """By the numbers of statuses."""
    known = [one.status for one in issues_among(rows.conversation.one_of_each(ISSUE, "status")) if one.status]
    ids = _several(value)
    return replace(listing, wanted=replace(listing.wanted, statuses=[one.name for one in known if one.id in ids]))


def _status_type(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    groups = [STATUS_GROUPS.get(code.lower(), code) for code in _several(value)]
    return replace(listing, wanted=replace(listing.wanted, status_groups=groups))


def _issue_type(rows: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    before = listing.wanted.types
    found = (name for code in _several(value) for name in _types(rows, code.upper(), has_subtasks=False) or ())
    names = [name for name in found if before is None or name in before]
    return replace(listing, wanted=replace(listing.wanted, types=names))


def _keyword(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, search=value)


def _creator(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, wanted=replace(listing.wanted, author=_one("CREATOR", value)))


def _assignee(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, wanted=replace(listing.wanted, assignee=_one("ASSIGNEE", value)))


def _label(rows: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    id_ = _one("LABEL", value)
    name = next((label.name for label in rows.conversation.table(LABEL).values() if label.id == id_), id_)
    return replace(listing, wanted=replace(listing.wanted, labels=[name]))


def _iteration(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    """By its code."""
    return replace(listing, wanted=replace(listing.wanted, iteration=_one("ITERATION", value)))


def _parent(_: SavedRows[Any], listing: IssueListing, value: str) -> IssueListing:
    return replace(listing, wanted=replace(listing.wanted, parent=_one("PARENT", value)))


Narrow = Callable[[SavedRows[Any], IssueListing, str], IssueListing]
NARROWED: Final[Mapping[str, Narrow]] = {
    "UPDATED_AT": _updated,
    "CREATED_AT": _created,
    "PRIORITY": _priority,
    "STATUS": _status,
    "STATUS_TYPE": _status_type,
    "ISSUE_TYPE": _issue_type,
    "KEYWORD": _keyword,
    "CREATOR": _creator,
    "ASSIGNEE": _assignee,
    "LABEL": _label,
    "ITERATION": _iteration,
    "PARENT": _parent,
}
"""By the key of a condition."""


def read_range(value: str) -> Between:
    """`2020-08-01_2020-08-31`, a closed range by China's clock; of a time the second that is named is within.

    Raises:
        InvalidParameterValue: it is none.
    """
    first, separator, last = value.partition("_")
    begin, end = _moment(first), _moment(last)
    if not separator or begin is None or end is None:
        raise InvalidParameterValue("{value} is no range of days or times", value=repr(value)[:100])
    is_day = len(last.strip()) == len("2020-08-31")
    try:
        return Between(begin, end + (timedelta(days=1) if is_day else timedelta(seconds=1)))
    except OverflowError:
        return Between(begin)


def _moment(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=CHINA)


def _several(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")]


def _one(key: str, value: str) -> str:
    """Raises InvalidParameterValue where there are several."""
    [first, *more] = _several(value)
    if more or not first:
        raise InvalidParameterValue(
            "a condition on {key} names one here, not {value}", key=key, value=repr(value)[:100]
        )
    return first

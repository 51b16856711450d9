"""What a GitLab tells of an item elsewhere: links between issues, emoji, epics, and the rules of approvals."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from msgspec import UNSET, UnsetType

from matou.errors import UnknownShape
from matou.model.metadata import Comment, Issue, IssueType, Item, ItemLink, JsonObject, MetadataValue, Reaction
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead, TableRead
from matou.platforms.base.metadata_values import Rules, day_of, leftover, markdown, time_of
from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitlab.metadata_items import ITEM, STATES
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople
from matou.platforms.gitlab.wire_issues import GitLabItem, GitLabUser


class GitLabLinkedIssue(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues/:iid/links`: the other issue, and how it is linked."""

    iid: int
    project_id: int
    web_url: str | UnsetType | None = UNSET
    link_type: str
    issue_link_id: int | UnsetType | None = UNSET
    link_created_at: str | UnsetType | None = UNSET
    link_updated_at: str | UnsetType | None = UNSET


class GitLabAward(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/award_emoji`."""

    id: int
    name: str
    user: GitLabUser | UnsetType | None = UNSET


class GitLabEpic(GitLabItem, frozen=True, kw_only=True):
    """One of `GET /groups/:id/epics`. Its parent may be another group's."""

    group_id: int | UnsetType | None = UNSET
    parent_iid: int | UnsetType | None = UNSET
    confidential: bool | UnsetType | None = UNSET
    start_date: str | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET


LINKS: Final[Mapping[str, Literal["relates", "blocks", "blocked_by"]]] = {
    "relates_to": "relates",
    "blocks": "blocks",
    "is_blocked_by": "blocked_by",
}

AWARD: Final[Rules] = {
    **dict.fromkeys(("name", "user", "awardable_id", "awardable_type", "url")),
}

EPIC: Final[Rules] = {
    **ITEM,
    **dict.fromkeys(("confidential", "parent_iid", "group_id", "work_item_id")),
    # Counts, addresses, and times that follow from those that are kept.
    **dict.fromkeys(("start_date_from_inherited_source", "due_date_from_inherited_source", "end_date")),
}


def with_links(read: ItemRead, project: str, values: Iterable[object]) -> ItemRead:
    """With the issues that it is linked with; when that was done stands in `extra`. Raises UnknownShape.

    Args:
        project: the id of its own.
    """
    rows = [DECODER.read(GitLabLinkedIssue, value) for value in values]
    links = tuple(_link_of(row, project) for row in rows)
    made = [_making_of(row) for row in rows]
    item = _item_in(read)
    extra = {**(item.extra or {}), **({"issue_links": made} if made else {})}
    return replace(read, item=_changed(item, links=links, extra=extra or None))


def _link_of(row: GitLabLinkedIssue, project: str) -> ItemLink:
    if row.link_type not in LINKS:
        raise UnknownShape("gitlab IssueLink.link_type", row.link_type)
    to = str(row.iid) if str(row.project_id) == project else row.web_url or f"{row.project_id}#{row.iid}"
    return ItemLink(kind=LINKS[row.link_type], to=to)


def _making_of(row: GitLabLinkedIssue) -> JsonObject:
    given = original_of(row)
    names = ("issue_link_id", "link_created_at", "link_updated_at", "iid", "project_id")
    return {name: given[name] for name in names if given.get(name) is not None}


def with_links_of(read: ItemRead, before: MetadataValue | None) -> ItemRead:
    """As they were before, where they were not told."""
    if not isinstance(before, Item):
        return read
    item, known = _item_in(read), (before.extra or {}).get("issue_links")
    extra = {**(item.extra or {}), **({"issue_links": known} if known else {})}
    return replace(read, item=_changed(item, links=before.links, extra=extra or None))


def awards_of(values: Iterable[object], named: GitLabPeople) -> tuple[tuple[Reaction, ...], list[JsonObject]]:
    """Reactions in the order in which each was first given, and what else is told of them. Raises UnknownShape."""
    given: dict[str, list[str]] = {}
    rest: list[JsonObject] = []
    for value in values:
        row = DECODER.read(GitLabAward, value)
        key = named.key_of(row.user)
        given.setdefault(row.name, []).extend([key] if key else [])
        rest.append({"name": row.name, **({"by": key} if key else {}), **leftover(original_of(row), AWARD)})
    return tuple(Reaction(name=name, by=tuple(by)) for name, by in given.items()), rest


def with_awards(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With the emoji on the item itself."""
    named, item = GitLabPeople(), _item_in(read)
    reactions, rest = awards_of(values, named)
    extra = {**(item.extra or {}), **({"award_emoji": rest} if rest else {})}
    return replace(
        read, item=_changed(item, reactions=reactions, extra=extra or None), people=(*read.people, *named.seen)
    )


def with_awards_on(comment: Comment, values: Iterable[object], named: GitLabPeople) -> Comment:
    reactions, rest = awards_of(values, named)
    extra = {**(comment.extra or {}), **({"award_emoji": rest} if rest else {})}
    return replace(comment, reactions=reactions, extra=extra or None)


def epic_of(value: object) -> ItemRead:
    """An epic of a group, as an issue of the namespace. Raises UnknownShape."""
    row, named = DECODER.read(GitLabEpic, value), GitLabPeople()
    if row.state not in STATES:
        raise UnknownShape("gitlab Epic.state", row.state)
    given = original_of(row)
    parent = _parent_of(row, given)
    elsewhere = {"parent_iid": row.parent_iid} if row.parent_iid and parent is None else {}
    item = Issue(
        number=str(row.iid),
        id=str(row.id),
        title=row.title,
        text=markdown(row.description),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        state=STATES[row.state],
        type=IssueType(name="epic", group="epic"),
        labels=tuple(row.labels or ()),
        parent=parent,
        start=day_of(row.start_date),
        due=day_of(row.due_date),
        confidential=row.confidential or None,
        url=row.web_url or None,
        extra={**leftover(given, EPIC), **elsewhere} or None,
    )
    return ItemRead(item=item, people=named.seen)


def _parent_of(row: GitLabEpic, given: JsonObject) -> str | None:
    """Its number, where it is of the same group: its address alone says so."""
    links = given.get("_links")
    address = links.get("parent") if isinstance(links, Mapping) else None
    own = f"/groups/{row.group_id}/epics/{row.parent_iid}"
    return str(row.parent_iid) if row.parent_iid and isinstance(address, str) and address.endswith(own) else None


def with_issues_of_epic(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With the addresses of the issues that belong to it, which are of projects. Raises UnknownShape."""
    addresses = [address for value in values if (address := _address_in(value)) is not None]
    item = _item_in(read)
    extra = {**(item.extra or {}), **({"issues": addresses} if addresses else {})}
    return replace(read, item=_changed(item, extra=extra or None))


def approval_settings(rules: Iterable[object], configuration: object) -> TableRead:
    """Who has to approve, as the platform gives it."""
    return TableRead(rows=({"approval_rules": list(rules), "approvals": configuration},))


def _address_in(value: object) -> str | None:
    address = value.get("web_url") if isinstance(value, Mapping) else None
    return address if isinstance(address, str) else None


def _item_in(read: ItemRead) -> Item:
    assert isinstance(read.item, Item)  # noqa: S101 - as its callers read
    return read.item


def _changed(item: Item, **changes: Any) -> Item:
    return replace(item, **changes)

"""GitLab's labels, milestones, boards, releases, members, webhooks and protections as metadata."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    WITHHELD,
    Board,
    BoardColumn,
    LabelDefinition,
    MemberGrant,
    Milestone,
    ProtectionRule,
    ReleaseAsset,
    SavedRelease,
    Webhook,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead, TableRead
from matou.platforms.base.metadata_values import Rules, color_of, day_of, is_time, leftover, markdown, time_of
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople, is_person
from matou.platforms.gitlab.wire_issues import GitLabLabel, GitLabMilestone
from matou.platforms.gitlab.wire_project import (
    GitLabAccessLevel,
    GitLabBoard,
    GitLabBoardList,
    GitLabHook,
    GitLabMember,
    GitLabProtectedBranch,
    GitLabProtectedTag,
    GitLabRelease,
    GitLabReleaseLink,
)

MILESTONE_STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"active": "open", "closed": "closed"}

LABEL: Final[Rules] = {
    **dict.fromkeys(("id", "name", "color", "description", "description_html", "text_color", "subscribed")),
    # Counts of what issues and merge requests say.
    **dict.fromkeys(("open_issues_count", "closed_issues_count", "open_merge_requests_count")),
    "is_project_label": lambda value: value is True,
    "archived": lambda value: value is False,
}

MILESTONE: Final[Rules] = {
    **dict.fromkeys(("id", "title", "description", "state", "project_id", "web_url", "expired", "issue_stats")),
    **dict.fromkeys(("created_at", "updated_at", "start_date", "due_date"), is_time),
}

RELEASE: Final[Rules] = {
    **dict.fromkeys(("tag_name", "name", "description", "description_html", "commit", "assets", "milestones")),
    **dict.fromkeys(("_links", "commit_path", "tag_path")),
    **dict.fromkeys(("created_at", "released_at"), is_time),
    "author": is_person,
    **dict.fromkeys(("upcoming_release", "historical_release"), lambda value: value is False),
    "evidences": lambda value: value == [],
}

ASSET: Final[Rules] = dict.fromkeys(("id", "name", "url", "direct_asset_url", "external"))

BOARD: Final[Rules] = {
    **dict.fromkeys(("id", "name", "lists", "project", "group")),
    **dict.fromkeys(("hide_backlog_list", "hide_closed_list"), lambda value: value is False),
    "labels": lambda value: value == [],
}

HOOK: Final[Rules] = {
    **dict.fromkeys(("id", "name", "project_id", "group_id", "url")),
    # What the last calls of it gave.
    **dict.fromkeys(("alert_status", "disabled_until")),
    "created_at": is_time,
}
EVENTS_OF_HOOK: Final = "_events"
"""How the names end of what says whether it is called then."""

BRANCH_PROTECTION: Final[Rules] = dict.fromkeys(("id", "name", "allow_force_push"))

ROLES: Final[Mapping[int, Literal["guest", "reporter", "developer", "maintainer", "owner"]]] = {
    5: "guest",
    10: "guest",
    15: "guest",
    20: "reporter",
    25: "reporter",
    30: "developer",
    40: "maintainer",
    50: "owner",
    60: "owner",
}
OWN_LEVELS: Final = frozenset({10, 20, 30, 40, 50})
"""Those that our words are as good for: any other stands in `extra`."""


def labels_of(values: Iterable[object]) -> TableRead:
    """A project's own label counts where a group above it has one of the same name."""
    rows = [DECODER.read(GitLabLabel, value) for value in values]
    return TableRead(rows=tuple(map(_label_of, sorted(rows, key=lambda row: row.is_project_label is True))))


def _label_of(row: GitLabLabel) -> LabelDefinition:
    return LabelDefinition(
        name=row.name,
        id=str(row.id) if row.id else None,
        color=color_of(row.color),
        description=row.description or None,
        exclusive="::" in row.name or None,
        extra=leftover(original_of(row), LABEL) or None,
    )


def milestones_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape."""
    return TableRead(rows=tuple(_milestone_of(DECODER.read(GitLabMilestone, value)) for value in values))


def _milestone_of(row: GitLabMilestone) -> Milestone:
    """Its number is its id: that which people see is the number of a group's as well."""
    if row.state and row.state not in MILESTONE_STATES:
        raise UnknownShape("gitlab Milestone.state", row.state)
    return Milestone(
        number=str(row.id),
        id=str(row.id),
        title=row.title,
        text=markdown(row.description or None),
        state=MILESTONE_STATES[row.state or "active"],
        start=day_of(row.start_date),
        due=day_of(row.due_date),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        kind="milestone",
        extra=leftover(original_of(row), MILESTONE) or None,
    )


def boards_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(_board_of(DECODER.read(GitLabBoard, value)) for value in values))


def _board_of(row: GitLabBoard) -> Board:
    """Which issues are in a column their labels say."""
    columns = sorted(row.lists or (), key=lambda one: one.position or 0)
    return Board(
        id=str(row.id),
        name=row.name,
        columns=tuple(BoardColumn(id=str(one.id), name=_name_of(one)) for one in columns),
        extra=leftover(original_of(row), BOARD) or None,
    )


def _name_of(column: GitLabBoardList) -> str:
    if column.label:
        return column.label.name
    if column.assignee:
        return f"@{column.assignee.username}"
    return column.milestone.title if column.milestone else str(column.id)


def release_of(value: object, is_kept: Callable[[str], bool]) -> ItemRead:
    """A release. What it links to and the project does not keep stands in `extra`: it may be a page anywhere.

    Args:
        is_kept: whether an address is that of a file which the project keeps.

    Raises:
        UnknownShape.
    """
    row, named = DECODER.read(GitLabRelease, value), GitLabPeople()
    links = (row.assets.links if row.assets else None) or []
    kept = [link for link in links if is_kept(link.url)]
    elsewhere = [dict(original_of(link)) for link in links if link not in kept]
    milestones = [str(one.id) for one in row.milestones or ()]
    extra = {
        **leftover(original_of(row), RELEASE),
        **({"links": elsewhere} if elsewhere else {}),
        **({"milestones": milestones} if milestones else {}),
    }
    assets = tuple(map(_asset_of, kept))
    item = SavedRelease(
        tag=row.tag_name,
        name=row.name or row.tag_name,
        text=markdown(row.description),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        published_at=time_of(row.released_at),
        draft=False,
        prerelease=False,
        commit=row.commit.id if row.commit else None,
        assets=assets,
        extra=extra or None,
    )
    return ItemRead(item=item, people=named.seen, addresses={asset.url: asset.url for asset in assets})


def _asset_of(row: GitLabReleaseLink) -> ReleaseAsset:
    return ReleaseAsset(id=str(row.id), name=row.name, url=row.url, extra=leftover(original_of(row), ASSET) or None)


def members_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape: there is a level that has no name here."""
    named, rows = GitLabPeople(), []
    for value in values:
        row = DECODER.read(GitLabMember, value)
        key = named.key_of(row)
        if row.access_level not in ROLES:
            raise UnknownShape("gitlab Member.access_level", row.access_level)
        if key is not None:
            rows.append(MemberGrant(person=key, role=ROLES[row.access_level], extra=_of_grant(row) or None))
    return TableRead(rows=tuple(rows), people=named.seen)


def _of_grant(row: GitLabMember) -> dict[str, object]:
    given = original_of(row)
    kept = {key: given[key] for key in ("expires_at", "member_role") if given.get(key) is not None}
    return kept if row.access_level in OWN_LEVELS else {**kept, "access_level": row.access_level}


def hooks_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(_hook_of(DECODER.read(GitLabHook, value)) for value in values))


def _hook_of(row: GitLabHook) -> Webhook:
    """Whoever knows its address may post to it, so that no record has that either. Nobody is told its token."""
    given = original_of(row)
    switches = {key: value for key, value in given.items() if key.endswith(EVENTS_OF_HOOK) and isinstance(value, bool)}
    return Webhook(
        id=str(row.id),
        name=row.name or None,
        url=WITHHELD,
        events=tuple(key.removesuffix(EVENTS_OF_HOOK) for key in sorted(switches) if switches[key]),
        at=time_of(row.created_at),
        extra=leftover(given, {**HOOK, **dict.fromkeys(switches)}) or None,
    )


def protections_of(branches: Iterable[object], tags: Iterable[object]) -> TableRead:
    """Who may, in GitLab's own words; whom these are in numbers stands in `extra`."""
    rules = [_branch_rule(DECODER.read(GitLabProtectedBranch, value)) for value in branches]
    for value in tags:
        row = DECODER.read(GitLabProtectedTag, value)
        extra = leftover(original_of(row), {"name": None})
        push = _levels(row.create_access_levels or ())
        rules.append(ProtectionRule(pattern=row.name, target="tag", push=push, extra=extra or None))
    return TableRead(rows=tuple(rules))


def _branch_rule(row: GitLabProtectedBranch) -> ProtectionRule:
    return ProtectionRule(
        id=str(row.id) if row.id else None,
        pattern=row.name,
        target="branch",
        push=_levels(row.push_access_levels or ()),
        merge=_levels(row.merge_access_levels or ()),
        force_push=row.allow_force_push if isinstance(row.allow_force_push, bool) else None,
        extra=leftover(original_of(row), BRANCH_PROTECTION) or None,
    )


def _levels(levels: Iterable[GitLabAccessLevel]) -> tuple[str, ...]:
    return tuple(str(one.access_level_description) for one in levels if one.access_level_description)

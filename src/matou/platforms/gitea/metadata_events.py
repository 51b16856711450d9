"""What was done to an issue or a pull request at a Gitea: its timeline without what stands elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from matou.model.metadata import EventAction, TimelineEvent
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import Rules, is_time, leftover, time_of
from matou.platforms.base.v5_mapping import with_events
from matou.platforms.gitea.metadata_people import DECODER, GiteaPeople, is_person
from matou.platforms.gitea.wire_issues import GiteaEvent

ACTIONS: Final[Mapping[str, EventAction]] = {
    "close": "closed",
    "reopen": "reopened",
    "change_title": "renamed",
    "issue_ref": "referenced",
    "commit_ref": "referenced",
    "comment_ref": "referenced",
    "pull_ref": "referenced",
    "merge_pull": "merged",
    "pull_push": "head_changed",
    "change_target_branch": "base_changed",
    "review_request": "review_requested",
    "lock": "locked",
}
"""A label, a milestone and an assignee are told with whether they were taken away."""

SAVED_ELSEWHERE: Final = frozenset({"comment", "review", "code"})

EVENT: Final[Rules] = {
    **dict.fromkeys(("id", "type", "html_url", "pull_request_url", "issue_url")),
    **dict.fromkeys(("user", "assignee"), is_person),
    **dict.fromkeys(("created_at", "updated_at"), is_time),
    **dict.fromkeys(("body", "old_title", "new_title", "old_ref", "new_ref"), lambda value: value == ""),
    **dict.fromkeys(("old_project_id", "project_id"), lambda value: value == 0),
    "removed_assignee": lambda value: value is False,
}


def with_timeline(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what was done to it. Raises UnknownShape."""
    named = GiteaPeople()
    rows = (DECODER.read(GiteaEvent, value) for value in values)
    events = [_event_of(row, named) for row in rows if row.type not in SAVED_ELSEWHERE]
    return with_events(read, events, named.seen)


def _event_of(row: GiteaEvent, named: GiteaPeople) -> TimelineEvent:
    """What nobody has a word for is kept with the name that Gitea gives it."""
    given = original_of(row)
    kind = _kind_of(row.type, given)
    assignee = named.key_of(row.assignee)
    return TimelineEvent(
        id=str(row.id),
        kind=kind,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        data={**leftover(given, EVENT), **({"assignee": assignee} if assignee else {})},
        text=row.type if kind == "other" else None,
    )


def _kind_of(type_: str, given: Mapping[str, object]) -> EventAction:
    if type_ == "label":
        return "labeled" if given.get("body") == "1" else "unlabeled"
    if type_ == "milestone":
        return "milestoned" if given.get("milestone") else "demilestoned"
    if type_ == "assignees":
        return "unassigned" if given.get("removed_assignee") else "assigned"
    return ACTIONS.get(type_, "other")

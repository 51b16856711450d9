"""What was done to an issue or a merge request at a GitLab: its resource events, and what the server wrote of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from matou.model.metadata import EventAction, TimelineEvent
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import Rules, is_time, leftover, time_of
from matou.platforms.base.v5_mapping import with_events
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople, is_person
from matou.platforms.gitlab.wire_issues import GitLabDiscussion, GitLabNote, GitLabResourceEvent

RESOURCE_EVENTS: Final = ("resource_state_events", "resource_label_events", "resource_milestone_events")
"""Lists of an issue or a merge request."""

STATES: Final[Mapping[str, EventAction]] = {"closed": "closed", "reopened": "reopened", "merged": "merged"}

SENTENCES: Final[Mapping[EventAction, re.Pattern[str]]] = {
    "renamed": re.compile(r"changed title from "),
    "unassigned": re.compile(r"unassigned "),
    "assigned": re.compile(r"assigned to "),
    "review_requested": re.compile(r"requested review from "),
    "referenced": re.compile(r"mentioned in "),
    "head_changed": re.compile(r"added \d+ (?:new )?commit"),
    "base_changed": re.compile(r"changed target branch from "),
    "unapproved": re.compile(r"unapproved this merge request"),
    "approved": re.compile(r"approved this merge request"),
    "draft": re.compile(r"marked this merge request as \*\*draft"),
    "ready": re.compile(r"marked this merge request as \*\*ready"),
    "moved": re.compile(r"moved (?:from|to) "),
    # What servers before 13.2 or so wrote where these are events of their own now.
    "closed": re.compile(r"closed\b"),
    "reopened": re.compile(r"reopened\b"),
    "merged": re.compile(r"merged\b"),
    "labeled": re.compile(r"added ~"),
    "unlabeled": re.compile(r"removed ~"),
    "milestoned": re.compile(r"changed milestone to "),
    "demilestoned": re.compile(r"removed milestone"),
}
"""How the server's own sentences begin, which are English whoever reads them."""

EVENT: Final[Rules] = {
    **dict.fromkeys(("id", "resource_type", "resource_id", "state", "action")),
    "user": is_person,
    "created_at": is_time,
    "label": lambda value: isinstance(value, Mapping) and "name" in value,
    "milestone": lambda value: isinstance(value, Mapping) and "id" in value,
}


def with_timeline(
    read: ItemRead, resource_events: Iterable[object], discussions: Iterable[GitLabDiscussion]
) -> ItemRead:
    """With what was done to it, the oldest first. Raises UnknownShape."""
    named = GitLabPeople()
    events = [_event_of(DECODER.read(GitLabResourceEvent, value), named) for value in resource_events]
    notes = (note for one in discussions for note in one.notes or () if note.system is True)
    events += [_sentence_of(note, named) for note in notes]
    return with_events(read, sorted(events, key=_order), named.seen)


def _order(event: TimelineEvent) -> datetime:
    return event.at or datetime.min.replace(tzinfo=UTC)


def _event_of(row: GitLabResourceEvent, named: GitLabPeople) -> TimelineEvent:
    """Of a label that is gone the name is not told any more."""
    kind = _kind_of(row)
    data = leftover(original_of(row), EVENT)
    if row.label:
        data = {**data, "label": row.label.name}
    if row.milestone:
        data = {**data, "milestone": str(row.milestone.id)}
    text = str(row.state) if kind == "other" and row.state else None
    return TimelineEvent(
        id=str(row.id), kind=kind, by=named.key_of(row.user), at=time_of(row.created_at), data=data, text=text
    )


def _kind_of(row: GitLabResourceEvent) -> EventAction:
    given = original_of(row)
    is_removal = row.action == "remove"
    if "label" in given:
        return "unlabeled" if is_removal else "labeled"
    if "milestone" in given:
        return "demilestoned" if is_removal else "milestoned"
    return STATES.get(str(row.state), "other")


def _sentence_of(row: GitLabNote, named: GitLabPeople) -> TimelineEvent:
    body = str(row.body or "")
    kind: EventAction = next((action for action, begins in SENTENCES.items() if begins.match(body)), "other")
    return TimelineEvent(
        id=str(row.id), kind=kind, by=named.key_of(row.author), at=time_of(row.created_at), data={}, text=body
    )

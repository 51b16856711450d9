"""What was done to an issue or a pull request at GitHub: its timeline without what stands elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from matou.model.metadata import EventAction, JsonObject, TimelineEvent
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import People, Rules, is_time, leftover, time_of
from matou.platforms.base.v5_mapping import with_events
from matou.platforms.github.metadata_people import DECODER, is_person, people
from matou.platforms.github.wire_issues import GitHubEvent, GitHubUser

ACTIONS: Final[Mapping[str, EventAction]] = {
    "closed": "closed",
    "reopened": "reopened",
    "labeled": "labeled",
    "unlabeled": "unlabeled",
    "milestoned": "milestoned",
    "demilestoned": "demilestoned",
    "assigned": "assigned",
    "unassigned": "unassigned",
    "renamed": "renamed",
    "referenced": "referenced",
    "cross-referenced": "referenced",
    "merged": "merged",
    "head_ref_force_pushed": "head_changed",
    "base_ref_changed": "base_changed",
    "review_requested": "review_requested",
    "convert_to_draft": "draft",
    "ready_for_review": "ready",
    "locked": "locked",
    "transferred": "moved",
}

SAVED_ELSEWHERE: Final = frozenset({"commented", "reviewed", "line-commented", "commit-commented", "committed"})

EVENT: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "event", "commit_url")),
    "actor": is_person,
    "created_at": is_time,
    "assignee": is_person,
    "performed_via_github_app": lambda value: value is None,
}


def with_timeline(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what was done to it. Raises UnknownShape."""
    named = people()
    rows = (DECODER.read(GitHubEvent, value) for value in values)
    events = [_event_of(row, named) for row in rows if row.event not in SAVED_ELSEWHERE]
    return with_events(read, events, named.seen)


def _event_of(row: GitHubEvent, named: People[GitHubUser]) -> TimelineEvent:
    """What nobody has a word for is kept with the name that GitHub gives it."""
    kind = ACTIONS.get(row.event, "other")
    return TimelineEvent(
        id=str(row.id) if row.id else None,
        kind=kind,
        by=named.key_of(row.actor),
        at=time_of(row.created_at),
        data=_data_of(row, named),
        text=row.event if kind == "other" else None,
    )


def _data_of(row: GitHubEvent, named: People[GitHubUser]) -> JsonObject:
    assignee = named.key_of(row.assignee)
    return {**leftover(original_of(row), EVENT), **({"assignee": assignee} if assignee else {})}

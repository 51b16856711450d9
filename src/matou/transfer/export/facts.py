"""What is known of an item beside its text, as labels and values that people read."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Protocol

from matou.errors import Phrase
from matou.i18n import gettext as _
from matou.i18n import localize
from matou.model.metadata import (
    Announcement,
    ChangeRequest,
    EventAction,
    Item,
    PersonKey,
    Review,
    Reviewer,
    SavedRelease,
    TimelineEvent,
)
from matou.transfer.export.source import ExportSource, PageItem

Fact = tuple[str, str]
"""A label and a value; the value is empty where it is not known."""


class NamedTables(Protocol):
    """What items name by a key, by the names that people read."""

    def people_named(self, keys: Iterable[PersonKey], /) -> str: ...

    def iteration(self, item: Item, /) -> str: ...


STATES: Final[Mapping[str, Phrase]] = {"open": Phrase("open"), "closed": Phrase("closed"), "merged": Phrase("merged")}

LINKS: Final[Mapping[str, Phrase]] = {
    "blocks": Phrase("blocks"),
    "blocked_by": Phrase("blocked by"),
    "relates": Phrase("relates to"),
    "duplicate": Phrase("duplicate of"),
    "fixed_by": Phrase("fixed by"),
}

_EVENTS: Final[Mapping[EventAction, Phrase]] = {
    "closed": Phrase("closed it"),
    "reopened": Phrase("opened it again"),
    "labeled": Phrase("added a label"),
    "unlabeled": Phrase("removed a label"),
    "milestoned": Phrase("put it in a milestone"),
    "demilestoned": Phrase("took it out of a milestone"),
    "assigned": Phrase("assigned it"),
    "unassigned": Phrase("took an assignment away"),
    "renamed": Phrase("changed the title"),
    "referenced": Phrase("named it elsewhere"),
    "merged": Phrase("merged it"),
    "head_changed": Phrase("pushed"),
    "base_changed": Phrase("changed the target branch"),
    "review_requested": Phrase("asked for a review"),
    "approved": Phrase("approved it"),
    "unapproved": Phrase("took an approval back"),
    "draft": Phrase("made it a draft"),
    "ready": Phrase("said that it is ready"),
    "locked": Phrase("locked it"),
    "moved": Phrase("moved it"),
    "status": Phrase("changed the status"),
    "other": Phrase("changed it"),
}

_DECISIONS: Final[Mapping[str, Phrase]] = {
    "requested": Phrase("was asked for a review"),
    "pending": Phrase("has not decided yet"),
    "approved": Phrase("approved it"),
    "rejected": Phrase("asked for changes"),
    "changes_requested": Phrase("asked for changes"),
    "commented": Phrase("commented"),
    "dismissed": Phrase("decided, which counts no more"),
}


def decision_text(review: Review | Reviewer) -> str:
    return localize(_DECISIONS[review.state])


def event_text(event: TimelineEvent) -> str:
    """What was done, in a few words: the platform's own where there are any."""
    if event.text:
        return event.text
    values = [str(value) for value in event.data.values() if isinstance(value, str | int) and value != ""]
    return " ".join([localize(_EVENTS[event.kind]), " → ".join(values)]).strip()


def facts_of(source: ExportSource, item: PageItem) -> Iterator[Fact]:
    """All of them."""
    if isinstance(item, Item):
        yield from _facts_of_item(source, item)
        return
    if isinstance(item, SavedRelease):
        yield from ((_("tag"), item.tag), (_("commit"), item.commit or ""))
    if not isinstance(item, SavedRelease):
        yield _("last change"), moment(item.updated_at)
    if not isinstance(item, Announcement):
        yield _("address"), item.url or ""
    yield from _gone(item.gone_in)


def _gone(run: int | None) -> Iterator[Fact]:
    if run is not None:
        yield _("gone from the source"), _("found by run {run}").format(run=run)


def _facts_of_item(source: ExportSource, item: Item) -> Iterator[Fact]:
    yield _("state"), localize(STATES[item.state])
    yield _("labels"), ", ".join(item.labels)
    yield _("milestone"), source.milestone(item)
    if isinstance(item, ChangeRequest):
        yield _("branches"), f"{item.head.branch or ''} → {item.base.branch}"
    yield _("last change"), moment(item.updated_at)
    yield _("closed"), moment(item.closed_at)
    yield from further_facts_of(source, item)


def further_facts_of(tables: NamedTables, item: Item) -> Iterator[Fact]:
    """What other forges have no place for."""
    yield _("type"), item.type.name if item.type else ""
    yield _("status"), item.status.name if item.status else ""
    yield _("priority"), item.priority.name if item.priority else ""
    yield _("iteration"), tables.iteration(item)
    yield _("assigned to"), tables.people_named(item.assignees)
    yield _("start"), item.start or ""
    yield _("due"), item.due or ""
    yield _("part of"), item.parent or ""
    yield _("parts"), ", ".join(item.children or ())
    for link in item.links:
        yield localize(LINKS[link.kind]), link.to
    for field in item.fields or ():
        yield field.name, "" if field.value is None else str(field.value)
    yield _("address"), item.url or ""
    yield from _gone(item.gone_in)


def moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"

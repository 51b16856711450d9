"""What is known of an item beside its text, as labels and values that people read."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from matou.i18n import gettext as _
from matou.model.metadata import ChangeRequest, Item
from matou.transfer.export.source import ExportSource

Fact = tuple[str, str]
"""A label and a value; the value is empty where it is not known."""

STATES: Final = {"open": _("open"), "closed": _("closed"), "merged": _("merged")}

_LINKS: Final = {
    "blocks": _("blocks"),
    "blocked_by": _("blocked by"),
    "relates": _("relates to"),
    "duplicate": _("duplicate of"),
    "fixed_by": _("fixed by"),
}


def facts_of(source: ExportSource, item: Item) -> Iterator[Fact]:
    """All of them."""
    yield _("state"), STATES[item.state]
    yield _("labels"), ", ".join(item.labels)
    yield _("milestone"), source.milestone(item)
    if isinstance(item, ChangeRequest):
        yield _("branches"), f"{item.head.branch or ''} → {item.base.branch}"
    yield _("last change"), moment(item.updated_at)
    yield _("closed"), moment(item.closed_at)
    yield from further_facts_of(source, item)


def further_facts_of(source: ExportSource, item: Item) -> Iterator[Fact]:
    """What other forges have no place for."""
    yield _("type"), item.type.name if item.type else ""
    yield _("status"), item.status.name if item.status else ""
    yield _("priority"), item.priority.name if item.priority else ""
    yield _("iteration"), source.iteration(item)
    yield _("assigned to"), source.people_named(item.assignees)
    yield _("start"), item.start or ""
    yield _("due"), item.due or ""
    yield _("part of"), item.parent or ""
    yield _("parts"), ", ".join(item.children or ())
    for link in item.links:
        yield _LINKS[link.kind], link.to
    for field in item.fields or ():
        yield field.name, "" if field.value is None else str(field.value)
    yield _("address"), item.url or ""
    if item.gone_in is not None:
        yield _("gone from the source"), _("found by run {run}").format(run=item.gone_in)


def moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"

"""What is known of an issue or a change request beside its text, as rows of a list."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from matou.i18n import gettext as _
from matou.i18n import localize
from matou.model.metadata import ChangeRequest, Item, PersonKey
from matou.model.metadata.kinds import ISSUE
from matou.server.web.conversation.saved_page import LabelChip, PersonName, SavedPage, shown
from matou.transfer.export.facts import LINKS

MOST_FACTS: Final = 60
LONGEST_VALUE: Final = 500


@dataclass(frozen=True, slots=True)
class FactLink:
    """A value that leads somewhere, or does not."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One row: a label, and values of one sort."""

    label: str
    links: list[FactLink] = field(default_factory=list)
    people: list[PersonName] = field(default_factory=list)
    chips: list[LabelChip] = field(default_factory=list)


def facts_of(page: SavedPage, item: Item) -> list[ItemFact]:
    """Those of which something is known."""
    rows = [row for row in _facts(page, item) if row.links or row.people or row.chips]
    return rows[:MOST_FACTS]


def _facts(page: SavedPage, item: Item) -> Iterator[ItemFact]:
    yield ItemFact(_("Labels"), chips=page.labels(item.labels))
    yield ItemFact(_("Assigned to"), people=page.people(item.assignees))
    yield from _plan(page, item)
    yield _fact(_("Type"), item.type.name if item.type else "")
    yield _fact(_("Status"), item.status.name if item.status else "")
    yield _fact(_("Priority"), item.priority.name if item.priority else "")
    yield _fact(_("Start"), (item.start or "")[:10])
    yield _fact(_("Due"), (item.due or "")[:10])
    yield _fact(_("Estimate"), _hours(item.estimate))
    yield _fact(_("Time spent"), _hours(sum(one.hours for one in item.spent) if item.spent else None))
    yield from _relations(page, item)
    yield from _custom(item)
    yield ItemFact(_("Watched by"), people=page.people(item.watchers or ()))


def _plan(page: SavedPage, item: Item) -> Iterator[ItemFact]:
    for label, number, kind in (
        (_("Milestone"), item.milestone, "milestone"),
        (_("Iteration"), item.iteration, "iteration"),
    ):
        found = page.milestone(number, kind)
        if found is not None:
            key = found.number if kind == "milestone" else f"{kind}/{found.number}"
            yield ItemFact(label, [FactLink(shown(found.title), page.url("milestones", key))])
        elif number:
            yield _fact(label, number)


def _relations(page: SavedPage, item: Item) -> Iterator[ItemFact]:
    numbers = [*filter(None, (item.parent,)), *(item.children or ()), *(link.to for link in item.links)]
    known = page.conversation.known_numbers(ISSUE, numbers[:500])

    def link(number: str) -> FactLink:
        return FactLink(f"#{shown(number, 60)}", page.url("issues", number) if number in known else "")

    yield ItemFact(_("Part of"), [link(item.parent)] if item.parent else [])
    yield ItemFact(_("Parts"), [link(number) for number in (item.children or ())[:50]])
    for kind, phrase in LINKS.items():
        label = localize(phrase)
        yield ItemFact(label[:1].upper() + label[1:], [link(one.to) for one in item.links if one.kind == kind][:50])


def _custom(item: Item) -> Iterator[ItemFact]:
    for one in item.fields or ():
        if one.value not in (None, "", [], {}):
            yield ItemFact(shown(one.name, 60), [FactLink(shown(_text_of(one.value), LONGEST_VALUE))])


def _text_of(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text_of, value[:MOST_FACTS]))
    if isinstance(value, dict):
        return ", ".join(_text_of(each) for each in list(value.values())[:MOST_FACTS])
    return str(value)[: LONGEST_VALUE + 1]


def _fact(label: str, value: str) -> ItemFact:
    return ItemFact(label, [FactLink(shown(value))] if value else [])


def _hours(hours: float | None) -> str:
    return "" if not hours else _("{count} h").format(count=f"{hours:g}")


def participants_of(item: Item) -> list[PersonKey]:
    """Everybody who said something, in the order in which they first did."""
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    spoken = (*item.comments, *(comment for thread in threads for comment in thread.comments))
    return list(dict.fromkeys(key for key in (item.by, *(one.by for one in spoken)) if key))

"""The lists of labels, of milestones and of comments on commits as tables: titles, heads and rows, for any format."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from matou.errors import Phrase
from matou.i18n import gettext as _
from matou.i18n import localize
from matou.model.metadata import LabelDefinition, Milestone
from matou.model.metadata.kinds import COMMIT_COMMENT, LABEL
from matou.transfer.export.facts import STATES, moment
from matou.transfer.export.source import ExportSource

_KINDS: Final = {"milestone": Phrase("milestone"), "iteration": Phrase("iteration"), "version": Phrase("version")}

Row = tuple[str, ...]
"""Cells of a table; the first is what the list is searched for."""


class ListedTable(NamedTuple):
    """One of them; what is in its cells is as somebody wrote it. `names_items`: the first cell is what items have."""

    title: str
    heads: Row
    rows: list[Row]
    names_items: bool = True


def listed_tables(source: ExportSource) -> dict[str, ListedTable]:
    """By the name of its file; those without rows are left out."""
    labels, milestones = source.table(LABEL), source.milestones
    found: dict[str, ListedTable] = {}
    if labels:
        heads: Row = (_("label"), _("color"), _("description"))
        found["labels"] = ListedTable(_("labels"), heads, list(_labels(labels.values())))
    if milestones:
        heads = (_("milestone"), _("type"), _("state"), _("start"), _("due"), _("description"))
        found["milestones"] = ListedTable(_("milestones"), heads, list(_milestones(milestones.values())))
    comments = list(_commit_comments(source))
    if comments:
        heads = (_("commit"), _("author"), _("written"), _("line"), _("text"), _("files"))
        found["commit-comments"] = ListedTable(_("comments on commits"), heads, comments, names_items=False)
    return found


def _commit_comments(source: ExportSource) -> Iterator[Row]:
    for _name, one in source.items(COMMIT_COMMENT, oldest_first=True):
        position = one.position
        line = "" if position is None else f"{position.path}:{position.line or ''}".rstrip(":")
        files = ", ".join(source.copy_file(file) or file.url for file in one.files)
        yield (one.commit or "", source.person(one.by), moment(one.at), line, one.text.body, files)


def _labels(labels: Iterable[LabelDefinition]) -> Iterator[Row]:
    for label in labels:
        yield (label.name, f"#{label.color}", label.description or "")


def _milestones(milestones: Iterable[Milestone]) -> Iterator[Row]:
    for one in milestones:
        text = "" if one.text is None else one.text.body
        yield (one.title, localize(_KINDS[one.kind]), localize(STATES[one.state]), one.start or "", one.due or "", text)

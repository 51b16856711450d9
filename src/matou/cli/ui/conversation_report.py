"""What became of what people said, as a person or a program reads it."""

from collections.abc import Iterator, Mapping
from typing import Final

from matou.errors import Phrase, Plural
from matou.i18n import format_error, localize, printable
from matou.i18n import gettext as _
from matou.transfer.migrate.conversation.report import ConversationReport

_KINDS: Final[Mapping[str, Phrase]] = {
    "label": Phrase("labels"),
    "milestone": Phrase("milestones"),
    "issue": Phrase("issues"),
    "change": Phrase("change requests"),
    "comment": Phrase("comments"),
    "release": Phrase("releases"),
    "asset": Phrase("files of releases"),
    "file": Phrase("pictures and files"),
    "wiki-page": Phrase("pages of wikis"),
}


def conversation_values(report: ConversationReport) -> dict[str, object]:
    return {
        "expected": dict(report.expected),
        "written": dict(report.written),
        "edited": dict(report.edited),
        "unchanged": dict(report.unchanged),
        "change_requests_as_issues": report.as_issues,
        "placeholders": report.gaps,
        "renumbered": report.renumbered,
        "verified": report.verified,
        "verified_comments": report.verified_comments,
        "lost": {str(reason): count for reason, count in report.lost.items()},
        "notes": [str(note) for note in report.notes],
        "problems": [str(problem) for problem in report.problems],
    }


def conversation_lines(report: ConversationReport) -> Iterator[str]:
    """Without what there is nothing to say of."""
    for kind, name in _KINDS.items():
        counts = report.written[kind], report.edited[kind], report.unchanged[kind]
        if any(counts[:2]):
            yield _("{kind}: {written} written, {edited} changed, {unchanged} as they were").format(
                kind=localize(name), written=counts[0], edited=counts[1], unchanged=counts[2]
            )
    for text in _sentences(report):
        yield localize(text)
    for reason, count in report.lost.items():
        yield f"{count} × {localize(reason)}"
    for note in report.notes:
        yield printable(localize(note))
    for problem in report.problems:
        yield format_error(problem)


def _sentences(report: ConversationReport) -> Iterator[Phrase]:
    if not report.has_changed:
        return
    yield Plural(
        "{count} item is there as it was sent", "{count} items are there as they were sent", count=report.verified
    )
    if report.verified_comments:
        yield Plural(
            "{count} comment is there as it was sent",
            "{count} comments are there as they were sent",
            count=report.verified_comments,
        )
    if report.as_issues:
        yield Plural(
            "{count} change request stands there as an issue",
            "{count} change requests stand there as issues",
            count=report.as_issues,
        )
    if report.gaps:
        yield Plural(
            "{count} placeholder keeps the numbers of the others",
            "{count} placeholders keep the numbers of the others",
            count=report.gaps,
        )
    if report.renumbered:
        yield Plural(
            "{count} item has another number there", "{count} items have other numbers there", count=report.renumbered
        )

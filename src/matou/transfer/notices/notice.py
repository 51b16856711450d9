"""What somebody is told: an event, and facts in the recipient's language. No secret, and of the data names alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from matou.archive.notice_state import SourceResultState
from matou.i18n import duration, labelled, localize, ngettext, printable
from matou.i18n import gettext as _
from matou.transfer.schedule.wording import result_phrase

MOST_NAMED: Final = 10
LONGEST_NAME: Final = 200


class NoticeEvent(StrEnum):
    """Why somebody is told."""

    FAILURE = "failure"
    RECOVERY = "recovery"
    OLD = "old"
    WEEKLY = "weekly"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    Attributes:
        title: on one line.
        lines: of the text below it.
        source: whose it is; empty where it is about all of them.
        result: of that source, where it is about one.
    """

    event: NoticeEvent
    title: str
    lines: tuple[str, ...]
    at: datetime
    source: str = ""
    result: SourceResultState | None = None

    @property
    def text(self) -> str:
        return "\n".join((self.title, "", *self.lines)) if self.lines else self.title


def shown(name: str) -> str:
    """A name that somebody else chose: on one line, of bounded length, with nothing that moves a cursor."""
    text = printable(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def failure_notice(source: str, result: SourceResultState, now: datetime) -> Notice:
    title = _("Matou: {source} was not saved in full").format(source=shown(source))
    return Notice(NoticeEvent.FAILURE, title, tuple(_failure_lines(result, now)), now, source, result)


def _failure_lines(result: SourceResultState, now: datetime) -> Iterator[str]:
    yield localize(result_phrase(result.exit_code))
    if result.run is not None:
        yield _("run {run}").format(run=result.run)
    yield from _names(result)
    if result.failing_since is not None and now - result.failing_since > timedelta(hours=1):
        yield _("for {time} already").format(time=duration(_minutes(now - result.failing_since)))
    if result.complete_at is not None:
        yield _("all of it was saved {time} ago").format(time=duration(_minutes(now - result.complete_at)))
    yield _("matou status says what to do")


def _names(result: SourceResultState) -> Iterator[str]:
    if result.not_saved_count:
        yield ngettext(
            "{count} repository is not saved, or not in full", "{count} repositories are not saved, or not in full",
            result.not_saved_count,
        ).format(count=result.not_saved_count)  # fmt: skip
    yield from (f"- {shown(name)}" for name in result.not_saved[:MOST_NAMED])
    more = result.not_saved_count - len(result.not_saved[:MOST_NAMED])
    if more > 0:
        yield ngettext("- and {count} more", "- and {count} more", more).format(count=more)


def recovery_notice(source: str, result: SourceResultState, since: datetime, now: datetime) -> Notice:
    title = _("Matou: {source} is saved again").format(source=shown(source))
    lines = (_("after {time}").format(time=duration(_minutes(now - since))),)
    return Notice(NoticeEvent.RECOVERY, title, lines, now, source, result)


def old_notice(source: str, complete_at: datetime | None, limit: timedelta, now: datetime) -> Notice:
    title = _("Matou: {source} was not saved for too long").format(source=shown(source))
    if complete_at is None:
        first = _("all of it was never saved")
    else:
        first = _("all of it was saved {time} ago").format(time=duration(_minutes(now - complete_at)))
    lines = (first, _("at most {time} is wanted").format(time=duration(limit)), _("matou status says what to do"))
    return Notice(NoticeEvent.OLD, title, lines, now, source)


def weekly_notice(results: Sequence[tuple[str, SourceResultState | None]], now: datetime) -> Notice:
    """How all sources stand, those too that were never saved."""
    failing = sum(result is None or result.failing_since is not None for _name, result in results)
    title = _("Matou: all is saved") if not failing else ngettext(
        "Matou: {count} source is not saved in full", "Matou: {count} sources are not saved in full", failing
    ).format(count=failing)  # fmt: skip
    lines = tuple(labelled(shown(name), _standing(result, now)) for name, result in results)
    return Notice(NoticeEvent.WEEKLY, title, lines, now)


def _standing(result: SourceResultState | None, now: datetime) -> str:
    if result is None:
        return _("not saved yet")
    if result.failing_since is not None:
        return localize(result_phrase(result.exit_code))
    return _("all of it was saved {time} ago").format(time=duration(_minutes(now - result.ended_at)))


def test_notice(recipient: str, now: datetime) -> Notice:
    lines = (_("this is a test: what goes wrong with backups is told here ({recipient})").format(recipient=recipient),)
    return Notice(NoticeEvent.TEST, _("Matou: a test"), lines, now)


def _minutes(time: timedelta) -> timedelta:
    return timedelta(minutes=max(1, round(time.total_seconds() / 60)))

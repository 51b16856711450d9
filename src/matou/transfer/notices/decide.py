"""Who is to be told what, by how sources stand and what was told before: decisions alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from matou.archive.notice_state import NoticeState, SentNotice, SourceResultState
from matou.transfer.notices.notice import (
    Notice,
    NoticeEvent,
    failure_notice,
    old_notice,
    recovery_notice,
    weekly_notice,
)
from matou.transfer.notices.recipient import Recipient

REMIND_AFTER: Final = timedelta(hours=24)
"""What goes on failing is told again, once in this time."""
A_WEEK: Final = timedelta(days=7)
COMPLETE: Final = 0
_BAD: Final = (NoticeEvent.FAILURE, NoticeEvent.OLD)


def result_after(before: SourceResultState | None, now: SourceResultState) -> SourceResultState:
    """What is known of a source once it was saved again, or was not: since when it fails, and when it was whole."""
    is_complete = now.exit_code == COMPLETE
    since = before.failing_since if before is not None else None
    return SourceResultState(
        exit_code=now.exit_code,
        ended_at=now.ended_at,
        run=now.run,
        not_saved=now.not_saved,
        not_saved_count=now.not_saved_count,
        complete_at=now.ended_at if is_complete else None if before is None else before.complete_at,
        failing_since=None if is_complete else since or now.ended_at,
    )


def due_notices(recipient: Recipient, sources: Sequence[str], state: NoticeState, now: datetime) -> Iterator[Notice]:
    """What a recipient is to be told now. Of each source at most one thing, and a summary once a week."""
    covered = [source for source in sources if recipient.covers(source)]
    sent = state.sent.get(recipient.name, {})
    for source in covered:
        last = sent.get(source)
        notice = _of_source(recipient, source, state, last, now)
        if notice is not None and recipient.wants(notice.event) and not _was_sent(notice, last, state, now):
            yield notice
    summarized_at = state.summarized_at.get(recipient.name)
    is_due = summarized_at is not None and not timedelta() <= now - summarized_at < A_WEEK
    if covered and is_due and recipient.wants(NoticeEvent.WEEKLY):
        yield weekly_notice([(source, state.results.get(source)) for source in covered], now)


def _of_source(
    recipient: Recipient, source: str, state: NoticeState, last: SentNotice | None, now: datetime
) -> Notice | None:
    result = state.results.get(source)
    if result is not None and result.failing_since is not None:
        return failure_notice(source, result, now)
    if is_too_old(source, state, recipient.max_age, now):
        return old_notice(source, None if result is None else result.complete_at, recipient.max_age or timedelta(), now)
    if result is not None and last is not None and last.event in _BAD:
        return recovery_notice(source, result, last.sent_at, now)
    return None


def _was_sent(notice: Notice, last: SentNotice | None, state: NoticeState, now: datetime) -> bool:
    """Lately, and of this trouble: what was told before all was well in between, told of another one."""
    if last is None or last.event != notice.event:
        return False
    result = state.results.get(notice.source)
    is_of_before = result is not None and result.complete_at is not None and last.sent_at < result.complete_at
    return not is_of_before and timedelta() <= now - last.sent_at < REMIND_AFTER


def is_too_old(source: str, state: NoticeState, limit: timedelta | None, now: datetime) -> bool:
    """Whether all of a source was last saved too long ago; one that never was counts from when it was known."""
    if limit is None:
        return False
    result = state.results.get(source)
    since = result.complete_at if result is not None and result.complete_at else state.known_since.get(source, now)
    return now - since > limit


def remember_sent(state: NoticeState, recipient: Recipient, notice: Notice) -> None:
    if notice.event is NoticeEvent.WEEKLY:
        state.summarized_at[recipient.name] = notice.at
    else:
        entry = SentNotice(event=notice.event.value, sent_at=notice.at)
        state.sent.setdefault(recipient.name, {})[notice.source] = entry


@dataclass(frozen=True, slots=True)
class PingDecision:
    """Which ending of a ping's address says how all stands; None where nothing is to be said."""

    ending: str | None


def ping_after(source: str, results: Mapping[str, SourceResultState | None], *, too_old: bool) -> PingDecision:
    """What is pinged when a source was saved. A success says that all sources are saved in full, and no less.

    Args:
        results: of all sources that somebody watches over; None for one that was never saved.
        too_old: one of them was saved too long ago.
    """
    own = results.get(source)
    if own is None or own.exit_code != COMPLETE:
        return PingDecision("/fail")
    is_whole = all(one is not None and one.exit_code == COMPLETE for one in results.values())
    return PingDecision("" if is_whole and not too_old else None)

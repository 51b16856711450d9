"""Tells people: after a source was saved, and whenever somebody looks whether there is something to tell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from matou.archive.layout import Archive
from matou.archive.notice_state import NoticeState, SourceResultState, changing_notices, read_notices
from matou.archive.schedule_state import ScheduleDamaged, TaskState, read_schedule
from matou.errors import MatouError
from matou.i18n import speaking
from matou.transfer.notices.decide import due_notices, is_too_old, ping_after, remember_sent, result_after
from matou.transfer.notices.messages import ping
from matou.transfer.notices.notice import failure_notice
from matou.transfer.notices.recipient import NoticeKind, NoticeNotSent, Recipient
from matou.transfer.notices.sender import NoticeSender


@dataclass(frozen=True, slots=True)
class SavedSources:
    """An archive, and the names of the sources that are saved into it."""

    archive: Archive
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told of which sources.

    Attributes:
        archives: those that are there, at the moment.
        expected: names of all sources, of archives too that are not there yet.
        report: is given what could not be sent; nothing else comes of it.
    """

    recipients: Sequence[Recipient]
    archives: Callable[[], Sequence[SavedSources]]
    expected: tuple[str, ...]
    sender: NoticeSender
    now: Callable[[], datetime]
    report: Callable[[MatouError], None]

    def begun(self, source: str) -> str:
        """Ping those who watch over it; gives what names this run at the end."""
        run_id = str(uuid4())
        for recipient in self._pinged(source):
            self._ping(recipient, "/start", "", run_id)
        return run_id

    def ended(self, archive: Archive | None, source: str, result: SourceResultState, run_id: str) -> None:
        """Remember how a source was saved, ping, and tell whatever is to be told now.

        Args:
            archive: None where there is none yet, and so nothing is remembered.
        """
        if archive is None:
            state = NoticeState(results={source: result_after(None, result)})
            self._ping_result(source, run_id, [state])
            self._tell(state, [source])
            return
        with changing_notices(archive) as state:
            state.results[source] = result_after(state.results.get(source), result)
        self._ping_result(source, run_id, [read_notices(saved.archive) for saved in self.archives()])
        self.tell()

    def tell(self) -> int:
        """Tell all that is to be told; gives how many could not be."""
        failed = 0
        for saved in self.archives():
            # One at a time: two processes that look at once would say it twice.
            with changing_notices(saved.archive) as state:
                failed += self._tell(state, (*saved.sources, *_take_over(saved.archive, state)))
        return failed

    def _tell(self, state: NoticeState, sources: Sequence[str]) -> int:
        now = self.now()
        for name in sources:
            state.known_since.setdefault(name, now)
        failed = 0
        for recipient in self.recipients:
            if recipient.kind is not NoticeKind.HEALTHCHECKS:
                state.summarized_at.setdefault(recipient.name, now)
                failed += not self._tell_one(recipient, state, sources, now)
        return failed

    def _tell_one(self, recipient: Recipient, state: NoticeState, sources: Sequence[str], now: datetime) -> bool:
        """Whether all was told; after what could not be, nothing else is tried, which would take as long."""
        with speaking(recipient.language):
            notices = list(due_notices(recipient, sources, state, now))
        for notice in notices:
            try:
                self.sender.send(recipient, notice)
            except NoticeNotSent as error:
                self.report(error)
                return False
            remember_sent(state, recipient, notice)
        return True

    def _ping_result(self, source: str, run_id: str, states: Sequence[NoticeState]) -> None:
        known = {name: result for state in states for name, result in state.results.items()}
        for recipient in self._pinged(source):
            results = {name: known.get(name) for name in self.expected if recipient.covers(name)}
            too_old = any(
                is_too_old(name, state, recipient.max_age, self.now())
                for state in states
                for name in results.keys() & state.results.keys()
            )
            decision = ping_after(source, results, too_old=too_old)
            if decision.ending is not None:
                self._ping(recipient, decision.ending, self._text(recipient, source, known.get(source)), run_id)

    def _pinged(self, source: str) -> Iterator[Recipient]:
        for recipient in self.recipients:
            if recipient.kind is NoticeKind.HEALTHCHECKS and recipient.covers(source):
                yield recipient

    def _ping(self, recipient: Recipient, ending: str, text: str, run_id: str) -> None:
        try:
            self.sender.post(recipient, ping(recipient, ending, text, run_id))
        except MatouError as error:
            self.report(
                NoticeNotSent("{recipient} could not be told: {reason}", recipient=recipient.name, reason=error)
            )

    def _text(self, recipient: Recipient, source: str, result: SourceResultState | None) -> str:
        if result is None or result.failing_since is None:
            return ""
        with speaking(recipient.language):
            return failure_notice(source, result, self.now()).text


def _take_over(archive: Archive, state: NoticeState) -> list[str]:
    """What ended by the schedule without a word of its own: backups that were killed, and what verify found.

    Gives names of what is no source.
    """
    found = []
    for key, task in _tasks_of(archive).items():
        last, name = task.last, key.removeprefix("backup ")
        is_backup = task.command == "backup"
        if last is None or task.command not in ("backup", "verify") or (is_backup and last.exit_code is not None):
            continue
        known = state.results.get(name)
        if known is None or known.ended_at < last.ended_at:
            seen = SourceResultState(exit_code=last.exit_code, ended_at=last.ended_at)
            state.results[name] = result_after(known, seen)
        if not is_backup:
            found.append(name)
    return found


def _tasks_of(archive: Archive) -> Mapping[str, TaskState]:
    try:
        return read_schedule(archive).tasks
    except ScheduleDamaged:
        return {}

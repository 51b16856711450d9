"""How a long command shows that it moves: bars on a terminal, a quiet line now and then elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from matou.archive.manifest import Outcome
from matou.cli.ui.output import print_error, say
from matou.cli.ui.verbosity import is_quiet
from matou.errors import TryLater
from matou.i18n import duration, localize, printable
from matou.i18n import gettext as _
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import Account
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.report import CallBudget, ProgressListener

QUIET_INTERVAL = timedelta(seconds=10)
"""Off a terminal, at most one line in so long: a log of a night's run stays readable."""

WORTH_SAYING = timedelta(minutes=1)


@contextmanager
def backup_progress(*, on_terminal: bool) -> Iterator[ProgressListener]:
    if on_terminal:
        from matou.cli.ui.progress_bars import progress_bars

        with progress_bars() as bars:
            yield bars
    else:
        yield QuietLines()


def say_that_we_wait(error: TryLater, wait: timedelta) -> None:
    if not is_quiet():
        print_error(_("{reason}; asking again in {wait}").format(reason=localize(error), wait=duration(wait)))


def say_budget(budget: CallBudget) -> None:
    """Where it takes long enough to matter: how long at least, which is known before anything was asked for."""
    if budget.duration < WORTH_SAYING:
        return
    time, calls = duration(budget.duration), f"{budget.calls:,}"
    if budget.calls_per_hour is None:
        say(
            _("what lies around the code takes {calls} requests or more: {time} or more").format(calls=calls, time=time)
        )
    else:
        say(
            _("what lies around the code takes {calls} requests or more, of {granted} an hour: {time} or more").format(
                calls=calls, granted=f"{budget.calls_per_hour:,}", time=time
            )
        )


class QuietLines:
    """Says on standard error how far a backup is, seldom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected = 0
        self._finished = 0
        self._said_at = time.monotonic()

    def connected(self, account: Account, /) -> None:
        if not account.team:
            say(_("reading all that {login} sees").format(login=account.login))
            return
        say(_("reading {team} as {login}").format(team=account.team, login=account.login))

    def planned(self, *, to_ask: int, finished: int) -> None:
        self._expected, self._finished = to_ask + finished, finished

    def budgeted(self, budget: CallBudget, /) -> None:
        say_budget(budget)

    def saving(self, path: str, /) -> None: ...

    def received(self, path: str, size_bytes: int, /) -> None: ...

    def reading(self, path: str, kind: MetadataKind, count: int, /) -> None:
        with self._lock:
            if not count or time.monotonic() - self._said_at < QUIET_INTERVAL.total_seconds():
                return
            self._said_at = time.monotonic()
        say(_("{path}: {count} {kind}").format(path=printable(path), count=count, kind=localize(name_of(kind.name))))

    def finished(self, path: str, outcome: Outcome, /) -> None:
        with self._lock:
            self._finished += 1
            if time.monotonic() - self._said_at < QUIET_INTERVAL.total_seconds():
                return
            self._said_at = time.monotonic()
        text = _("{finished} of {expected} repositories").format(finished=self._finished, expected=self._expected)
        say(text)

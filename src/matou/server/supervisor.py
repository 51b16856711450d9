"""Several processes serve on one socket: whoever dies is replaced, and all end together.

Workers are forked from a process that has no threads and has opened nothing that two may not have: neither a database
nor an event loop. It serves nobody itself. Whatever happens to it, its end of a pipe closes, and each worker ends as
if it had been told to.
"""

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

log = structlog.get_logger(__name__)

ENDS_WITHIN: Final = timedelta(seconds=29.5)
"""A worker ends by itself before that; what does not is killed, within the 30 seconds that service managers wait."""
LIVED_LONG: Final = timedelta(seconds=10)
"""Whoever dies sooner does so again, as a rule: the next one begins later."""
FIRST_PAUSE: Final = timedelta(seconds=0.5)
LONGEST_PAUSE: Final = timedelta(seconds=30)

CUT_OFF: Final = signal.SIGUSR1
"""Tells a worker to end at once. Service managers and terminals send their signals to workers as well, so that a second
SIGTERM may be the first one once more."""

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_FAULT: Final = 1


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker knows of itself.

    Attributes:
        number: its place, from 0; whoever takes the place of one that died has the same.
        supervised: readable as soon as nobody supervises it any more; then it ends.
    """

    number: int
    supervised: int
    _ready: int

    def tell_ready(self) -> None:
        """It serves."""
        with suppress(OSError):
            os.write(self._ready, bytes((self.number,)))


class _Pipe:
    """Neither end keeps who reads or writes waiting."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        for end in (self.reading, self.writing):
            os.set_blocking(end, False)

    def read(self) -> bytes:
        with suppress(BlockingIOError):
            return os.read(self.reading, 4096)
        return b""


@dataclass(slots=True)
class _Place:
    """Of one worker: its process, when it began, and how long and until when the next one waits if it dies."""

    pid: int = 0
    began_at: float = 0.0
    pause: timedelta = timedelta(0)
    not_before: float = 0.0

    def ended(self, now: float) -> None:
        lived_long = now - self.began_at >= LIVED_LONG.total_seconds()
        self.pause = timedelta(0) if lived_long else min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self.pid, self.not_before = 0, now + self.pause.total_seconds()


class Supervisor:
    """Forks workers and waits for them. For the only thread of a process.

    Args:
        work: serves, in a process of its own; ends by itself, or once it is told to.
        workers: how many; 255 at most.
        on_ready: called as soon as all of them serve for the first time.
    """

    def __init__(self, work: Callable[[Worker], None], workers: int, *, on_ready: Callable[[], None]) -> None:
        self._work = work
        self._places = [_Place() for _ in range(workers)]
        self._on_ready = on_ready
        self._served: set[int] = set()
        self._supervising, self._signals, self._ready = _Pipe(), _Pipe(), _Pipe()
        self._kill_at: float | None = None
        self._status = 0

    def run(self) -> None:
        """Until SIGTERM or SIGINT; the second one ends what is under way.

        It returns in the process that called it alone, unless no worker could begin: then that process ends by
        SystemExit with the worker's status, since the worker has said why. A worker ends the process that it is, by
        SystemExit or by what `work` raises.
        """
        signal.set_wakeup_fd(self._signals.writing, warn_on_full_buffer=False)
        for number in (*_ENDING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        # What is there by now stays for good, and is not looked through, which would copy it for each worker.
        gc.freeze()
        while self._goes_on():
            self._fork_missing()
            select.select([self._signals.reading, self._ready.reading], [], [], self._patience())
            self._obey(self._signals.read())
            self._note_ready(self._ready.read())
            self._reap()
            self._kill_the_late()
        if self._status:
            sys.exit(self._status)

    @property
    def _is_ending(self) -> bool:
        return self._kill_at is not None

    def _goes_on(self) -> bool:
        return not self._is_ending or any(place.pid for place in self._places)

    def _patience(self) -> float | None:
        """Until something is to be done though nothing is heard of; None for as long as it takes."""
        if not self._goes_on():
            return 0.0
        moments = [place.not_before for place in self._places if not place.pid]
        due = min(moments, default=None) if self._kill_at is None else self._kill_at
        return None if due is None else max(due - time.monotonic(), 0.0)

    def _fork_missing(self) -> None:
        for number, place in enumerate(self._places):
            if not self._is_ending and not place.pid and time.monotonic() >= place.not_before:
                self._fork(number, place)

    def _fork(self, number: int, place: _Place) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        place.began_at = time.monotonic()
        try:
            place.pid = os.fork()
        except OSError as error:
            # The machine has no room for a process. Those that serve go on, and this one is tried again.
            place.ended(time.monotonic())
            self._end_if_none_served(_FAULT)
            pause = place.pause.total_seconds()
            log.warning("worker_not_begun", worker=number, reason=error.strerror, next_in_seconds=pause)
            return
        if not place.pid:
            self._become(Worker(number, self._supervising.reading, self._ready.writing))

    def _become(self, worker: Worker) -> None:
        """Raises SystemExit, and what the work raises."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._supervising.writing)
        self._work(worker)
        sys.exit(0)

    def _obey(self, numbers: bytes) -> None:
        for number in numbers:
            if number in _ENDING and self._is_ending:
                self._signal_all(CUT_OFF)
            elif number in _ENDING:
                self._end()

    def _end(self) -> None:
        """The pipe that closes tells all of them."""
        self._kill_at = time.monotonic() + ENDS_WITHIN.total_seconds()
        os.close(self._supervising.writing)

    def _signal_all(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid:
                os.kill(place.pid, number)

    def _note_ready(self, numbers: bytes) -> None:
        was_ready = len(self._served) == len(self._places)
        self._served.update(numbers)
        if not was_ready and len(self._served) == len(self._places):
            self._on_ready()

    def _reap(self) -> None:
        for number, place in enumerate(self._places):
            pid, status = os.waitpid(place.pid, os.WNOHANG) if place.pid else (0, 0)
            if pid:
                place.ended(time.monotonic())
                self._tell_of_end(number, place, os.waitstatus_to_exitcode(status))

    def _tell_of_end(self, number: int, place: _Place, status: int) -> None:
        if self._is_ending:
            return
        self._end_if_none_served(status)
        log.warning("worker_ended", worker=number, status=status, next_in_seconds=place.pause.total_seconds())

    def _end_if_none_served(self, status: int) -> None:
        if not self._served:
            self._status = status if status > 0 else _FAULT
            self._end()

    def _kill_the_late(self) -> None:
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._signal_all(signal.SIGKILL)
            self._kill_at = time.monotonic() + ENDS_WITHIN.total_seconds()

"""Source code in colours, made in processes of their own: whatever somebody wrote, it does not hold this one.

One step of a lexer may take any time, and no other thread runs meanwhile; a process that takes too long is killed
(docs/decisions/colouring.md).
"""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from queue import LifoQueue
from typing import Final

from markupsafe import Markup, escape

from matou.concurrency import ConcurrencyLimit
from matou.errors import TryLater
from matou.git.process.kept_worker import KeptWorker
from matou.git.process.sandbox import Limits
from matou.git.process.worker import WorkerFailed
from matou.server.web.plain_text import may_have_colours, visible_lines
from matou.settings import MEBIBYTE

PROCESSES: Final = 2
PATIENCE: Final = timedelta(milliseconds=500)
"""How long a text waits for one; then it is shown in one colour, this time."""

LONGEST: Final = timedelta(seconds=10)
"""The lexer stops by itself long before, wherever it comes to stop; the first text waits for the process to start."""

MODULE: Final = "matou.server.web.colouring_worker"
LIMITS: Final = Limits(memory_bytes=512 * MEBIBYTE, wall=None)


class TooManyColoured(TryLater):
    """Other texts are being coloured, for longer than one waits."""


class ColouringProcesses:
    """A few, started when they are first needed."""

    def __init__(self) -> None:
        self._places = ConcurrencyLimit(PROCESSES)
        self._idle: LifoQueue[KeptWorker] = LifoQueue()
        self._all = [KeptWorker(MODULE, limits=LIMITS) for _ in range(PROCESSES)]
        for worker in self._all:
            self._idle.put(worker)

    def colour(self, text: str, file_name: str) -> str:
        """HTML, as many lines as the text has. Raises TooManyColoured, WorkerFailed."""
        name, content = (part.encode("utf-8", "surrogatepass") for part in (file_name, text))
        busy = TooManyColoured("too many texts are coloured at once", wait=LONGEST)
        with self._places.taken(within=PATIENCE, otherwise=busy), self._worker() as worker:
            return worker.ask(name + b"\0" + content, within=LONGEST).decode("utf-8", "surrogatepass")

    def end(self) -> None:
        for worker in self._all:
            worker.end()

    @contextmanager
    def _worker(self) -> Iterator[KeptWorker]:
        worker = self._idle.get()
        try:
            yield worker
        finally:
            # The one that worked last comes first again: a second one is started for two at once alone.
            self._idle.put(worker)


@cache
def colouring_processes() -> ColouringProcesses:
    """Those of this process, whatever servers are in it."""
    made = ColouringProcesses()
    atexit.register(made.end)
    return made


def coloured(text: str, file_name: str) -> tuple[list[Markup], bool]:
    """A line each, without its end, and whether whoever asks again gets the same: others may have been in the way."""
    if not may_have_colours(visible_lines(text)):
        return in_one_colour(text), True
    try:
        made = colouring_processes().colour(text, file_name)
    except WorkerFailed:
        return in_one_colour(text), True
    except TooManyColoured:
        return in_one_colour(text), False
    return [Markup(line) for line in made.split("\n")], True  # noqa: S704  the worker escaped it


def in_one_colour(text: str) -> list[Markup]:
    return [escape(line) for line in visible_lines(text)]

"""The bars of a backup on a terminal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from matou.archive.manifest import Outcome
from matou.cli.ui.progress import say_budget
from matou.i18n import gettext as _
from matou.i18n import localize, printable
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import Account
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.report import CallBudget

LONGEST_NAME = 60


@contextmanager
def progress_bars() -> Iterator["Bars"]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)


class Bars:
    """One bar for all repositories, and beside it what is being fetched at the moment."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._received: dict[str, int] = {}
        self._task: TaskID = progress.add_task(_("connecting"), total=None, note="")

    def connected(self, account: Account, /) -> None:
        self._progress.update(self._task, description=escape(printable(account.team)))

    def planned(self, *, to_ask: int, finished: int) -> None:
        self._progress.update(self._task, total=to_ask + finished, completed=finished)

    def budgeted(self, budget: CallBudget, /) -> None:
        say_budget(budget)

    def saving(self, path: str, /) -> None:
        with self._lock:
            self._received[path] = 0
        self._show()

    def received(self, path: str, size_bytes: int, /) -> None:
        with self._lock:
            self._received[path] = self._received.get(path, 0) + size_bytes
        self._show()

    def reading(self, path: str, kind: MetadataKind, count: int, /) -> None:
        note = f"{escape(printable(path)[-LONGEST_NAME:])} {count} {escape(localize(name_of(kind.name)))}"
        self._progress.update(self._task, note=note)

    def finished(self, path: str, outcome: Outcome, /) -> None:
        with self._lock:
            self._received.pop(path, None)
        self._progress.advance(self._task)
        self._show()

    def _show(self) -> None:
        with self._lock:
            path, size = next(reversed(self._received.items()), ("", 0))
        note = f"{escape(printable(path)[-LONGEST_NAME:])} {decimal(size) if size else ''}" if path else ""
        self._progress.update(self._task, note=note)


@contextmanager
def stage_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage; told its name for a person, how much is done, and of how much."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, expected: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage)
            progress.update(tasks[stage], completed=done, total=expected)

        yield advance

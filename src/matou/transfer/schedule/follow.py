"""Goes by an archive's schedule: what is due is done, one thing at a time, each in a process of its own."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from matou.archive.layout import Archive
from matou.archive.schedule_state import (
    ScheduleDamaged,
    ScheduledRun,
    ScheduleState,
    ScheduleTaken,
    TaskState,
    lock_schedule,
    read_schedule,
    write_schedule,
)
from matou.errors import MatouError
from matou.git.process.own_program import run_matou
from matou.transfer.schedule.due import ScheduledTask, begun, current_state, cut_off, ended, moment_due, next_begin

LOOK_AGAIN: Final = timedelta(seconds=15)
"""A machine that slept, or a clock that was set, is noticed within that time."""
AFTER_A_FAULT: Final = timedelta(minutes=1)
ENDS_WITHIN: Final = timedelta(seconds=15)
LONGEST_OUTPUT: Final = 2_000
INTERRUPTED: Final = 130


class ScheduleListener(Protocol):
    """Called from the thread that goes by the schedule; must return at once and not raise."""

    def began(self, archive: Archive, name: str, /) -> None: ...

    def ended(self, archive: Archive, name: str, run: ScheduledRun, /) -> None: ...

    def troubled(self, archive: Archive, error: MatouError | OSError, /) -> None:
        """It cannot go on for now; the same trouble is told once, until it is over."""


@dataclass(frozen=True, slots=True)
class ScheduleContext:
    """What a schedule is gone by with.

    Attributes:
        tasks: those of the archive as they are configured at the moment; may raise, and then those of before hold.
        environment: of what is begun.
        stop: set by whoever wants it to end; what runs is asked to end then.
    """

    tasks: Callable[[], Sequence[ScheduledTask]]
    environment: Mapping[str, str]
    now: Callable[[], datetime]
    stop: threading.Event
    listener: ScheduleListener


class ArchiveSchedule:
    """One archive's. For one thread."""

    def __init__(self, archive: Archive, context: ScheduleContext) -> None:
        self._archive = archive
        self._context = context
        self._tasks: Sequence[ScheduledTask] = ()
        self._trouble = ""

    def follow(self) -> None:
        """Until it is stopped; where another process goes by the schedule, once that has ended."""
        while not self._context.stop.is_set():
            try:
                with lock_schedule(self._archive) as lock:
                    self._follow(lock)
            except (MatouError, OSError) as error:
                self._report(error)
                wait = LOOK_AGAIN if isinstance(error, ScheduleTaken) else AFTER_A_FAULT
                self._context.stop.wait(wait.total_seconds())

    def run_due(self) -> list[ScheduledRun]:
        """What is due now, and no more. Raises ScheduleTaken, and what `tasks` raises."""
        runs = []
        self._tasks = self._context.tasks()
        with lock_schedule(self._archive) as lock:
            with self._changing() as states:
                states.update({name: cut_off(state, self._context.now()) for name, state in states.items()})
            while not self._context.stop.is_set() and (run := self._do_next(lock)) is not None:
                runs.append(run)
        return runs

    def _follow(self, lock: int) -> None:
        with self._changing() as states:
            states.update({name: cut_off(state, self._context.now()) for name, state in states.items()})
        while not self._context.stop.is_set():
            self._read_tasks()
            if self._do_next(lock) is None:
                self._context.stop.wait(LOOK_AGAIN.total_seconds())

    def _read_tasks(self) -> None:
        """A file that is being edited stops nothing."""
        try:
            self._tasks = self._context.tasks()
            self._trouble = ""
        except (MatouError, OSError) as error:
            self._report(error)

    def _do_next(self, lock: int) -> ScheduledRun | None:
        """What has waited the longest of what is due, to its end; nothing where nothing is."""
        now = self._context.now()
        due: list[tuple[datetime, ScheduledTask]] = []
        with self._changing() as states:
            for name in states.keys() - {task.name for task in self._tasks}:
                del states[name]
            for task in self._tasks:
                seed = self._seed(task)
                state = states[task.name] = current_state(task, states.get(task.name), now)
                states[task.name] = msgspec.structs.replace(state, next_at=next_begin(task, state, now, seed=seed))
                if (moment := moment_due(task, state, now, seed=seed)) is not None:
                    due.append((moment, task))
        return self._do(*min(due, key=lambda one: one[0]), lock) if due else None

    def _do(self, due_at: datetime, task: ScheduledTask, lock: int) -> ScheduledRun:
        context, began_at = self._context, self._context.now()
        with self._changing() as states:
            states[task.name] = begun(states[task.name], due_at, began_at)
        context.listener.began(self._archive, task.name)
        program = run_matou(
            task.words, context.environment, stop=context.stop, ends_within=ENDS_WITHIN, inherited=(lock,)
        )
        code = None if program.status < 0 or program.status == INTERRUPTED else program.status
        output = program.output.strip()[-LONGEST_OUTPUT:]
        run = ScheduledRun(began_at=began_at, ended_at=context.now(), exit_code=code, output=output)
        with self._changing() as states:
            state = ended(task, states[task.name], run)
            begin = next_begin(task, state, run.ended_at, seed=self._seed(task))
            states[task.name] = msgspec.structs.replace(state, next_at=begin)
        context.listener.ended(self._archive, task.name, run)
        return run

    def _seed(self, task: ScheduledTask) -> str:
        """Others who have the same configuration begin at other moments, but each archive always at its own."""
        return f"{self._archive.identity.id} {task.name}"

    @contextmanager
    def _changing(self) -> Iterator[dict[str, TaskState]]:
        """The states as they are on the disk, which they are again afterwards; what cannot be read begins anew."""
        try:
            before: Mapping[str, TaskState] = read_schedule(self._archive).tasks
        except ScheduleDamaged as damage:
            self._report(damage)
            before = {}
        states = dict(before)
        yield states
        if states != before:
            write_schedule(self._archive, ScheduleState(tasks=states))

    def _report(self, error: MatouError | OSError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._context.listener.troubled(self._archive, error)

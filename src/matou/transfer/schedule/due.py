"""What is due, what is next, and what becomes of a task when it has begun or ended: decisions alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from matou.archive.schedule_state import ScheduledRun, TaskState
from matou.model.recurrence import AtDistance, Timing

FIRST_RETRY: Final = timedelta(minutes=15)
"""After what may go better later; doubled each time."""
MOST_ATTEMPTS: Final = 4
COMPLETE, NOT_ALL_SAVED, TRY_LATER = 0, 3, 6
"""Exit codes of `cli/exit_codes.py`."""


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """What is done again and again in one archive.

    Attributes:
        name: tells it from the archive's others, also after its timing was changed.
        words: of the command, without the program's own name.
        platform, hosts: of a backup's source.
    """

    name: str
    words: tuple[str, ...]
    timing: Timing
    platform: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        return self.words[0]


def current_state(task: ScheduledTask, state: TaskState | None, now: datetime) -> TaskState:
    """As it stands before anything is decided.

    What is new waits for its time, or begins at once where it has none of the clock's. What is said to have been due
    in a time to come was written by a clock that went wrong, and is forgotten.
    """
    recurrence = task.timing.recurrence
    if state is None or state.due_at > now + recurrence.shortest_gap:
        due_at = now - recurrence.shortest_gap if isinstance(recurrence, AtDistance) and state is None else now
        state = msgspec.structs.replace(state, due_at=due_at) if state else TaskState(command="", due_at=due_at)
    if state.again_at is not None and state.again_at > now + FIRST_RETRY * 2**MOST_ATTEMPTS:
        state = msgspec.structs.replace(state, again_at=now)
    return msgspec.structs.replace(state, command=task.command, platform=task.platform, hosts=task.hosts)


def moment_due(task: ScheduledTask, state: TaskState, now: datetime, *, seed: str) -> datetime | None:
    """The moment for which it is to begin now; of several that were missed, the last one."""
    newest = task.timing.recurrence.newest(now, after=state.due_at)
    if newest is not None:
        return newest if task.timing.begin_of(newest, seed) <= now else None
    return state.due_at if state.again_at is not None and state.again_at <= now else None


def next_begin(task: ScheduledTask, state: TaskState, now: datetime, *, seed: str) -> datetime:
    """When it begins next, as far as nothing else is in its way."""
    recurrence = task.timing.recurrence
    newest = recurrence.newest(now, after=state.due_at)
    begin = task.timing.begin_of(newest or recurrence.following(state.due_at), seed)
    return begin if newest is not None or state.again_at is None else min(begin, state.again_at)


def begun(state: TaskState, due_at: datetime, now: datetime) -> TaskState:
    attempts = state.attempts + 1 if due_at == state.due_at else 1
    return msgspec.structs.replace(state, due_at=due_at, attempts=attempts, running_since=now, again_at=None)


def ended(task: ScheduledTask, state: TaskState, run: ScheduledRun) -> TaskState:
    """What passed while it ran, and ran through, need not be done again."""
    due_at, again_at = state.due_at, None
    if run.exit_code in (COMPLETE, NOT_ALL_SAVED):
        due_at = task.timing.recurrence.newest(run.ended_at, after=due_at) or due_at
    elif run.exit_code in (TRY_LATER, None) and state.attempts < MOST_ATTEMPTS:
        again_at = run.ended_at + (FIRST_RETRY * 2 ** (state.attempts - 1) if run.exit_code else timedelta())
    return msgspec.structs.replace(state, due_at=due_at, running_since=None, last=run, again_at=again_at)


def cut_off(state: TaskState, now: datetime) -> TaskState:
    """What nobody saw the end of: the process that had begun it was killed, or the machine stopped."""
    if state.running_since is None:
        return state
    run = ScheduledRun(began_at=state.running_since, ended_at=now, exit_code=None)
    again_at = now if state.attempts < MOST_ATTEMPTS else None
    return msgspec.structs.replace(state, running_since=None, last=run, again_at=again_at)

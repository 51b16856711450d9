"""What an archive's schedule has done: `schedule.json`, and the lock of the one process that goes by the schedule."""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from matou.archive.layout import Archive
from matou.errors import Damaged, TryLater
from matou.fs import flocked, translate_os_errors, write_atomically
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json

STATE_FILE: Final = "schedule.json"
LOCK_FILE: Final = "schedule.lock"


class ScheduleDamaged(Damaged):
    """schedule.json cannot be read; nothing that was saved depends on it."""


class ScheduleTaken(TryLater):
    """Another process goes by the schedule of this archive."""


class ScheduledRun(msgspec.Struct, frozen=True, kw_only=True):
    """How a scheduled command went.

    Attributes:
        exit_code: None where it was cut off, by a signal or with the machine.
        output: what it said.
    """

    began_at: datetime
    ended_at: datetime
    exit_code: int | None
    output: str = ""


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is done again and again.

    Attributes:
        command: `backup` or another command.
        platform, hosts: of a backup's source.
        due_at: the newest moment for which it was begun, or which it did not have to be begun for.
        attempts: how often it was begun for that.
        running_since: None where it does not run.
        last: how it went the last time.
        again_at: when it is tried again before it is due again.
        next_at: when it begins next, as far as that is known.
    """

    command: str
    platform: str = ""
    hosts: tuple[str, ...] = ()
    due_at: datetime
    attempts: int = 0
    running_since: datetime | None = None
    last: ScheduledRun | None = None
    again_at: datetime | None = None
    next_at: datetime | None = None


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """All of an archive's, by their names."""

    tasks: Mapping[str, TaskState] = {}


class _ScheduleFile(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 1
    tasks: dict[str, TaskState] = {}


def read_schedule(archive: Archive) -> ScheduleState:
    """What is there, or nothing. Raises ScheduleDamaged."""
    path = archive.root / STATE_FILE
    try:
        return ScheduleState(tasks=msgspec.json.decode(path.read_bytes(), type=decodable(_ScheduleFile)).tasks)
    except FileNotFoundError:
        return ScheduleState()
    except NOT_DECODED as error:
        raise ScheduleDamaged(
            "{path} cannot be read: {reason}",
            path=path,
            reason=fault_of_json(error),
            advice="delete it: nothing that was saved depends on it, and the schedule begins anew",
        ) from error


def write_schedule(archive: Archive, state: ScheduleState) -> None:
    """By whoever holds the lock. Raises WriteFailed."""
    content = msgspec.json.format(msgspec.json.encode(_ScheduleFile(tasks=dict(state.tasks))), indent=2)
    write_atomically(archive.root / STATE_FILE, content + b"\n")


@contextlib.contextmanager
def lock_schedule(archive: Archive) -> Iterator[int]:
    """Be the one that goes by the schedule; gives a descriptor, and whoever inherits that holds the lock as well.

    Raises:
        ScheduleTaken: somebody else is, or what they began has not ended yet.
    """
    path = archive.root / LOCK_FILE
    with contextlib.ExitStack() as stack:
        with translate_os_errors(path):
            descriptor = _entered(stack, path)
        if descriptor is None:
            raise ScheduleTaken("another process goes by the schedule of {archive}", archive=archive.root)
        yield descriptor


def _entered(stack: contextlib.ExitStack, path: Path) -> int | None:
    try:
        return stack.enter_context(flocked(path, waits=False, creates=True))
    except BlockingIOError:
        return None


def is_followed(archive: Archive) -> bool:
    """Whether some process goes by the schedule."""
    path = archive.root / LOCK_FILE
    try:
        with flocked(path, shared=True, waits=False):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False

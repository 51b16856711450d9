"""What is to be done while nobody waits: jobs, how they stand, and by what a worker proves that it has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final, NewType

JobId = NewType("JobId", int)
Argument = str | int | bool | None

LONGEST_WAIT: Final = timedelta(days=1)
"""Before a job is begun, or begun again."""


class TaskName(StrEnum):
    """What there is to do; `tasks/` has a function for each. A name that was released keeps its meaning."""

    PACK_LOOSE_OBJECTS = "pack-loose-objects"
    WRITE_COMMIT_GRAPH = "write-commit-graph"
    COMPUTE_ANALYSIS = "compute-analysis"
    SAVE_REPOSITORIES = "save-repositories"
    MERGE_BUCKET_PACKS = "merge-bucket-packs"
    SWEEP_BUCKET = "sweep-bucket"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobPriority(IntEnum):
    """Of what waits, that with the highest is begun first."""

    PEOPLE = 10
    UPKEEP = 0
    NIGHTLY = -10


@dataclass(frozen=True, slots=True)
class NewJob:
    """Attributes:
    lock: of jobs that have the same one, none runs beside another; they run in order. None to have none.
    key: of jobs that wait and have the same one, there is one. None to have none.
    wait: before it is begun; at most LONGEST_WAIT.
    """

    task: str
    arguments: Mapping[str, Argument] = field(default_factory=lambda: MappingProxyType({}))
    lock: str | None = None
    key: str | None = None
    priority: JobPriority = JobPriority.UPKEEP
    wait: timedelta = timedelta()

    def __post_init__(self) -> None:
        if not timedelta() <= self.wait <= LONGEST_WAIT:
            message = f"a job that waits for {self.wait}"
            raise ValueError(message)


def read_arguments(written: object) -> Mapping[str, Argument]:
    """Of a job's row, as JSON has them; nothing where it is not what we write, so that the job fails and no worker."""
    if not isinstance(written, Mapping):
        return {}
    return {name: value for name, value in written.items() if value is None or isinstance(value, str | int)}


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    Attributes:
        attempts: how often it was begun.
        wait: how long until it may be begun; nothing where it may be now, or waits no more.
        fault: why it was not done the last time.
        is_cancelling: it runs, and is asked to end.
        created_at, changed_at: by the database's clock.
    """

    id: JobId
    task: str
    arguments: Mapping[str, Argument]
    lock: str | None
    priority: int
    state: JobState
    attempts: int
    wait: timedelta
    fault: str | None
    is_cancelling: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """That a worker has a job: what it writes down of it counts as long as the job's row says the same."""

    job: JobId
    worker: str
    attempt: int

"""What a copy did, and what it could not do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from matou.errors import MatouError


class CopyStage(Enum):
    """What a copy is at."""

    OBJECTS = auto()
    RUNS = auto()
    DELETING = auto()
    CHECKING = auto()


CopyProgress = Callable[[CopyStage, int, int], None]
"""Told of each stage how many units of it are done, and of how many."""


@dataclass(frozen=True, slots=True)
class CopyProblem:
    """A file, by its path in the archive, and what is wrong with it."""

    path: str
    detail: MatouError


@dataclass(slots=True)
class CopyReport:
    """What was done, or in a dry run would be.

    Attributes:
        number: of the copy, from 1; 0 where none was published.
        sent: files that were written, and their bytes.
        kept: files that were there.
        deleted: objects that no longer belong to it.
        damaged: what is damaged at the source: it was copied as it is, unless the copy holds it sound.
        failed: what could not be read: it is as it was in the last copy, and no newer run was copied.
        healed: files that had been damaged in the copy, of those that were read there; they count as sent, too.
        is_current: nothing had changed, so nothing was written.
    """

    number: int = 0
    sent: int = 0
    sent_bytes: int = 0
    kept: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    damaged: list[CopyProblem] = field(default_factory=list)
    failed: list[CopyProblem] = field(default_factory=list)
    healed: int = 0
    is_current: bool = False


@dataclass(slots=True)
class CopyCheckReport:
    """What a check of a copy came to.

    Attributes:
        number: the copy that was checked.
        files: how many belong to it.
        read: how many of them were read from end to end.
        problems: what is missing or damaged.
        notes: what was damaged at the source already.
    """

    number: int
    files: int = 0
    read: int = 0
    read_bytes: int = 0
    problems: list[CopyProblem] = field(default_factory=list)
    notes: list[CopyProblem] = field(default_factory=list)

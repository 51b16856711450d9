"""What a move did, and what kept it from ending."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from matou.errors import MatouError


class MoveStage(Enum):
    """What a move is at."""

    REPOSITORIES = auto()
    BLOBS = auto()
    RUNS = auto()


MoveProgress = Callable[[MoveStage, int, int], None]
"""Told of each stage how many units of it are done, and of how many."""


@dataclass(frozen=True, slots=True)
class MoveProblem:
    """What could not be moved, by its path in the archive, and why."""

    path: str
    detail: MatouError


@dataclass(slots=True)
class MoveReport:
    """What was done; safe to add to from several threads.

    Attributes:
        problems: where there are any, the archive is still where it was.
        left_out: files whose names no file of an archive has; they are where they were.
        was_moved: it was there already, from an earlier time.
    """

    repositories: int = 0
    blobs: int = 0
    files: int = 0
    written_bytes: int = 0
    problems: list[MoveProblem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    was_moved: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, repositories: int = 0, blobs: int = 0, files: int = 0, written_bytes: int = 0) -> None:
        with self._lock:
            self.repositories += repositories
            self.blobs += blobs
            self.files += files
            self.written_bytes += written_bytes

    def add_problem(self, path: str, detail: MatouError) -> None:
        with self._lock:
            self.problems.append(MoveProblem(path, detail))

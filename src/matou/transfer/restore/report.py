"""What a restore made, what it left alone, and what it could not make."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from matou.errors import Damaged, MatouError


class Layout(StrEnum):
    """How the restored tree looks.

    PLAIN is `TEAM/PROJECT/REPOSITORY`, as in the archive. CODING_SCRIPT is the tree of the well-known backup script
    for CODING: a folder a project with `ProjectInfo.txt` and `icon`, in it a folder a repository with `DepotInfo.txt`.
    """

    PLAIN = "plain"
    CODING_SCRIPT = "coding-script"


@dataclass(frozen=True, slots=True)
class RestoreProblem:
    """What could not be made at a path below the target folder, and why."""

    path: str
    cause: MatouError

    @property
    def is_damage(self) -> bool:
        return isinstance(self.cause, Damaged)

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What became of each repository; all are paths below the target folder, sorted.

    Attributes:
        restored: made by this call.
        already_there: made before, with the very refs that they have in the archive.
        not_saved: of which the archive has nothing, so that there was nothing to make.
        problems: what could not be made, or not in full.
    """

    restored: tuple[str, ...]
    already_there: tuple[str, ...]
    not_saved: tuple[str, ...]
    problems: tuple[RestoreProblem, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The paths at which nothing is there of what should be."""
        there = {*self.restored, *self.already_there, *self.not_saved}
        return tuple(sorted({problem.path for problem in self.problems} - there))

    @property
    def has_damage(self) -> bool:
        return any(problem.is_damage for problem in self.problems)


Progress = Callable[[str, int, int], None]
"""Told the path that was dealt with, how many are done, and how many there are. Called one at a time."""


def no_progress(path: str, done: int, expected: int) -> None:
    """For whoever does not want to know."""

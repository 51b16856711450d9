"""What a verification found: problems are values, each of which names the one thing that is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from matou.errors import MatouError


class ProblemKind(StrEnum):
    """What is not what was written."""

    MANIFEST = "manifest"
    RECORDS = "records"
    REPOSITORY = "repository"
    HEAD = "head"
    REF = "ref"
    KEPT_REF = "kept-ref"
    FILE = "file"
    OBJECT = "object"
    SNAPSHOT = "snapshot"
    BLOB = "blob"
    LFS_OBJECT = "lfs-object"


@dataclass(frozen=True, slots=True)
class VerifyProblem:
    """One thing that is wrong.

    Attributes:
        kind: what sort of thing.
        path: where it is, below the archive's folder.
        detail: what is wrong with it; an error that is told, not raised.
    """

    kind: ProblemKind
    path: str
    detail: MatouError

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at, and what was wrong with it.

    Attributes:
        problems: sorted by path; none where the archive is whole.
        manifests: how many were read.
        repositories: how many were compared with their snapshots.
        proven: of those, how many `git fsck` went through this time.
        blobs: how many were read.
        metadata: how many metadata repositories were looked at.
        ahead: paths of repositories that a run which was cut off has moved on; all that was saved is in them.
        notes: faults that something came with from its source: kept as they came, and no damage.
        repaired: files that were made anew, below the archive's folder.
    """

    problems: tuple[VerifyProblem, ...]
    manifests: int
    repositories: int
    proven: int
    blobs: int
    ahead: tuple[str, ...]
    notes: tuple[VerifyProblem, ...] = ()
    repaired: tuple[str, ...] = ()
    metadata: int = 0

    @property
    def is_whole(self) -> bool:
        """Where no run has ended nothing says what should be there, so that nothing was proven."""
        return not self.problems and self.manifests > 0


class Stage(StrEnum):
    REPOSITORIES = "repositories"
    METADATA = "metadata"
    BLOBS = "blobs"


Progress = Callable[[Stage, int, int], None]
"""Told the stage, how much of it is done, and how much there is. Called from several threads, one at a time."""


def no_progress(stage: Stage, done: int, expected: int) -> None:
    """For whoever does not want to know."""

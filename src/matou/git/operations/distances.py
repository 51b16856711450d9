"""How far two commits are apart: what each has that the other has not."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.errors import UnknownShape
from matou.git.odb.blobs import translate_damage
from matou.git.process.run import TOOK_TOO_MUCH, Limits, run_git
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class CommitDistance:
    """`ahead` are commits that the head has and the base has not, `behind` those of the base."""

    ahead: int
    behind: int


def distance_between(git_dir: Path, base: ObjectId, head: ObjectId) -> CommitDistance | None:
    """None where counting takes too long. Raises Unreadable."""
    words = ["rev-list", "--count", "--left-right", f"{base}...{head}", "--"]
    try:
        with translate_damage(head):
            output = run_git(words, git_dir=git_dir, limits=LIMITS)
    except TOOK_TOO_MUCH:
        return None
    fields = output.split()
    if len(fields) != 2:
        raise UnknownShape("git rev-list --count --left-right", output)
    behind, ahead = map(int, fields)
    return CommitDistance(ahead, behind)

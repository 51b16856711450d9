"""What objects take on the disk, as they lie: compressed, and as deltas where they are such."""

from collections.abc import Iterable
from pathlib import Path

from matou.git.process.run import DEFAULT_LIMITS, Limits, run_git
from matou.model.names import ObjectId


def bytes_only_behind(
    git_dir: Path, tips: Iterable[ObjectId], others: Iterable[ObjectId], *, limits: Limits = DEFAULT_LIMITS
) -> int:
    """The bytes of all objects that these tips lead to, and the others do not; an object that both name is no such.

    Raises:
        GitFailed: an object on the way is missing or damaged.
    """
    others = frozenset(others)
    wanted = sorted(frozenset(tips) - others)
    if not wanted:
        return 0
    question = "".join([*(f"{oid}\n" for oid in wanted), *(f"^{oid}\n" for oid in sorted(others))])
    arguments = ["rev-list", "--objects", "--disk-usage", "--stdin"]
    return int(run_git(arguments, git_dir=git_dir, input=question.encode(), limits=limits))

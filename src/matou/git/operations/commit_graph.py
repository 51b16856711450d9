"""What git writes down of a history to be quick in it: parents and times of each commit, and which paths it changed."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.process.run import TOOK_TOO_MUCH, Limits, run_git
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=2048 * MEBIBYTE, wall=timedelta(minutes=10))

_WORDS: Final = ("commit-graph", "write", "--reachable", "--changed-paths", "--split", "--no-progress")


def write_commit_graph(git_dir: Path, *, limits: Limits = LIMITS) -> None:
    """Write what is new of all that refs name in a file beside the older ones (git-commit-graph(1), `--split`).

    Interrupted at any point, git reads what was there before.

    Raises:
        GitFailed: the history is broken, the folder cannot be written, or git went beyond its limits.
    """
    try:
        run_git(_WORDS, git_dir=git_dir, limits=limits)
    except TOOK_TOO_MUCH:
        # It was killed, and left this behind.
        (git_dir / "objects/info/commit-graphs/commit-graph-chain.lock").unlink(missing_ok=True)
        raise

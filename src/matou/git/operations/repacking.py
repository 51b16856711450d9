"""Many small packs made few: by git itself, which takes away the old ones once the new one is whole and durable."""

from pathlib import Path
from typing import Final

from matou.git.process.run import DEFAULT_LIMITS, Limits, run_git

_SETTINGS: Final = (("pack.windowMemory", "32m"), ("pack.threads", "1"))


def merge_small_packs(git_dir: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Merge packs until each is at least twice as large as all that are smaller (git-repack(1), `--geometric`).

    So what was written long ago is not written again with each merge. No object is left out, named or not. Interrupted
    at any point, every object is in a pack that git reads.

    Raises:
        GitFailed: an object cannot be read, or git went beyond its limits; every pack is where it was.
    """
    words = ("repack", "--geometric=2", "-d", "-q", "--no-write-bitmap-index")
    run_git(words, git_dir=git_dir, settings=_SETTINGS, limits=limits)

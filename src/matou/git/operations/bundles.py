"""A repository as one file, from which git clones and fetches (git-bundle(1))."""

from pathlib import Path
from typing import Final

from matou.git.process.run import DEFAULT_LIMITS, Limits, run_git
from matou.git.refs.listing import read_refs

_ALWAYS_ALIKE: Final = (("pack.threads", "1"),)
"""Several threads pack the same objects otherwise each time."""


def write_bundle(git_dir: Path, target: Path, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Write all refs of a bare repository, HEAD too, and all that they reach; whether there was anything.

    git makes no bundle of a repository without refs, and nobody could clone one of a history that lacks a part.

    Raises:
        GitFailed: an object is missing.
    """
    if read_refs(git_dir).is_empty:
        return False
    with target.open("wb") as file:
        run_git(
            ("bundle", "create", "--quiet", "-", "--all"),
            git_dir=git_dir,
            settings=_ALWAYS_ALIKE,
            limits=limits,
            stdout=file,
        )
    return True

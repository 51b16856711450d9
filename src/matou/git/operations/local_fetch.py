"""A copy of a repository on this machine that holds what its refs reach and not one object more."""

import shutil
from pathlib import Path

from matou.git.process.run import DEFAULT_LIMITS, Limits, run_git
from matou.git.refs.listing import write_refs
from matou.git.repository import create_bare, object_format_on_disk
from matou.model.refs import RefListing


def copy_reachable(origin: Path, git_dir: Path, listing: RefListing, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Fill an empty bare repository with the refs of `listing`, and all that these reach in `origin`.

    Neither files nor objects are shared: whoever may read one of the two can ask it for any object by its id, so what
    was force-pushed away, is hidden or merely lies in the same pack must not come along. git copies the parts of packs
    as they are, and writes the pack and its index where they are to lie. The caller syncs the file system.

    Raises:
        GitFailed: the origin lacks an object.
    """
    create_bare(git_dir, object_format=object_format_on_disk(origin))
    ids = listing.object_ids()
    if ids:
        if (origin / "shallow").exists():
            shutil.copyfile(origin / "shallow", git_dir / "shallow")
        words = ("pack-objects", "--revs", "--delta-base-offset", "--quiet", str(git_dir / "objects" / "pack" / "pack"))
        run_git(words, git_dir=origin, input="".join(f"{oid}\n" for oid in sorted(ids)).encode(), limits=limits)
    write_refs(git_dir, listing, {})

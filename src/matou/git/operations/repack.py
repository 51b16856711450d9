"""One pack of all that the refs of a repository lead to, in place of whatever objects it has.

The new pack is judged by git, alone and with nothing to fall back on, before anything that was there is taken away.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from matou.errors import Damaged
from matou.fs import sync_folder
from matou.git.operations.fetch import wanted_objects
from matou.git.operations.fsck import Severity, fsck
from matou.git.operations.pack_merging import put_in_place
from matou.git.process.run import DEFAULT_LIMITS, Limits, run_git
from matou.git.refs.listing import head_text, read_refs, write_first_refs
from matou.git.repository import FIRST_HEAD, SHALLOW_FILE, make_bare, object_format_on_disk, size_bytes
from matou.model.refs import RefListing

_NEW: Final = "tmp_repacked"
"""Whoever clears up takes what begins so for the leftover of a process that died."""

_ALTERNATES: Final = "objects/info/alternates"


class RepackRefused(Damaged):
    """A repository is not as it should be, so that nothing of it was taken away."""


def repack_reachable(git_dir: Path, *, scratch: Path, limits: Limits = DEFAULT_LIMITS) -> int:
    """Leave only what the refs lead to; say how many bytes that freed.

    Killed at any moment, or by a power cut, the repository has all that its refs lead to, and perhaps more; called
    again, it goes on. Nobody else may write to it meanwhile. One without any ref keeps all that it has.

    Args:
        git_dir: a bare repository.
        scratch: a path at which nothing is, on the same file system.
        limits: of each git child.

    Raises:
        RepackRefused, GitFailed: an object is missing or damaged; nothing was taken away.
    """
    if (git_dir / _ALTERNATES).exists():
        raise RepackRefused("{repository} has objects elsewhere", repository=git_dir)
    listing = read_refs(git_dir)
    tips = wanted_objects(listing)
    if not tips:
        return 0
    before = size_bytes(git_dir)
    text = "".join(f"{oid}\n" for oid in sorted(tips)).encode()
    _clear(git_dir)
    base = git_dir / "objects/pack" / _NEW
    words = ["pack-objects", "--revs", "--delta-base-offset", "--quiet", str(base)]
    try:
        name = run_git(words, git_dir=git_dir, input=text, limits=limits).decode().strip()
        made = sorted(base.parent.glob(f"{_NEW}-{name}.*"))
        _require_whole(git_dir, listing, made, scratch, limits)
    except BaseException:
        _clear(git_dir)
        raise
    put_in_place(base, name)
    if not (base.parent / f"pack-{name}.idx").exists():
        raise RepackRefused("{folder} lacks the pack that was put there", folder=base.parent)
    _take_away_others(git_dir / "objects", name)
    return before - size_bytes(git_dir)


def _clear(git_dir: Path) -> None:
    """What one that was cut off has left, or a git of its that was killed."""
    for path in (git_dir / "objects/pack").glob("tmp_*"):
        path.unlink()


def _require_whole(git_dir: Path, listing: RefListing, made: list[Path], scratch: Path, limits: Limits) -> None:
    """Let git follow every ref through the new pack alone."""
    shutil.rmtree(scratch, ignore_errors=True)
    make_bare(scratch, head=head_text(listing) or FIRST_HEAD, object_format=object_format_on_disk(git_dir))
    try:
        for path in made:
            os.link(path, scratch / "objects/pack" / path.name.replace(_NEW, "pack"))
        write_first_refs(scratch, listing)
        if (git_dir / SHALLOW_FILE).exists():
            shutil.copyfile(git_dir / SHALLOW_FILE, scratch / SHALLOW_FILE)
        for problem in fsck(scratch, limits=limits):
            if problem.severity is Severity.ERROR:
                raise RepackRefused("git fsck: {fault}", fault=problem.message)
    finally:
        shutil.rmtree(scratch)


def _take_away_others(objects: Path, name: str) -> None:
    """What makes git quick first, since it speaks of packs that go; of each pack its index last."""
    for path in (*_quickening(objects), *_other_packs(objects / "pack", name)):
        path.unlink()
    sync_folder(objects / "pack")
    for folder in [path for path in objects.glob("[0-9a-f][0-9a-f]") if path.is_dir()]:
        for path in [path for path in folder.iterdir() if not path.name.startswith("tmp_")]:
            path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def _quickening(objects: Path) -> Iterator[Path]:
    yield from objects.glob("info/commit-graphs/*")
    yield from objects.glob("info/commit-graph")
    yield from objects.glob("pack/multi-pack-index*")
    yield from objects.glob("pack/*.bitmap")


def _other_packs(folder: Path, name: str) -> Iterator[Path]:
    others = [path for path in folder.glob("pack-*") if path.stem != f"pack-{name}" and path.suffix != ".bitmap"]
    order = (".pack", ".rev", ".mtimes", ".keep")
    yield from sorted(others, key=lambda path: (path.suffix == ".idx", path.suffix not in order, path.name))

"""Makes anew what git can tell from a repository's packs: their indexes, and what only makes git quicker.

Such files are no part of what was saved: a pack whose bytes are sound says all that its index does.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matou.fs import sync_folder, translate_os_errors
from matou.git.operations.commit_graph import write_commit_graph
from matou.git.process.run import Limits, run_git
from matou.transfer.common.object_files import CheckedFile, check_object_files

_OF_A_PACK: Final = frozenset({".idx", ".rev"})
_TEMPORARY: Final = "tmp_rebuilt"
_ASIDE: Final = "tmp_damaged"
"""What is called so, every run takes away that finds it."""


def rebuild_derived(git_dir: Path, *, hash_name: str, limits: Limits) -> tuple[Path, ...]:
    """Make anew every derived file that is damaged, and every index that is missing, where the packs are sound.

    Called again, it goes on. Nobody else may write to the repository meanwhile; whoever reads it may go on.

    Returns:
        The files that were made anew, or taken away where git does without them.

    Raises:
        GitFailed: git finds a pack unsound whose bytes are not.
        WriteFailed: the disk is full, or cannot be written.
    """
    files = tuple(check_object_files(git_dir / "objects", hash_name=hash_name))
    damaged = {file.path for file in files if file.fault is not None}
    rebuilt: list[Path] = []
    packs = _sound_packs(files)
    with _hidden(path for pack in packs for path in _index_files(pack) if path in damaged):
        for pack in packs:
            indexes = [path for path in _index_files(pack) if path in damaged or _is_lost(path)]
            if indexes:
                _index(git_dir, pack, indexes, limits)
                rebuilt += indexes
    rebuilt += _rebuild_rest(git_dir, damaged, limits)
    return tuple(sorted(rebuilt))


def has_lost_index(git_dir: Path) -> bool:
    """Whether a pack lies there that git cannot read for want of an index."""
    return any(_is_lost(pack.with_suffix(".idx")) for pack in (git_dir / "objects/pack").glob("pack-*.pack"))


def is_derived(path: Path) -> bool:
    """Whether a file of `objects` says nothing that the packs do not say."""
    return path.suffix in {*_OF_A_PACK, ".bitmap", ".graph"} or path.name in ("multi-pack-index", "commit-graph")


def _sound_packs(files: Iterable[CheckedFile]) -> list[Path]:
    return [file.path for file in files if file.path.suffix == ".pack" and file.fault is None]


def _index_files(pack: Path) -> tuple[Path, ...]:
    return tuple(pack.with_suffix(suffix) for suffix in sorted(_OF_A_PACK))


def _is_lost(path: Path) -> bool:
    """An index is needed; git makes do without what only turns it round."""
    return path.suffix == ".idx" and not path.exists()


@contextmanager
def _hidden(damaged: Iterable[Path]) -> Iterator[None]:
    """Away with damaged indexes while git reads packs: it compares an object with what an index says is there already.

    What could not be made anew comes back; a run that is cut off leaves packs without an index, which are seen to next.
    """
    aside: dict[Path, Path] = {}
    try:
        for path in damaged:
            with translate_os_errors(path):
                aside[path] = path.rename(path.with_name(f"{_ASIDE}_{path.name}"))
        yield
    finally:
        for path, away in aside.items():
            if path.exists():
                away.unlink()
            else:
                away.rename(path)


def _index(git_dir: Path, pack: Path, indexes: Iterable[Path], limits: Limits) -> None:
    """Beside what is there, and then in its place: whoever opens the pack finds the old index or the new one."""
    made = pack.with_name(f"{_TEMPORARY}_{pack.stem}.idx")
    for path in _index_files(made):
        path.unlink(missing_ok=True)
    run_git(["index-pack", "--rev-index", "-o", str(made), str(pack)], git_dir=git_dir, limits=limits)
    for path in indexes:
        with translate_os_errors(path):
            made.with_suffix(path.suffix).replace(path)
    for path in _index_files(made):
        path.unlink(missing_ok=True)
    sync_folder(pack.parent)


def _rebuild_rest(git_dir: Path, damaged: Iterable[Path], limits: Limits) -> list[Path]:
    """What makes git quicker: taken away where it is damaged, and then made anew where one command does that."""
    rest = [path for path in damaged if is_derived(path) and path.suffix not in _OF_A_PACK]
    for path in rest:
        with translate_os_errors(path):
            path.unlink(missing_ok=True)
    kinds = {path.suffix or path.name for path in rest}
    if kinds & {".graph", "commit-graph"}:
        _forget_graphs(git_dir / "objects/info")
        write_commit_graph(git_dir, limits=limits)
    if "multi-pack-index" in kinds:
        run_git(["multi-pack-index", "write", "--no-progress"], git_dir=git_dir, limits=limits)
    return rest


def _forget_graphs(info: Path) -> None:
    """A chain of graphs is good for nothing without each of its links."""
    chain = info / "commit-graphs"
    for path in chain.iterdir() if chain.is_dir() else ():
        os.unlink(path)  # noqa: PTH108 - as for each of them
    (info / "commit-graph").unlink(missing_ok=True)

"""Where the history of a repository ends before its beginning, since its source does not have the rest either."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from matou.git.lock_files import publish_file, sync_folder
from matou.git.odb.stored_objects import describe_objects
from matou.git.process.run import run_git
from matou.git.repository import SHALLOW_FILE
from matou.model.names import InvalidName, ObjectId, object_id

INFINITE_DEPTH: Final = 2_147_483_647
"""What git means by all of a history, and servers understand."""

_PARENT: Final = b"parent "


def read_boundary(git_dir: Path) -> frozenset[ObjectId]:
    """The commits whose parents are not here; none where the history is whole."""
    try:
        lines = (git_dir / SHALLOW_FILE).read_text("ascii", "replace").split("\n")
    except FileNotFoundError:
        return frozenset()
    return frozenset(_ids(lines))


def _ids(lines: Collection[str]) -> Iterator[ObjectId]:
    for line in lines:
        try:
            yield object_id(line)
        except InvalidName:
            continue  # Without its line a commit counts as whole, and git says what is missing.


def boundary_text(ids: Collection[ObjectId]) -> bytes:
    return b"".join(b"%b\n" % oid.encode() for oid in sorted(ids))


def write_boundary(git_dir: Path, ids: Collection[ObjectId]) -> None:
    """Tell git which commits have no parents here, or, without any, that all have."""
    path = git_dir / SHALLOW_FILE
    if ids:
        publish_file(path, boundary_text(ids))
    elif path.exists():
        path.unlink()
        sync_folder(git_dir)


def lacking_parents(git_dir: Path, ids: Collection[ObjectId]) -> frozenset[ObjectId]:
    """Those of some commits that have a parent which is not here."""
    parents = {oid: _parents(git_dir, oid) for oid in ids}
    present = describe_objects(git_dir, {parent for some in parents.values() for parent in some})
    return frozenset(oid for oid, some in parents.items() if not some <= present.keys())


def _parents(git_dir: Path, oid: ObjectId) -> set[ObjectId]:
    """As the commit itself says, whatever git was told of it."""
    header = run_git(["cat-file", "commit", oid], git_dir=git_dir).partition(b"\n\n")[0]
    lines = (line for line in header.split(b"\n") if line.startswith(_PARENT))
    return {object_id(line.removeprefix(_PARENT).decode("ascii", "replace")) for line in lines}

"""Which commit last changed each entry of a folder: found in a history's newest commits first, then name by name.

Entries that nobody has touched for years cost git a difference of every commit's whole tree. So what the newest commits
leave open is asked for again with its names as paths, where git compares two ids for a commit and reads no further.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.odb.blobs import translate_damage
from matou.git.odb.objects import TreePath
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(seconds=20))
NEWEST_COMMITS: Final = 1_000
MOST_NAMES_AS_PATHS: Final = 1_000

_BLOCK_BYTES: Final = 64 * 1024
_FORM: Final = ("-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H", "-c", "--no-decorate", "--no-notes")
_LITERAL: Final = {"GIT_LITERAL_PATHSPECS": "1"}


def last_changes(
    git_dir: Path,
    start: ObjectId,
    folder: TreePath | None,
    names: Collection[bytes],
    *,
    found: dict[bytes, ObjectId] | None = None,
) -> dict[bytes, ObjectId]:
    """The newest commit that changed each of these names in a folder, or anything below it; a merge where it did.

    Args:
        git_dir: the repository.
        start: where the history begins.
        folder: None for the root.
        names: of its entries. One that was not come to in the time is left out.
        found: filled as the work goes on, for whoever does not wait for its end.

    Raises:
        Unreadable: the history is broken.
    """
    changes = {} if found is None else found
    try:
        _walk(git_dir, start, folder, names, changes, (f"--max-count={NEWEST_COMMITS}",))
        open_names = [name for name in names if name not in changes]
        for begin in range(0, len(open_names), MOST_NAMES_AS_PATHS):
            _walk(git_dir, start, folder, open_names[begin : begin + MOST_NAMES_AS_PATHS], changes, (), as_paths=True)
    except TOOK_TOO_MUCH:
        return changes
    return changes


def changes_since(
    git_dir: Path, start: ObjectId, folder: TreePath | None, names: Collection[bytes], *, since: ObjectId
) -> dict[bytes, ObjectId] | None:
    """The same, by the commits alone that came to a history since one of its commits; None where that takes too long.

    Raises:
        Unreadable: the history is broken.
    """
    changes: dict[bytes, ObjectId] = {}
    try:
        _walk(git_dir, start, folder, names, changes, (f"^{since}",))
    except TOOK_TOO_MUCH:
        return None
    return changes


def _walk(
    git_dir: Path,
    start: ObjectId,
    folder: TreePath | None,
    names: Collection[bytes],
    changes: dict[bytes, ObjectId],
    limits: tuple[str, ...],
    *,
    as_paths: bool = False,
) -> None:
    """Put into `changes` what is found of names that are not there yet, until all are."""
    prefix = b"" if folder is None else folder.encoded + b"/"
    pending = {name for name in names if name not in changes}
    if not pending:
        return
    paths = [prefix + name for name in names if name in pending] if as_paths else [prefix] if prefix else []
    words = ["log", *_FORM, *limits, start, "--", *(path.decode("utf-8", "surrogateescape") for path in paths)]
    with translate_damage(start), GitChild(words, git_dir=git_dir, environment=_LITERAL, limits=LIMITS) as child:
        for commit, path in _changes(_fields(child)):
            name = path[len(prefix) :].partition(b"/")[0]
            if path.startswith(prefix) and name in pending:
                changes[name] = commit
                pending.remove(name)
            if not pending:
                return
        child.finish()


def _fields(child: GitChild) -> Iterator[bytes]:
    rest = b""
    while block := child.stdout.read(_BLOCK_BYTES):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole


def _changes(fields: Iterator[bytes]) -> Iterator[tuple[ObjectId, bytes]]:
    """After each commit's id its raw records, a path behind each."""
    commit = None
    for field in fields:
        word = field.lstrip(b"\n")
        if word.startswith(b":"):
            path = next(fields, None)
            if commit is not None and path is not None:
                yield commit, path
        elif word:
            commit = ObjectId(word.decode("ascii", "replace"))

"""Which commit last changed each entry of a folder: one walk through the history, as long as it may take."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.odb.blobs import translate_damage
from matou.git.odb.objects import TreePath
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(seconds=5))

_BLOCK_BYTES: Final = 64 * 1024
_FORM: Final = ("-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H", "-c", "--no-decorate", "--no-notes")
_LITERAL: Final = {"GIT_LITERAL_PATHSPECS": "1"}


def last_changes(
    git_dir: Path, start: ObjectId, folder: TreePath | None, names: Collection[bytes]
) -> dict[bytes, ObjectId]:
    """The newest commit that changed each of these names in a folder, or anything below it; a merge where it did.

    Args:
        start: where the history begins.
        folder: None for the root.
        names: of its entries. One that was not come to in the time is left out.

    Raises:
        Unreadable: the history is broken.
    """
    prefix = b"" if folder is None else str(folder).encode("utf-8", "surrogateescape") + b"/"
    words = ["log", *_FORM, start, "--", *([] if folder is None else [str(folder)])]
    pending, changes = set(names), dict[bytes, ObjectId]()
    try:
        with (
            translate_damage(start),
            GitChild(words, git_dir=git_dir, environment=_LITERAL, limits=LIMITS) as child,
        ):
            for commit, path in _changes(_fields(child)):
                name = path[len(prefix) :].partition(b"/")[0]
                if path.startswith(prefix) and name in pending:
                    changes[name] = commit
                    pending.remove(name)
                if not pending:
                    return changes
            child.finish()
    except TOOK_TOO_MUCH:
        return changes
    return changes


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

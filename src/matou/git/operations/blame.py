"""Which commit wrote each line of a file, and what the file was called there: asked of git, within limits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from matou.errors import Damaged
from matou.git.odb.blobs import translate_damage
from matou.git.odb.objects import MissingObject, TooLargeToRead, TreePath, read_header
from matou.git.process.run import TOOK_TOO_MUCH, Limits, run_git
from matou.model.names import InvalidName, ObjectId, object_id
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(seconds=20))
MOST_IGNORED: Final = 500
IGNORED_REVISIONS: Final = TreePath((".git-blame-ignore-revs",))
"""What hosting sites read by this name (git-blame(1), "--ignore-revs-file")."""

_LITERAL: Final = {"GIT_LITERAL_PATHSPECS": "1"}
_BEGIN: Final = re.compile(rb"(?P<id>[0-9a-f]{40}) [0-9]+ (?P<first>[0-9]+) (?P<count>[0-9]+)\Z")
_IGNORED: Final = re.compile(r"[ \t]*(?P<id>[0-9a-fA-F]{40})[ \t]*(?:#.*)?\Z")


class BlameTooLong(TooLargeToRead):
    """To find out who wrote each line takes longer than an answer may."""


@dataclass(frozen=True, slots=True)
class BlamedLines:
    """Lines that stand one below the other and come from one commit.

    Attributes:
        first: from 1 on.
        path: what the file was called in that commit.
        previous: the commit before it, in which the lines were others; None where the file began with it.
    """

    commit: ObjectId
    first: int
    count: int
    path: bytes
    previous: ObjectId | None


def blame(
    git_dir: Path, start: ObjectId, path: TreePath, *, ignored: Sequence[ObjectId] = ()
) -> tuple[BlamedLines, ...]:
    """The lines of a file at a commit, in their order.

    Args:
        start: the commit.
        path: of the file.
        ignored: commits that count as if they had not been made, as far as their lines can be told apart.

    Raises:
        BlameTooLong.
        Unreadable: the file or its history is not there.
    """
    revisions = [f"--ignore-rev={revision}" for revision in ignored[:MOST_IGNORED]]
    # No .mailmap: people are told as the commits have them, like everywhere else.
    words = ["blame", "--incremental", "--no-progress", *revisions, start, "--", str(path)]
    try:
        with translate_damage(start):
            output = run_git(words, git_dir=git_dir, environment=_LITERAL, limits=LIMITS)
    except TOOK_TOO_MUCH as failure:
        raise BlameTooLong("finding out who wrote each line takes too long") from failure
    return tuple(sorted(_read(start, output), key=lambda lines: lines.first))


def _read(start: ObjectId, output: bytes) -> Iterator[BlamedLines]:
    """Groups of a line of ids and numbers, facts of the commit once, and the file's name last (git-blame(1))."""
    previous: dict[bytes, bytes] = {}
    begin: re.Match[bytes] | None = None
    for line in output.removesuffix(b"\n").split(b"\n") if output else ():
        if begin is None:
            begin = _BEGIN.match(line)
            if begin is None:
                raise Damaged("what git says of commit {id} cannot be read", id=start)
        elif line.startswith(b"previous "):
            previous[begin["id"]] = line.split(b" ", 2)[1]
        elif line.startswith(b"filename "):
            before = previous.get(begin["id"])
            yield BlamedLines(
                ObjectId(begin["id"].decode()),
                int(begin["first"]),
                int(begin["count"]),
                _unquoted(line.removeprefix(b"filename ")),
                None if before is None else ObjectId(before.decode()),
            )
            begin = None


def read_ignored(repository: pygit2.Repository, content: bytes) -> tuple[ObjectId, ...]:
    """The commits that a file of them names; what is no id of a commit here is passed over."""
    lines = (_IGNORED.match(line) for line in content.decode("utf-8", "replace").splitlines())
    ids = dict.fromkeys(match["id"].lower() for match in lines if match is not None)
    return tuple(each for each in map(_id, ids) if each is not None and _is_commit(repository, each))[:MOST_IGNORED]


def _id(text: str) -> ObjectId | None:
    try:
        return object_id(text)
    except InvalidName:
        return None


def _is_commit(repository: pygit2.Repository, name: ObjectId) -> bool:
    try:
        return read_header(repository, name)[0] == ObjectType.COMMIT
    except MissingObject:
        return False


_ESCAPE: Final = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED: Final = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def _unquoted(name: bytes) -> bytes:
    """git quotes a name of odd characters as C does (git-config(1), "core.quotePath")."""
    if not (name.startswith(b'"') and name.endswith(b'"') and len(name) > 1):
        return name
    return _ESCAPE.sub(_character, name[1:-1])


def _character(match: "re.Match[bytes]") -> bytes:
    escape = match[1]
    return bytes([int(escape, 8) & 0xFF]) if len(escape) > 1 else _ESCAPED.get(escape, escape)

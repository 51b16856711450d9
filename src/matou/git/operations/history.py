"""Which commits a history holds, and what one of them changed: asked of git, which is quicker at it than we are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from matou.errors import Damaged
from matou.git.odb.blobs import Unreadable, translate_damage
from matou.git.odb.objects import EMPTY_TREE, Commit, TooLargeToRead, TreePath
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, GitFailed, Limits, run_git
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_COMMITS: Final = 500_000
MOST_CHANGES_BYTES: Final = 16 * MEBIBYTE
MOST_RENAMES_COMPARED: Final = 200
ID_BYTES: Final = 20
HISTORY_LIMITS: Final = Limits(memory_bytes=2048 * MEBIBYTE, wall=timedelta(seconds=30))
CHANGES_LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(seconds=10))

_BLOCK_BYTES: Final = 256 * 1024
_NO_ANCESTOR: Final = 1
_SUBMODULE: Final = b"160000"
_RAW: Final = re.compile(
    rb":(?P<was>[0-7]{6}) (?P<is>[0-7]{6}) (?P<old>[0-9a-f]{40}) (?P<new>[0-9a-f]{40}) (?P<status>[A-Z])[0-9]*\Z"
)


class HistoryTooLong(TooLargeToRead):
    """Looking through a history would take longer than an answer may."""


class TooManyChanges(TooLargeToRead):
    """A commit changes more than is counted."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which commits of a history are wanted; what is empty asks for nothing.

    `path` is read as git-log(1) does by default. `authors` are parts of `Name <e-mail>`, whatever the case; one of
    them is enough. `since` and `until` bound the committer's date, both included. `keyword` stands in the message,
    whatever the case.
    """

    path: TreePath | None = None
    authors: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    keyword: str = ""


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class CommitIds:
    """Commits in the order of git-rev-list(1), packed, since it is kept in memory."""

    content: bytes

    def __len__(self) -> int:
        return len(self.content) // ID_BYTES

    def page(self, offset: int, limit: int) -> Iterator[ObjectId]:
        part = self.content[offset * ID_BYTES : (offset + limit) * ID_BYTES]
        for begin in range(0, len(part), ID_BYTES):
            yield ObjectId(part[begin : begin + ID_BYTES].hex())

    def holds_before(self, commit: ObjectId, place: int) -> bool:
        """Whether it is one of the first `place` commits."""
        wanted, end = bytes.fromhex(commit), place * ID_BYTES
        found = self.content.find(wanted, 0, end)
        while found % ID_BYTES and found >= 0:
            found = self.content.find(wanted, found + 1, end)
        return found >= 0

    def before(self, older: "CommitIds") -> "CommitIds":
        """Both, one after the other, up to MOST_COMMITS."""
        return CommitIds((self.content + older.content)[: MOST_COMMITS * ID_BYTES])


class ChangeKind(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    RENAMED = "renamed"


_KIND_OF_STATUS: Final = {b"A": ChangeKind.ADDED, b"D": ChangeKind.REMOVED, b"R": ChangeKind.RENAMED}


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """What a commit did to one file. `blob` is the file's after it, or before where it was removed.

    Lines are 0 for a binary file.
    """

    path: bytes
    kind: ChangeKind
    blob: ObjectId
    additions: int
    deletions: int
    is_submodule: bool = False


def commit_ids(
    git_dir: Path,
    start: ObjectId,
    only: Selection = EVERYTHING,
    *,
    without: ObjectId | None = None,
    most: int | None = None,
) -> CommitIds:
    """The history behind a commit or tag, newest first, up to `most`, else MOST_COMMITS.

    It is without what stands behind another commit.

    Raises:
        HistoryTooLong: git was stopped, as it took too long.
        Unreadable: there is no such commit, or the history is broken.
    """
    ids = bytearray()
    try:
        arguments = _selecting(start, without, only, most=MOST_COMMITS if most is None else most)
        with (
            translate_damage(start),
            GitChild(arguments, git_dir=git_dir, environment=_LITERAL, limits=HISTORY_LIMITS) as child,
        ):
            rest = b""
            while block := child.stdout.read(_BLOCK_BYTES):
                lines, newline, rest = (rest + block).rpartition(b"\n")
                ids += bytes.fromhex((lines + newline).decode("ascii"))
            child.finish()
    except TOOK_TOO_MUCH:
        raise HistoryTooLong("looking through the history takes too long") from None
    return CommitIds(bytes(ids))


_LITERAL: Final = {"GIT_LITERAL_PATHSPECS": "1"}


def _selecting(start: ObjectId, without: ObjectId | None, only: Selection, *, most: int) -> list[str]:
    texts = [*(f"--author={author}" for author in only.authors), *([f"--grep={only.keyword}"] if only.keyword else [])]
    return [
        "rev-list",
        f"--max-count={most}",
        *(["--fixed-strings", "--regexp-ignore-case"] if texts else []),
        *texts,
        *([] if only.since is None else [f"--max-age={_seconds(only.since)}"]),
        *([] if only.until is None else [f"--min-age={_seconds(only.until)}"]),
        start,
        *([] if without is None else [f"^{without}"]),
        "--",
        *([] if only.path is None else [str(only.path)]),
    ]


def _seconds(at: datetime) -> int:
    """git takes nothing from before 1970."""
    return max(0, int(at.timestamp()))


def is_ancestor(git_dir: Path, older: ObjectId, newer: ObjectId) -> bool:
    """Whether a commit is another's ancestor, or the same. Raises HistoryTooLong, Unreadable."""
    try:
        run_git(["merge-base", "--is-ancestor", older, newer], git_dir=git_dir, limits=HISTORY_LIMITS)
    except TOOK_TOO_MUCH:
        raise HistoryTooLong("looking through the history takes too long") from None
    except GitFailed as failure:
        if failure.status == _NO_ANCESTOR:
            return False
        raise Unreadable("git cannot read what {id} stands for", id=newer) from failure
    return True


def merge_base(git_dir: Path, one: ObjectId, other: ObjectId) -> ObjectId | None:
    """The best common ancestor of two commits; None where there is none. Raises HistoryTooLong, Unreadable."""
    try:
        output = run_git(["merge-base", one, other], git_dir=git_dir, limits=HISTORY_LIMITS)
    except TOOK_TOO_MUCH:
        raise HistoryTooLong("looking through the history takes too long") from None
    except GitFailed as failure:
        if failure.status == _NO_ANCESTOR and not failure.stderr:
            return None
        raise Unreadable("git cannot read what {id} stands for", id=other) from failure
    return ObjectId(output.decode("ascii").strip())


def changes_of(git_dir: Path, commit: Commit) -> tuple[ChangedFile, ...]:
    """What a commit changed, against its first parent; the first of all, against nothing.

    Raises:
        TooManyChanges: it is more than is counted, or counting takes too long.
        Unreadable: the commit's trees or files are not all there.
    """
    before = commit.parents[0] if commit.parents else EMPTY_TREE
    arguments = ["diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", "--no-ext-diff", "--no-textconv"]
    renames = ["-M", f"-l{MOST_RENAMES_COMPARED}"]
    try:
        words = [*arguments, *renames, before, commit.id]
        with translate_damage(commit.id), GitChild(words, git_dir=git_dir, limits=CHANGES_LIMITS) as child:
            output = child.stdout.read(MOST_CHANGES_BYTES + 1)
            if len(output) > MOST_CHANGES_BYTES:
                raise TooManyChanges("commit {id} changes more than is counted", id=commit.id)
            child.finish()
    except TOOK_TOO_MUCH:
        raise TooManyChanges("commit {id} changes more than is counted", id=commit.id) from None
    return tuple(_changes(commit.id, output))


def _changes(commit: ObjectId, output: bytes) -> Iterator[ChangedFile]:
    """First a record for each file with kinds and blobs, then as many with lines (git-diff-tree(1), "-z")."""
    fields = iter(output.split(b"\0")[:-1])
    kinds: dict[bytes, tuple[ChangeKind, ObjectId, bool]] = {}
    for field in fields:
        raw = _RAW.match(field)
        if raw is not None:
            path, kind, blob = _kind(raw, fields)
            kinds[path] = kind, blob, raw["was" if kind is ChangeKind.REMOVED else "is"] == _SUBMODULE
            continue
        added, deleted, path = _lines(commit, field, fields)
        kind, blob, is_submodule = kinds[path]
        yield ChangedFile(path, kind, blob, added, deleted, is_submodule)


def _kind(raw: "re.Match[bytes]", fields: Iterator[bytes]) -> tuple[bytes, ChangeKind, ObjectId]:
    kind = _KIND_OF_STATUS.get(raw["status"], ChangeKind.MODIFIED)
    path = next(fields)
    if kind is ChangeKind.RENAMED:
        path = next(fields)
    blob = raw["old"] if kind is ChangeKind.REMOVED else raw["new"]
    return path, kind, ObjectId(blob.decode("ascii"))


def _lines(commit: ObjectId, field: bytes, fields: Iterator[bytes]) -> tuple[int, int, bytes]:
    parts = field.split(b"\t", 2)
    if len(parts) != 3:
        raise Damaged("what git says of commit {id} cannot be read", id=commit)
    added, deleted, path = parts
    if not path:
        _, path = next(fields), next(fields)
    return _number(added), _number(deleted), path


def _number(text: bytes) -> int:
    """git writes a hyphen for a binary file."""
    return 0 if text == b"-" else int(text)

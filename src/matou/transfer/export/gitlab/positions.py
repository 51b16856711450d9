"""Where in a difference a thread stands, in GitLab's words, and the difference itself; asked of git, and bounded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import pygit2

from matou.errors import Damaged, NotFound
from matou.git.odb.change_starts import commit_named, find_start
from matou.git.odb.objects import Commit, TooLargeToRead, find_commit
from matou.git.operations.differences import Difference, FileDifference, difference_between
from matou.git.operations.history import ChangeKind
from matou.git.operations.patches import PatchLine, PatchLineKind, patch_lines
from matou.model.metadata import ChangeHead, ChangeRequest, DiffPosition
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE
from matou.transfer.export.gitlab.wire import Row, clean, moment_text

MOST_COMMITS: Final = 1_000
"""Of a merge request; GitLab itself shows a hundred at once."""

_MOST_MESSAGES_BYTES: Final = 4 * MEBIBYTE
_NOTHING: Final = Difference((), is_whole=False)
_NO_FILE: Final = "000000"
_NO_MODE: Final = "0"


@dataclass(frozen=True, slots=True)
class LinePosition:
    """A line of a difference: what a note on it has beside its text, and what its first note shows."""

    keys: Row
    file: Row


@dataclass
class ChangeDifferences:
    """The differences of the change requests of one repository.

    Attributes:
        objects: None where nothing can be looked at: then no difference and no line is found.
    """

    git_dir: Path | None
    objects: pygit2.Repository | None
    _differences: dict[tuple[str, str], Difference] = field(default_factory=dict)

    def between(self, base: str | None, head: str | None) -> Difference:
        """Empty where one of them is not there, or reading it takes too much."""
        if self.objects is None or self.git_dir is None:
            return _NOTHING
        if commit_named(self.objects, base) is None or commit_named(self.objects, head) is None:
            return _NOTHING
        key = (str(base), str(head))
        if key not in self._differences:
            # Those of one change request, whose threads mostly stand in the same few.
            if len(self._differences) >= 8:
                self._differences.clear()
            self._differences[key] = _read(self.git_dir, *key)
        return self._differences[key]

    def commits(self, base: str, head: str) -> Iterator[Commit]:
        """Those of a change request, newest first, up to MOST_COMMITS."""
        if self.objects is None:
            return
        walker = self.objects.walk(head, pygit2.enums.SortMode.TOPOLOGICAL)
        walker.hide(base)
        room = _MOST_MESSAGES_BYTES
        for number, found in enumerate(walker):
            try:
                commit = find_commit(self.objects, ObjectId(str(found.id)))
            except (Damaged, NotFound, TooLargeToRead):
                return
            room -= len(commit.message)
            if number >= MOST_COMMITS or room < 0:
                return
            yield commit

    def place_of(self, position: DiffPosition, change: ChangeRequest, tip: str | None) -> LinePosition | None:
        """None where the line is in no difference that there is.

        Args:
            tip: of the branch that the change is to be merged into.
        """
        head = position.commit or change.head.commit
        base = position.base or self._base_of(change, head, tip)
        for file in self.between(base, head).files:
            wanted = position.path.encode("utf-8", "surrogateescape")
            if wanted in (file.path, file.old_path) and position.line is not None:
                return _line_place(file, position, base=str(base), start=position.start or str(base), head=str(head))
        return None

    def _base_of(self, change: ChangeRequest, head: str | None, tip: str | None) -> str | None:
        if self.objects is None:
            return None
        return find_start(self.objects, replace(change, head=ChangeHead(commit=head)), tip)


def _read(git_dir: Path, base: str, head: str) -> Difference:
    try:
        return difference_between(git_dir, ObjectId(base), ObjectId(head))
    except (Damaged, NotFound, TooLargeToRead):
        return _NOTHING


def file_row(file: FileDifference) -> Row:
    """A file of a difference."""
    return {
        "new_path": _path(file.path),
        "old_path": _path(file.old_path),
        "a_mode": _mode(file.old_mode),
        "b_mode": _mode(file.new_mode),
        "new_file": file.kind is ChangeKind.ADDED,
        "renamed_file": file.kind is ChangeKind.RENAMED,
        "deleted_file": file.kind is ChangeKind.REMOVED,
    }


def patch_text(file: FileDifference) -> str:
    """From `---` on, as GitLab keeps it; empty where it is too long, or is of no lines."""
    if file.is_binary:
        old = "/dev/null" if file.kind is ChangeKind.ADDED else f"a/{_path(file.old_path)}"
        new = "/dev/null" if file.kind is ChangeKind.REMOVED else f"b/{_path(file.path)}"
        return f"Binary files {old} and {new} differ\n"
    if not file.hunks:
        return ""
    old = "/dev/null" if file.kind is ChangeKind.ADDED else f"a/{_path(file.old_path)}"
    new = "/dev/null" if file.kind is ChangeKind.REMOVED else f"b/{_path(file.path)}"
    return f"--- {old}\n+++ {new}\n{clean(file.hunks.decode(errors='replace'))}"


def _line_place(
    file: FileDifference, position: DiffPosition, *, base: str, start: str, head: str
) -> LinePosition | None:
    found = _find_line(file.hunks, line=position.line or 0, is_old=position.side == "old")
    if found is None:
        return None
    line, old, new, shown = found
    place = {
        "base_sha": base,
        "start_sha": start,
        "head_sha": head,
        "old_path": _path(file.old_path),
        "new_path": _path(file.path),
        "position_type": "text",
        "old_line": line.old,
        "new_line": line.new,
        "line_range": None,
    }
    code = f"{hashlib.sha1(file.path, usedforsecurity=False).hexdigest()}_{old}_{new}"
    keys = {"position": place, "original_position": place, "change_position": None, "line_code": code}
    return LinePosition(keys, {**file_row(file), "diff_export": shown})


def _find_line(hunks: bytes, *, line: int, is_old: bool) -> tuple[PatchLine, int, int, str] | None:
    """The line, how far the old and the new file have come there, and its hunk up to it."""
    texts = hunks.split(b"\n")
    old = new = begin = 0
    for place, one in enumerate(patch_lines(hunks)):
        if one.kind is PatchLineKind.HUNK:
            old, new, begin = one.old or 0, one.new or 0, place
            continue
        if one.kind is PatchLineKind.NOTE:
            continue
        if (one.old if is_old else one.new) == line:
            shown = b"\n".join(texts[begin : place + 1]).decode(errors="replace")
            return one, old, new, f"{clean(shown)}\n"
        old, new = old + (one.old is not None), new + (one.new is not None)
    return None


def commit_row(commit: Commit, place: int) -> Row:
    author = {"name": clean(commit.author.name), "email": clean(commit.author.email)}
    committer = {"name": clean(commit.committer.name), "email": clean(commit.committer.email)}
    return {
        "sha": str(commit.id),
        "relative_order": place,
        "message": clean(commit.message),
        "authored_date": moment_text(commit.author.at),
        "committed_date": moment_text(commit.committer.at),
        "commit_author": author,
        "committer": committer,
        "trailers": {},
    }


@lru_cache(maxsize=1024)
def _path(path: bytes) -> str:
    return clean(path.decode(errors="replace"))


def _mode(mode: str) -> str:
    return _NO_MODE if mode == _NO_FILE else mode

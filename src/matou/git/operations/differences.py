"""What lies between two trees, file by file and line by line; asked of git, and bounded.

Whoever can push can make a commit whose difference ends nowhere: so git is read up to a limit and no further, and what
is left out is told.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from matou.errors import Damaged
from matou.git.odb.blobs import CHUNK_BYTES, Unreadable
from matou.git.odb.objects import EMPTY_TREE, Commit, TooLargeToRead, TreePath
from matou.git.operations.history import CHANGES_LIMITS, HISTORY_LIMITS, MOST_RENAMES_COMPARED, ChangeKind
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, GitFailed
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_BYTES: Final = 8 * MEBIBYTE
"""Of what git says of one difference."""

MOST_FILES: Final = 300
LARGEST_PATCH_BYTES: Final = 256 * 1024
"""Of one file; a longer one is not shown."""

MOST_SHOWN_BYTES: Final = 2 * MEBIBYTE
"""Of all patches that are shown together."""

LARGEST_TEXT_BYTES: Final = 64 * MEBIBYTE
"""Of a difference or a mail as one text."""

_PLAIN: Final = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
_RENAMES: Final = ("-M", f"-l{MOST_RENAMES_COMPARED}")
_LITERAL: Final = {"GIT_LITERAL_PATHSPECS": "1"}
_RAW: Final = re.compile(
    rb":(?P<old_mode>[0-7]{6}) (?P<new_mode>[0-7]{6}) (?P<old>[0-9a-f]{40}) (?P<new>[0-9a-f]{40}) "
    rb"(?P<status>[A-Z])[0-9]*\Z"
)
_LINES: Final = re.compile(rb"(?P<added>[0-9]+|-)\t(?P<deleted>[0-9]+|-)\t(?P<path>.*)\Z", re.DOTALL)
_SECTION: Final = re.compile(rb"^diff --git ", re.MULTILINE)
_HUNK: Final = re.compile(rb"^@@ ", re.MULTILINE)
_BINARY: Final = re.compile(rb"^Binary files ", re.MULTILINE)
_KINDS: Final = {b"A": ChangeKind.ADDED, b"D": ChangeKind.REMOVED, b"R": ChangeKind.RENAMED}
_SUBMODULE: Final = "160000"
_TYPE_CHANGED: Final = b"T"


class DifferenceTooLarge(TooLargeToRead):
    """A difference is longer than one text may be, or making it takes too much."""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What became of one file.

    Attributes:
        old_path: another one than `path` only where it was renamed.
        blob: the file's after it, or before where it was removed.
        old_mode, new_mode: as git writes them, `100644`; `000000` where there was or is none.
        additions, deletions: lines; 0 for a binary file, and where git was not read so far.
        patch: from `diff --git` on, as git writes it; None where it is too long to be shown, or was not read.
        old_blob: the file's before, or after where there was none.
    """

    path: bytes
    old_path: bytes
    kind: ChangeKind
    blob: ObjectId
    old_mode: str
    new_mode: str
    additions: int = 0
    deletions: int = 0
    patch: bytes | None = None
    old_blob: ObjectId | None = None

    @property
    def is_submodule(self) -> bool:
        return _SUBMODULE in ((self.old_mode,) if self.kind is ChangeKind.REMOVED else (self.new_mode,))

    @property
    def is_binary(self) -> bool:
        """git takes it for something else than text; where its patch was not read, that is not known."""
        return self.patch is not None and not self.hunks and _BINARY.search(self.patch) is not None

    @property
    def hunks(self) -> bytes:
        """The patch without what stands before its first `@@`; nothing for a binary file and a mere renaming."""
        begin = _HUNK.search(self.patch or b"")
        return b"" if begin is None or self.patch is None else self.patch[begin.start() :]


@dataclass(frozen=True, slots=True)
class Difference:
    """Files in git's order, up to MOST_FILES; `is_whole`: there are no others, and all was read of these."""

    files: tuple[FileDifference, ...]
    is_whole: bool


def parent_of(commit: Commit) -> ObjectId:
    """What a commit is compared with: its first parent, or nothing."""
    return commit.parents[0] if commit.parents else EMPTY_TREE


def difference_between(
    git_dir: Path,
    before: ObjectId,
    after: ObjectId,
    *,
    path: TreePath | None = None,
    suffix: str = "",
    ignores_whitespace: bool = False,
) -> Difference:
    """What lies between two commits or trees, renamed files found.

    Args:
        path: of this file or folder alone.
        suffix: of files whose path ends so alone.
        ignores_whitespace: lines that differ in spaces alone are the same; a file of nothing else has an empty patch.

    Raises:
        Unreadable: the trees or files are not all there.
    """
    arguments = ["diff-tree", "-r", "-z", "--raw", "--numstat", "-p", "--no-abbrev", *_PLAIN, *_RENAMES]
    spaces = ["-w"] if ignores_whitespace else []
    words = [*arguments, *spaces, before, after, "--", *([] if path is None else [str(path)])]
    try:
        with (
            _reporting(after),
            GitChild(words, git_dir=git_dir, environment=_LITERAL, limits=CHANGES_LIMITS) as child,
        ):
            output = child.stdout.read(MOST_BYTES + 1)
            is_whole = len(output) <= MOST_BYTES
            if is_whole:
                child.finish()
    except DifferenceTooLarge:
        return Difference((), is_whole=False)
    return _shown(_read(after, output, is_whole=is_whole), suffix.encode("utf-8", "surrogateescape"), is_whole=is_whole)


def write_difference(git_dir: Path, before: ObjectId, after: ObjectId, into: IO[bytes]) -> None:
    """The difference as `git diff` writes it. Raises DifferenceTooLarge, Unreadable."""
    _write(git_dir, ["diff-tree", "-r", "-p", *_PLAIN, *_RENAMES, before, after], after, into)


def write_mail(git_dir: Path, commit: ObjectId, into: IO[bytes]) -> None:
    """A commit as a mail that `git am` applies, a merge as its difference to the first parent.

    Raises:
        DifferenceTooLarge, Unreadable.
    """
    form = ["--pretty=email", "--stat", "-p", "--binary", "--full-index", "--diff-merges=first-parent"]
    as_written = ["--no-mailmap", "--no-notes", "--no-decorate", "--root"]
    _write(git_dir, ["log", "-1", *form, *as_written, *_PLAIN, *_RENAMES, commit, "--"], commit, into)


def _write(git_dir: Path, arguments: list[str], name: ObjectId, into: IO[bytes]) -> None:
    with _reporting(name), GitChild(arguments, git_dir=git_dir, limits=HISTORY_LIMITS) as child:
        while chunk := child.stdout.read(CHUNK_BYTES):
            if into.tell() + len(chunk) > LARGEST_TEXT_BYTES:
                raise DifferenceTooLarge(
                    "the difference of {id} has more than {limit} bytes", id=name, limit=LARGEST_TEXT_BYTES
                )
            into.write(chunk)
        child.finish()


@contextmanager
def _reporting(name: ObjectId) -> Iterator[None]:
    """What ends for want of time or memory is too large; whatever else git cannot do is damage."""
    try:
        yield
    except TOOK_TOO_MUCH as failure:
        raise DifferenceTooLarge("making the difference of {id} takes too much", id=name) from failure
    except GitFailed as failure:
        raise Unreadable("git cannot read what {id} stands for", id=name) from failure


def _shown(differences: Iterator[FileDifference], suffix: bytes, *, is_whole: bool) -> Difference:
    files = [each for each in differences if each.path.endswith(suffix)]
    room = MOST_SHOWN_BYTES
    for number, each in enumerate(files[:MOST_FILES]):
        size = len(each.patch or b"")
        if size > min(room, LARGEST_PATCH_BYTES):
            files[number] = replace(each, patch=None)
            is_whole = False
        else:
            room -= size
    return Difference(tuple(files[:MOST_FILES]), is_whole=is_whole and len(files) <= MOST_FILES)


@dataclass(frozen=True, slots=True)
class _RawRecord:
    """A raw record."""

    path: bytes
    old_path: bytes
    status: bytes
    blob: ObjectId
    old_mode: str
    new_mode: str
    old_blob: ObjectId

    @property
    def sections(self) -> int:
        """Where a file became a link, git writes that one went and another came."""
        return 2 if self.status == _TYPE_CHANGED else 1

    @property
    def is_patched_without_lines(self) -> bool:
        return self.path != self.old_path or self.old_mode != self.new_mode


def _read(name: ObjectId, output: bytes, *, is_whole: bool) -> Iterator[FileDifference]:
    """First a record for each file with kinds and blobs, then those with lines, an empty one, and then the patches.

    Patches are counted from there on: a path in them may be quoted, and their lines may hold a NUL. Where spaces do not
    count, git says nothing more of a file that differs in nothing else, unless it was renamed or its mode changed.
    """
    fields = _Fields(output)
    named = list(_raw_records(fields))
    lines = dict(_line_records(name, fields, len(named)))
    # A list that was cut holds the first of them: then no patch was read.
    patches = _patches(output[fields.position :], is_whole=is_whole) if fields.is_past_lines else iter(())
    for one in named:
        added, deleted = lines.get(one.path, (0, 0))
        is_patched = not fields.is_past_lines or one.path in lines or one.is_patched_without_lines
        sections = [next(patches, None) for _ in range(one.sections if is_patched else 0)]
        yield FileDifference(
            path=one.path,
            old_path=one.old_path,
            kind=_KINDS.get(one.status, ChangeKind.MODIFIED),
            blob=one.blob,
            old_mode=one.old_mode,
            new_mode=one.new_mode,
            additions=added,
            deletions=deleted,
            patch=None if None in sections else b"".join(each for each in sections if each is not None),
            old_blob=one.old_blob,
        )


class _Fields:
    """Texts that end with a NUL, one after the other."""

    def __init__(self, output: bytes) -> None:
        self._output = output
        self.position = 0
        self.is_past_lines = False

    def peek(self) -> bytes | None:
        """None where there is none, or the last was cut."""
        end = self._output.find(b"\0", self.position)
        return None if end < 0 else self._output[self.position : end]

    def take(self) -> bytes | None:
        field = self.peek()
        if field is not None:
            self.position += len(field) + 1
        return field


def _raw_records(fields: _Fields) -> Iterator[_RawRecord]:
    while (raw := _RAW.match(fields.peek() or b"")) is not None:
        fields.take()
        old_path = fields.take()
        path = fields.take() if raw["status"] == b"R" else old_path
        if old_path is None or path is None:
            return
        blobs = (raw["new"], raw["old"]) if raw["status"] != b"D" else (raw["old"], raw["old"])
        new, old = (ObjectId(blob.decode()) for blob in blobs)
        modes = (raw["old_mode"].decode(), raw["new_mode"].decode())
        yield _RawRecord(path, old_path, raw["status"], new, *modes, old)


def _line_records(name: ObjectId, fields: _Fields, most: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    for _ in range(most):
        field = fields.take()
        if not field:
            fields.is_past_lines = field is not None
            return
        lines = _LINES.match(field)
        if lines is None:
            raise Damaged("what git says of commit {id} cannot be read", id=name)
        path = lines["path"] or _renamed(fields)
        yield path, (_number(lines["added"]), _number(lines["deleted"]))
    fields.is_past_lines = most == 0 or fields.take() is not None


def _renamed(fields: _Fields) -> bytes:
    """After an empty path the old one stands and then the new one."""
    fields.take()
    return fields.take() or b""


def _patches(text: bytes, *, is_whole: bool) -> Iterator[bytes]:
    """In the order of the files; one that was cut is left out."""
    begins = [match.start() for match in _SECTION.finditer(text)]
    ends = [*begins[1:], *([len(text)] if is_whole else [])]
    for begin, end in zip(begins, ends, strict=False):
        yield text[begin:end]


def _number(text: bytes) -> int:
    """git writes a hyphen for a binary file."""
    return 0 if text == b"-" else int(text)

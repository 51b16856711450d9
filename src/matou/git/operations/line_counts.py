"""A history as git tells it: who committed what when, and how many lines each commit added and took away.

The numbers are those of `git log --numstat` without any option: a binary file counts nothing, a merge counts nothing,
a file that was renamed counts what changed in it. They are true of a commit for good, and so may be kept: whatever
could change them, a configuration or attributes, is fixed here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from matou.errors import Damaged, UnknownShape
from matou.git.operations.mailmap import MailmapPerson
from matou.git.process.run import GitChild, Limits
from matou.git.process.sandbox import GitSetting
from matou.model.names import ObjectId

LIMITS: Final = Limits(wall=timedelta(hours=1))
IDS_AT_ONCE: Final = 1_000
LONGEST_LINE_BYTES: Final = 1024 * 1024
LONGEST_NAME_BYTES: Final = 1024
"""Of a name or an address; the rest of a longer one is dropped."""


_FORMAT: Final = "%x00".join(("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce"))
_DATE: Final = re.compile(rb"(?P<seconds>[0-9]{1,18}) (?P<sign>[+-])(?P<hours>[0-9]{1,2})(?P<minutes>[0-9]{2})\Z")
_SHORT_STATISTICS: Final = re.compile(
    rb" [0-9]+ files? changed(?:, ([0-9]+) insertions?\(\+\))?(?:, ([0-9]+) deletions?\(-\))?\n"
)
_EMPTY_TREES: Final = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_LATEST: Final = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class CountedCommit:
    """One commit of a history.

    Attributes:
        wall_clock: what the author's clock showed, in seconds since 1970-01-01 00:00 on that same clock; a date that
            no calendar holds is moved to the nearest one that does, and one that is missing is 1970-01-01.
    """

    id: ObjectId
    parents: tuple[ObjectId, ...]
    author: MailmapPerson
    committer: MailmapPerson
    wall_clock: int


@dataclass(frozen=True, slots=True)
class LineCount:
    id: ObjectId
    additions: int
    deletions: int


def read_history_counts(
    git_dir: Path, tip: ObjectId, *, known: Iterable[ObjectId] = (), limits: Limits = LIMITS
) -> Iterator[CountedCommit]:
    """Every commit that `tip` reaches and none of `known` does, each after all of its parents.

    Those of `known` that are not there count as not said. Closing the iterator ends the process.

    Raises:
        GitFailed: git cannot read the history, or it took too long.
    """
    arguments = ("log", "--ignore-missing", "--stdin", "--topo-order", "--reverse", f"--format={_FORMAT}")
    revisions = "".join(f"{name}\n" for name in (tip, *(f"^{name}" for name in known)))
    with _child((*arguments, "--no-mailmap", "--no-show-signature", "--date=raw"), git_dir, limits) as child:
        child.feed(revisions.encode())
        for line in _lines(child.stdout):
            yield _counted_commit(line)
        child.finish()


def count_lines(git_dir: Path, commits: Sequence[ObjectId], *, limits: Limits = LIMITS) -> Iterator[LineCount]:
    """What each commit added and took away, in the order asked, read as fast as the caller takes it.

    Closing the iterator ends the process.

    Raises:
        Damaged: git cannot read a commit; what was given before that is right.
        GitFailed: it took too long, or failed in another way; the same holds.
    """
    if not commits:
        return
    # The sums of --numstat, without the names of files.
    arguments = ("diff-tree", "--stdin", "--always", "--root", "-r", "-M", "--shortstat")
    empty_tree = _EMPTY_TREES[len(commits[0])]
    with _child(arguments, git_dir, limits, (("attr.tree", empty_tree),)) as child:
        child.feed("".join(f"{name}\n" for name in part).encode() for part in _parts(commits))
        counted = _counted(child, digits=len(commits[0]))
        for commit in commits:
            count = next(counted, None)
            if count is None or count.id != commit:
                # It says why on stderr, and exits with 0.
                raise Damaged("git cannot compare commit {id} with its parent", id=commit)
            yield count


def _parts(commits: Sequence[ObjectId]) -> Iterator[Sequence[ObjectId]]:
    for start in range(0, len(commits), IDS_AT_ONCE):
        yield commits[start : start + IDS_AT_ONCE]


def _counted(child: GitChild, *, digits: int) -> Iterator[LineCount]:
    name, additions, deletions = None, 0, 0
    for line in child.stdout:
        if not line.endswith(b"\n"):
            break
        if len(line) == digits + 1:
            if name is not None:
                yield LineCount(name, additions, deletions)
            name, additions, deletions = ObjectId(line[:-1].decode()), 0, 0
        else:
            additions, deletions = _sums(line)
    # A git that fails has named the commit at which it does: the last one counts only if it ended well.
    child.finish()
    if name is not None:
        yield LineCount(name, additions, deletions)


def _sums(line: bytes) -> tuple[int, int]:
    match = _SHORT_STATISTICS.match(line)
    if match is None:
        raise UnknownShape("git diff-tree --shortstat", line)
    return int(match[1] or 0), int(match[2] or 0)


@contextmanager
def _child(
    arguments: Sequence[str], git_dir: Path, limits: Limits, settings: Sequence[GitSetting] = ()
) -> Iterator[GitChild]:
    # Written in blocks, not commit by commit: the reader wakes a hundred times less often.
    environment = {"GIT_FLUSH": "0"}
    with GitChild(
        arguments, git_dir=git_dir, has_input=True, limits=limits, settings=settings, environment=environment
    ) as child:
        yield child


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Each whole line without its end. Raises Damaged for one that no honest commit has."""
    while (line := stream.readline(LONGEST_LINE_BYTES)).endswith(b"\n"):
        yield line.removesuffix(b"\n")
    if len(line) == LONGEST_LINE_BYTES:
        raise Damaged("a commit of the history names more people or parents than are read")


def _counted_commit(line: bytes) -> CountedCommit:
    # A commit that names no author has empty fields; no field can hold a NUL, which ends a header for git.
    name, parents, author, author_email, date, committer, committer_email = line.split(b"\0")
    return CountedCommit(
        id=ObjectId(name.decode()),
        parents=tuple(ObjectId(parent) for parent in parents.decode().split()),
        author=MailmapPerson(author[:LONGEST_NAME_BYTES], author_email[:LONGEST_NAME_BYTES]),
        committer=MailmapPerson(committer[:LONGEST_NAME_BYTES], committer_email[:LONGEST_NAME_BYTES]),
        wall_clock=_wall_clock(date),
    )


def _wall_clock(date: bytes) -> int:
    match = _DATE.match(date)
    if match is None:
        return 0
    minutes = int(match["hours"]) * 60 + int(match["minutes"])
    seconds = int(match["seconds"]) + minutes * (60 if match["sign"] == b"+" else -60)
    return min(max(seconds, 0), _LATEST)

"""A repository's commits in columns: who, when, how many lines, and which commit stands behind which.

About 70 bytes a commit, so that questions about a whole history are answered from memory. All of it is true of commit
ids alone. It is kept in the cache as it is learned, so that whoever was stopped goes on from where they were.
"""

import sys
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
import structlog

from matou.archive.cache import Journal
from matou.caching import SizedCache
from matou.fs import WriteFailed
from matou.git.operations.line_counts import CountedCommit, LineCount
from matou.git.operations.mailmap import MailmapPerson
from matou.model.decodable import decodable
from matou.model.names import ObjectId

log = structlog.get_logger()

COMMITS: Final = "commits"
LINE_COUNTS: Final = "line-counts"

COMMITS_A_FRAME: Final = 4_000
COUNTS_A_FRAME: Final = 1_000
MOST_MASKS: Final = 4
SEARCHES_WITHOUT_INDEX: Final = 200

_MOST_LINES: Final = 2**32 - 1


class _CommitFrame(msgspec.Struct, frozen=True, array_like=True):
    """Some commits. Numbers are arrays in the machine's order; people and parents are numbered from the first frame."""

    people: list[tuple[bytes, bytes]]
    ids: bytes
    ends_of_parents: bytes
    parents: bytes
    authors: bytes
    committers: bytes
    clocks: bytes


class _CountFrame(msgspec.Struct, frozen=True, array_like=True):
    """How many lines some commits added and took away; `first` is where their ids most likely stand."""

    first: int
    ids: bytes
    additions: bytes
    deletions: bytes


class History:
    """The commits that were told of so far, each behind all of its parents, numbered from 0.

    One thread may learn while others ask: what is asked about a commit that was found stays as it is.

    Args:
        folder: where it is kept; need not be there.
        below: a folder above it that is there.
    """

    def __init__(self, folder: Path, *, below: Path) -> None:
        order = f"{sys.byteorder} {array('I').itemsize}"
        self._count_commits = Journal(folder / COMMITS, below=below, form=f"commits 1 {order}")
        self._counted = Journal(folder / LINE_COUNTS, below=below, form=f"line counts 1 {order}")
        self._ids = bytearray()
        self._width = 20
        self._ends_of_parents = array("Q", (0,))
        self._parents = array("I")
        self._people: dict[MailmapPerson, int] = {}
        self._masks = SizedCache[int, bytearray](MOST_MASKS)
        self._lock = threading.Lock()
        self.people: list[MailmapPerson] = []
        self.authors = array("I")
        self.committers = array("I")
        self.clocks = array("q")
        self.additions = array("I")
        self.deletions = array("I")
        self.is_counted = bytearray()

    @classmethod
    def load(cls, folder: Path, *, below: Path) -> "History":
        history = cls(folder, below=below)
        for content in history._count_commits.read():
            history._take(msgspec.msgpack.decode(content, type=decodable(_CommitFrame)))
        for content in history._counted.read():
            history._take_counts(msgspec.msgpack.decode(content, type=decodable(_CountFrame)))
        return history

    def __len__(self) -> int:
        return len(self.is_counted)

    def find(self, name: ObjectId) -> int | None:
        """The number of a commit; None where it was not told of."""
        key, at = bytes.fromhex(name), -1
        while (at := self._ids.find(key, at + 1)) != -1:
            if at % self._width == 0 and len(key) == self._width:
                return at // self._width
        return None

    def name(self, number: int) -> ObjectId:
        return ObjectId(self._ids[number * self._width : (number + 1) * self._width].hex())

    def heads(self) -> list[ObjectId]:
        """The commits that stand behind no other; together they reach all."""
        is_parent = bytearray(len(self))
        for parent in self._parents:
            is_parent[parent] = 1
        return [self.name(number) for number, parent in enumerate(is_parent) if not parent]

    def reached(self, tip: int) -> bytearray:
        """A byte for each commit up to `tip`, which is 1 where `tip` reaches it; not to be changed."""
        mask = self._masks.get(tip)
        if mask is None:
            mask = self._walk(tip)
            self._masks.put(tip, mask)
        return mask

    def uncounted(self, tip: int) -> list[int]:
        """Which commits that `tip` reaches have no line counts yet, the last first."""
        mask = self.reached(tip)
        return [number for number in range(tip, -1, -1) if mask[number] and not self.is_counted[number]]

    def learn(self, commits: Iterable[CountedCommit]) -> None:
        """Add what `tell_history` says; those that are known already are passed over."""
        numbers = _CommitNumbers(self)
        for batch in _batches(commits, COMMITS_A_FRAME):
            frame = self._frame(batch, numbers)
            self._take(frame)
            _keep(self._count_commits, frame)

    def learn_counts(self, counts: Iterable[LineCount]) -> None:
        """Add what `count_lines` says. If that fails midway, what it said before is kept. Several threads may do so."""
        batch: list[LineCount] = []
        try:
            for count in counts:
                batch.append(count)
                if len(batch) >= COUNTS_A_FRAME:
                    self._keep_counts(batch)
                    batch = []
        finally:
            if batch:
                self._keep_counts(batch)

    def _walk(self, tip: int) -> bytearray:
        mask = bytearray(tip + 1)
        mask[tip] = 1
        ends, parents = self._ends_of_parents, self._parents
        for number in range(tip, -1, -1):
            if mask[number]:
                for parent in parents[ends[number] : ends[number + 1]]:
                    mask[parent] = 1
        return mask

    def _frame(self, batch: Sequence[CountedCommit], commit_numbers: "_CommitNumbers") -> _CommitFrame:
        new = [commit for commit in batch if commit_numbers.find(commit.id) is None]
        parents = array("I")
        ends = array("Q")
        for commit in new:
            commit_numbers.add(commit.id)
            # A parent that was not told of is one that a shallow clone does not have.
            parents.extend(number for number in map(commit_numbers.find, commit.parents) if number is not None)
            ends.append(len(self._parents) + len(parents))
        people = dict.fromkeys(chain.from_iterable((one.author, one.committer) for one in new))
        unknown = [person for person in people if person not in self._people]
        numbers = self._people | {person: len(self.people) + offset for offset, person in enumerate(unknown)}
        return _CommitFrame(
            people=[(person.name, person.email) for person in unknown],
            ids=b"".join(bytes.fromhex(commit.id) for commit in new),
            ends_of_parents=ends.tobytes(),
            parents=parents.tobytes(),
            authors=array("I", (numbers[commit.author] for commit in new)).tobytes(),
            committers=array("I", (numbers[commit.committer] for commit in new)).tobytes(),
            clocks=array("q", (commit.wall_clock for commit in new)).tobytes(),
        )

    def _take(self, frame: _CommitFrame) -> None:
        for name, email in frame.people:
            person = MailmapPerson(name, email)
            self._people[person] = len(self.people)
            self.people.append(person)
        self._parents.frombytes(frame.parents)
        self._ends_of_parents.frombytes(frame.ends_of_parents)
        self.authors.frombytes(frame.authors)
        self.committers.frombytes(frame.committers)
        self.clocks.frombytes(frame.clocks)
        count = len(self.clocks) - len(self)
        self.additions.extend([0] * count)
        self.deletions.extend([0] * count)
        self.is_counted.extend(bytes(count))
        if count:
            self._width = len(frame.ids) // count
        # Last: a commit that can be found has all of the above.
        self._ids.extend(frame.ids)

    def _keep_counts(self, batch: Sequence[LineCount]) -> None:
        # They come newest first, and stand the other way round.
        batch = batch[::-1]
        frame = _CountFrame(
            first=self.find(batch[0].id) or 0,
            ids=b"".join(bytes.fromhex(count.id) for count in batch),
            additions=array("I", (min(count.additions, _MOST_LINES) for count in batch)).tobytes(),
            deletions=array("I", (min(count.deletions, _MOST_LINES) for count in batch)).tobytes(),
        )
        with self._lock:
            self._take_counts(frame)
            _keep(self._counted, frame)

    def _take_counts(self, frame: _CountFrame) -> None:
        additions, deletions = array("I", frame.additions), array("I", frame.deletions)
        for offset, number in enumerate(self._numbers(frame)):
            if number is not None:
                self.additions[number] = additions[offset]
                self.deletions[number] = deletions[offset]
                self.is_counted[number] = 1

    def _numbers(self, frame: _CountFrame) -> Iterator[int | None]:
        width = self._width
        if self._ids[frame.first * width : frame.first * width + len(frame.ids)] == frame.ids:
            return iter(range(frame.first, frame.first + len(frame.ids) // width))
        names = (frame.ids[at : at + width] for at in range(0, len(frame.ids), width))
        return (self.find(ObjectId(name.hex())) for name in names)


class _CommitNumbers:
    """The numbers of commits while many are learned: after some searches, an index is cheaper."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._next = len(history)
        self._new: dict[ObjectId, int] = {}
        self._old: dict[ObjectId, int] | None = {} if self._next == 0 else None
        self._searches = 0

    def add(self, name: ObjectId) -> None:
        self._new[name] = self._next
        self._next += 1

    def find(self, name: ObjectId) -> int | None:
        at = self._new.get(name)
        if at is not None:
            return at
        if self._old is not None:
            return self._old.get(name)
        self._searches += 1
        if self._searches > SEARCHES_WITHOUT_INDEX:
            self._old = {self._history.name(number): number for number in range(len(self._history))}
        return self._history.find(name)


def _batches(commits: Iterable[CountedCommit], size: int) -> Iterator[list[CountedCommit]]:
    batch: list[CountedCommit] = []
    for commit in commits:
        batch.append(commit)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _keep(journal: Journal, frame: msgspec.Struct) -> None:
    try:
        journal.append(msgspec.msgpack.encode(frame))
    except WriteFailed as error:
        # What was learned is right without it; another process learns it again.
        log.warning("analysis_not_kept", problem=str(error))

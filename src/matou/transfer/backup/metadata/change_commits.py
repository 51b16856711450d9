"""The commits of change requests: those that the mirror lacks are fetched, since a closed one's branch is gone soon."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from matou.archive.manifest import Outcome
from matou.archive.metadata import MetadataTree
from matou.archive.metadata.commits import PRESENT, saved_commits
from matou.concurrency import Cancelled
from matou.errors import MatouError, TryLater
from matou.fs import WriteFailed
from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.fetch import FetchFailed, FetchSource, fetch_objects
from matou.git.process.run import GitFailed, GitStopped, run_git
from matou.git.refs.listing import CHANGE_PREFIX, fault_of_ref_name, read_refs, write_refs
from matou.git.wire.client import RemoteError
from matou.git.wire.transport import list_refs
from matou.http.tokens import BadCredential
from matou.model.decodable import decodable
from matou.model.metadata import ChangeRequest, MetadataValue
from matou.model.names import ObjectId, RefName
from matou.model.platform import Record
from matou.model.refs import RefListing
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import CommitSource, MetadataReader
from matou.platforms.base.recorded_answers import NotRecorded
from matou.platforms.base.source import RecordSink
from matou.transfer.common.change_refs import compare_change_refs, remake_change_refs

REQUEST: Final = "change-commits"
"""How the receipt of a change request's commits is called among the records."""

LOOKED_AT: Final = "change-commits-lost"
"""How it is called among the records that commits were lost, so that all change requests were looked at."""

AWAY: Final = 503
"""The status of the record where the server could not be asked: read again, it is no answer either."""

_OBJECT_ID: Final = re.compile("[0-9a-f]{40}")

HAS_MIRROR: Final = frozenset({Outcome.SAVED, Outcome.UNCHANGED, Outcome.EMPTY, Outcome.INCOMPLETE})


class ChangeCommits(Protocol):
    """Says whether the commits of change requests are saved, and sees to it."""

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:
        """Raises MatouError: whether they can be had is not known now."""

    def are_lost(self, place: str, saved: Callable[[], MetadataTree]) -> bool:
        """Whether some that were saved are there no more, and are to be fetched again; refs that are lost are made.

        Args:
            place: of the repository, in the archive.
            saved: opens what was saved of it.
        """

    def lacks(self, change: MetadataValue) -> bool:
        """Whether these are commits that were saved and are lost."""


class NoCommits:
    """Where there is no mirror, nothing is known of commits."""

    def are_lost(self, place: str, saved: Callable[[], MetadataTree]) -> bool:  # noqa: ARG002
        return False

    def lacks(self, change: MetadataValue) -> bool:  # noqa: ARG002
        return False

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:  # noqa: ARG002
        return change


class _Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    present: bool
    ref: str | None = None


@dataclass(slots=True)
class MirrorCommits:
    """Looks into a mirror, and fetches into it. For one thread.

    Attributes:
        git_dir: the mirror at its place; asked for when the first change request comes.
        source_of: how a repository at the source is reached.
        is_as_before: whether its refs were proven to be those of before, so that nothing is looked for that is lost.
        absent: the numbers of those whose commits nobody gives.
    """

    git_dir: Callable[[], Path]
    source_of: Callable[[str], FetchSource]
    record: RecordSink
    now: Callable[[], datetime]
    is_as_before: bool = False
    absent: list[str] = field(default_factory=list)
    _gives_earlier: bool = True
    _lost: frozenset[str] = frozenset()
    _refs: dict[RefName, ObjectId] | None = None
    _reached: bytes | None = None

    def are_lost(self, place: str, saved: Callable[[], MetadataTree]) -> bool:
        if self.is_as_before:
            return False
        compared = compare_change_refs(self.git_dir(), saved_commits(saved()))
        remake_change_refs(self.git_dir(), compared.lost)
        self._lost = frozenset(one.number for one in compared.absent)
        if self._lost:
            lost = msgspec.json.encode(sorted(self._lost))
            self.record(Record(self.now(), LOOKED_AT, {"place": place}, 200, lost))
        return bool(self._lost)

    def lacks(self, change: MetadataValue) -> bool:
        return isinstance(change, ChangeRequest) and change.number in self._lost

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:
        """Raises Cancelled, WriteFailed, BadCredential, TryLater: the server could not be asked."""
        if change.head.commit is None:
            return change
        parameters = {"change": change.number, "commit": change.head.commit}
        try:
            receipt = self._found(ObjectId(change.head.commit), change, reader)
        except TryLater:
            self.record(Record(self.now(), REQUEST, parameters, AWAY, b""))
            raise
        self.record(Record(self.now(), REQUEST, parameters, 200, msgspec.json.encode(receipt)))
        if not receipt.present:
            self.absent.append(change.number)
        self._keep_earlier(change, reader)
        return _with_receipt(change, receipt)

    def _keep_earlier(self, change: ChangeRequest, reader: MetadataReader) -> None:
        """What was its head before it was overwritten, as far as the platform still gives it: nothing depends on it.

        Raises Cancelled, WriteFailed, BadCredential. One that does not give one of them is not asked for others.
        """
        source = reader.commits_of(change) if self._gives_earlier else None
        for head in source.earlier if source is not None else ():
            own = RefName(f"{CHANGE_PREFIX}{change.number}/{head}")
            if not _is_object_id(head) or fault_of_ref_name(own) is not None or own in self._known_refs():
                continue
            if not self._has(ObjectId(head)) and not self._gives(source, head):
                self._gives_earlier = False
                return
            if not self._is_reached(ObjectId(head)):
                self._keep(own, ObjectId(head))

    def _gives(self, source: CommitSource | None, head: str) -> bool:
        if source is None:
            return False
        try:
            return self._fetch(replace(source, wants=(head,)), ObjectId(head))
        except TryLater:
            return False

    def _found(self, head: ObjectId, change: ChangeRequest, reader: MetadataReader) -> _Receipt:
        own = self._own_ref(change, head)
        if self._has(head):
            if own is not None and self._known_refs().get(own) == head:
                return _Receipt(present=True, ref=own)
            if self._is_reached(head):
                return _Receipt(present=True)
        elif own is not None:
            source = reader.commits_of(change)
            own = own if source is not None and self._fetch(source, head) else None
        if own is None:
            return _Receipt(present=False)
        # What a run that was cut off has fetched is there, and nothing leads to it yet.
        self._keep(own, head)
        return _Receipt(present=True, ref=own)

    def _own_ref(self, change: ChangeRequest, head: ObjectId) -> RefName | None:
        """Under what a head is kept: one that came later, beside the first; None where no ref can be called so."""
        first = RefName(f"{CHANGE_PREFIX}{change.number}/head")
        if fault_of_ref_name(first) is not None:
            return None
        is_taken = self._known_refs().get(first, head) != head
        return RefName(f"{CHANGE_PREFIX}{change.number}/{head}") if is_taken else first

    def _keep(self, own: RefName, head: ObjectId) -> None:
        present = read_refs(self.git_dir())
        write_refs(self.git_dir(), RefListing({**present.refs, own: head}, present.peeled), {})
        self._known_refs()[own] = head

    def _known_refs(self) -> dict[RefName, ObjectId]:
        if self._refs is None:
            self._refs = dict(read_refs(self.git_dir()).refs)
        return self._refs

    def _is_reached(self, head: ObjectId) -> bool:
        """Whether some ref leads there. All commits are listed once, since git takes as long over most of them."""
        if head in self._known_refs().values():
            return True
        if self._reached is None:
            try:
                self._reached = run_git(["rev-list", "--all"], git_dir=self.git_dir())
            except GitStopped:
                raise
            except GitFailed:
                self._reached = b""  # A ref more does no harm.
        return head.encode() in self._reached

    def _has(self, head: ObjectId) -> bool:
        return head in describe_objects(self.git_dir(), (head,))

    def _fetch(self, source: CommitSource, head: ObjectId) -> bool:
        """Whether one of the ways to it leads there; that a fork is gone is the platform's usual course."""
        away: MatouError | None = None
        for want in source.wants:
            try:
                self._fetch_one(self.source_of(source.url), want)
            except (Cancelled, WriteFailed, BadCredential):
                raise
            except MatouError as fault:
                away = away or (None if _is_refusal(fault) else fault)
                continue
            if self._has(head):
                return True
        if away is not None:
            raise away
        return False

    def _fetch_one(self, source: FetchSource, want: str) -> None:
        if not want.startswith("refs/"):
            fetch_objects(self.git_dir(), source, RefListing({RefName("refs/heads/change"): ObjectId(want)}))
            return
        wanted = list_refs(source.transport, source.url).refs.get(RefName(want))
        if wanted is not None:
            fetch_objects(self.git_dir(), source, RefListing({RefName(want): wanted}))


def _is_object_id(text: str) -> bool:
    return _OBJECT_ID.fullmatch(text) is not None


def _is_refusal(fault: MatouError) -> bool:
    """Whether a server said that it does not give this, and not merely that it cannot now."""
    return not isinstance(fault, TryLater) or isinstance(fault, RemoteError | FetchFailed)


@dataclass(frozen=True, slots=True)
class RecordedCommits:
    """What was noted of each change request when it was looked for."""

    answers: Answers
    _lost: list[str] = field(default_factory=list)

    def are_lost(self, place: str, saved: Callable[[], MetadataTree]) -> bool:  # noqa: ARG002
        try:
            answer = self.answers(LOOKED_AT, {"place": place}, lambda _: None)
        except NotRecorded:
            return False
        self._lost.extend(msgspec.json.decode(answer.body, type=list[str]))
        return True

    def lacks(self, change: MetadataValue) -> bool:
        return isinstance(change, ChangeRequest) and change.number in self._lost

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:  # noqa: ARG002
        """Where there was no mirror, nothing was noted."""
        if change.head.commit is None:
            return change
        parameters = {"change": change.number, "commit": change.head.commit}
        try:
            answer = self.answers(REQUEST, parameters, lambda _: None)
        except NotRecorded:
            return change
        return _with_receipt(change, msgspec.json.decode(answer.body, type=decodable(_Receipt)))


def _with_receipt(change: ChangeRequest, receipt: _Receipt) -> ChangeRequest:
    if receipt.present:
        return replace(change, commits=PRESENT, commits_ref=receipt.ref or change.commits_ref)
    return replace(change, commits="absent")

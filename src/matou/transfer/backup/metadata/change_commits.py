"""The commits of change requests: those that the mirror lacks are fetched, since a closed one's branch is gone soon."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from matou.archive.manifest import Outcome
from matou.concurrency import Cancelled
from matou.errors import MatouError, TryLater
from matou.fs import WriteFailed
from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.fetch import FetchFailed, FetchSource, fetch_objects
from matou.git.refs.listing import CHANGE_PREFIX, fault_of_ref_name, read_refs, write_refs
from matou.git.wire.client import RemoteError
from matou.git.wire.transport import list_refs
from matou.http.tokens import BadCredential
from matou.model.metadata import ChangeRequest
from matou.model.names import ObjectId, RefName
from matou.model.platform import Record
from matou.model.refs import RefListing
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import CommitSource, MetadataReader
from matou.platforms.base.recorded_answers import NotRecorded
from matou.platforms.base.source import RecordSink

REQUEST: Final = "change-commits"
"""How the receipt of a change request's commits is called among the records."""

AWAY: Final = 503
"""The status of the record where the server could not be asked: read again, it is no answer either."""

HAS_MIRROR: Final = frozenset({Outcome.SAVED, Outcome.UNCHANGED, Outcome.EMPTY, Outcome.INCOMPLETE})


class ChangeCommits(Protocol):
    """Says whether the commits of change requests are saved, and sees to it."""

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:
        """Raises MatouError: whether they can be had is not known now."""


class NoCommits:
    """Where there is no mirror, nothing is known of commits."""

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
        absent: the numbers of those whose commits nobody gives.
    """

    git_dir: Callable[[], Path]
    source_of: Callable[[str], FetchSource]
    record: RecordSink
    now: Callable[[], datetime]
    absent: list[str] = field(default_factory=list)
    _own: dict[RefName, ObjectId] | None = None

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
        return _with_receipt(change, receipt)

    def _found(self, head: ObjectId, change: ChangeRequest, reader: MetadataReader) -> _Receipt:
        own = RefName(f"{CHANGE_PREFIX}{change.number}/head")
        if self._has(head):
            return _Receipt(present=True, ref=own if self._own_refs().get(own) == head else None)
        source = reader.commits_of(change)
        if source is None or fault_of_ref_name(own) is not None or not self._fetch(source, head):
            return _Receipt(present=False)
        present = read_refs(self.git_dir())
        write_refs(self.git_dir(), RefListing({**present.refs, own: head}, present.peeled), {})
        self._own_refs()[own] = head
        return _Receipt(present=True, ref=own)

    def _own_refs(self) -> dict[RefName, ObjectId]:
        if self._own is None:
            refs = read_refs(self.git_dir()).refs
            self._own = {name: oid for name, oid in refs.items() if name.startswith(CHANGE_PREFIX)}
        return self._own

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


def _is_refusal(fault: MatouError) -> bool:
    """Whether a server said that it does not give this, and not merely that it cannot now."""
    return not isinstance(fault, TryLater) or isinstance(fault, RemoteError | FetchFailed)


@dataclass(frozen=True, slots=True)
class RecordedCommits:
    """What was noted of each change request when it was looked for."""

    answers: Answers

    def with_commits(self, change: ChangeRequest, reader: MetadataReader) -> ChangeRequest:  # noqa: ARG002
        """Where there was no mirror, nothing was noted."""
        if change.head.commit is None:
            return change
        parameters = {"change": change.number, "commit": change.head.commit}
        try:
            answer = self.answers(REQUEST, parameters, lambda _: None)
        except NotRecorded:
            return change
        return _with_receipt(change, msgspec.json.decode(answer.body, type=_Receipt))


def _with_receipt(change: ChangeRequest, receipt: _Receipt) -> ChangeRequest:
    if receipt.present:
        return replace(change, commits="present", commits_ref=receipt.ref or change.commits_ref)
    return replace(change, commits="absent")

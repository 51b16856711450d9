"""Git LFS as a client: finds objects by the batch API and brings them into a sink.

The endpoint is made from the repository's URL. `lfs.url` and `.lfsconfig` are never read, since whoever can push to
a repository could point them anywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Protocol, Self

from matou.concurrency import WorkerPool
from matou.credentials import GitCredential
from matou.errors import Damaged, MatouError, Phrase, UnknownShape
from matou.http.addresses import UnsafeAddress
from matou.http.lfs.batch import BatchObject, LfsAction, LfsTarget, is_expired
from matou.http.lfs.downloads import ObjectStream
from matou.http.lfs.endpoint import OBJECTS_PER_BATCH, LfsEndpoint
from matou.http.request import InvalidHeader, TransferLimits
from matou.http.responses import (
    AnsweredNotFound,
    AnsweredOtherwise,
    AnsweredRefused,
    AnsweredTryLater,
    FailedAnswer,
    RedirectRefused,
    UntrustedServer,
    quoted,
)
from matou.http.session import Session
from matou.http.streams import Stream

NOT_OFFERED = 0
"""The code of an object about which the server said nothing that has one."""

DOWNLOAD_LIMITS = TransferLimits(total=None)


class LfsContent(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


Sink = Callable[[str, int, LfsContent], None]
"""Takes an object's id, its size and its bytes, which it must read to the end; called by several threads at once.

Reading raises Damaged before the last byte is given if the bytes are not the object's.
"""


@dataclass(frozen=True, slots=True)
class LfsMissing:
    """An object that could not be had.

    `code` is HTTP's, from the batch or from the download, or NOT_OFFERED; `message` a Phrase or the server's own words.
    """

    oid: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class _Download:
    oid: str
    size: int
    action: LfsAction
    answered_at: datetime


class LfsClient:
    """The LFS store of one repository.

    Args:
        session: its connections and its patience.
        repository_url: as one clones it, without user information.
        credential: goes to the repository's own origin only.
        downloads: how many objects come at the same time.
    """

    def __init__(
        self, session: Session, repository_url: str, *, credential: GitCredential | None, downloads: int = 4
    ) -> None:
        self._session = session
        self._endpoint = LfsEndpoint.of(session, repository_url, credential)
        self._downloads = downloads

    @classmethod
    def at(cls, session: Session, endpoint: LfsEndpoint) -> Self:
        """That of a repository whose server has said where its objects are."""
        client = cls(session, endpoint.url, credential=None)
        client._endpoint = endpoint
        return client

    def download(self, objects: Iterable[tuple[str, int]], sink: Sink) -> tuple[LfsMissing, ...]:
        """Bring objects, given as id and size, into the sink.

        An object that cannot be had does not stop the others.

        Returns:
            the objects that could not be had.

        Raises:
            Refused: the server does not accept the credential.
            TryLater: the server is busy, or the connection fails again and again. What is in the sink is whole.
        """
        missing: list[LfsMissing] = []
        for batch in batches(objects, OBJECTS_PER_BATCH):
            entries = self._look_up(batch)
            downloads = [entry for entry in entries if isinstance(entry, _Download)]
            missing += [entry for entry in entries if isinstance(entry, LfsMissing)]
            faults = WorkerPool().map(self._downloads, partial(self._bring, sink), downloads)
            missing += [fault for fault in faults if fault is not None]
        return tuple(missing)

    def lacking(self, objects: Iterable[tuple[str, int]]) -> tuple[LfsMissing, ...]:
        """Those that the server does not offer; nothing is received. Errors as those of `download`."""
        entries = (entry for batch in batches(objects, OBJECTS_PER_BATCH) for entry in self._look_up(batch))
        return tuple(entry for entry in entries if isinstance(entry, LfsMissing))

    def _look_up(self, objects: Sequence[tuple[str, int]]) -> Sequence[_Download | LfsMissing]:
        try:
            described = self._endpoint.describe(objects, operation="download")
        except (AnsweredNotFound, AnsweredOtherwise) as error:
            return [missing_of(oid, error) for oid, _ in objects]
        now = self._session.now()
        return [_sort_out(oid, size, described.get(oid), now) for oid, size in objects]

    def _bring(self, sink: Sink, download: _Download) -> LfsMissing | None:
        """Bring one object, or say why it cannot be had."""
        try:
            return self._fetch_or_renew(sink, download)
        except FAULTS_OF_ONE as error:
            return missing_of(download.oid, error)
        except AnsweredTryLater as error:
            if error.answer.status != _INTERNAL_ERROR:
                raise
            return missing_of(download.oid, error)

    def _fetch_or_renew(self, sink: Sink, download: _Download) -> LfsMissing | None:
        """Fetch an object; where its action is over by now, ask for another, once."""
        if not is_expired(download.action, answered_at=download.answered_at, now=self._session.now()):
            try:
                self._fetch(sink, download)
            except AnsweredRefused:
                pass  # that is also how a store says that a signed address is over
            else:
                return None
        (renewed,) = self._look_up([(download.oid, download.size)])
        if isinstance(renewed, LfsMissing):
            return renewed
        self._fetch(sink, renewed)
        return None

    def _fetch(self, sink: Sink, download: _Download) -> None:
        target = self._endpoint.target_of(download.action)
        open_at = partial(self._open_at, target)
        with ObjectStream(open_at, self._session.pause, oid=download.oid, size=download.size) as stream:
            sink(download.oid, download.size, stream)
            stream.finish()

    def _open_at(self, target: LfsTarget, first: int) -> AbstractContextManager[Stream]:
        headers = {**target.headers, "Accept-Encoding": "identity"}
        if first:
            headers["Range"] = f"bytes={first}-"
        return self._session.open(
            "GET",
            target.address.url,
            repeatable=True,
            headers=headers,
            authorization=target.authorization,
            limits=DOWNLOAD_LIMITS,
        )


FAULTS_OF_ONE = (
    AnsweredNotFound,
    AnsweredOtherwise,
    AnsweredRefused,
    Damaged,
    InvalidHeader,
    RedirectRefused,
    UnknownShape,
    UnsafeAddress,
    UntrustedServer,
)
"""What is wrong with one object, or with where it is; the others may be well."""

_INTERNAL_ERROR = 500
"""Said of an object that is gone, however often one asks (git-lfs and CODING); a busy server says 503."""


def _sort_out(oid: str, size: int, described: BatchObject | None, now: datetime) -> _Download | LfsMissing:
    if described is None:
        return LfsMissing(oid, NOT_OFFERED, Phrase("the server's answer leaves it out"))
    if described.error is not None:
        return LfsMissing(oid, described.error.code, quoted(described.error.message.encode()))
    action = (described.actions or {}).get("download")
    if action is None:
        return LfsMissing(oid, NOT_OFFERED, Phrase("the server offers no download"))
    return _Download(oid, size, action, now)


def missing_of(oid: str, error: MatouError) -> LfsMissing:
    code = error.answer.status if isinstance(error, FailedAnswer) else NOT_OFFERED
    return LfsMissing(oid, code, error.fact)


def batches(objects: Iterable[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    remaining = iter(objects)
    while batch := list(islice(remaining, size)):
        yield batch

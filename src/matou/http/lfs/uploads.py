"""Git LFS as a client that gives: offers objects by the batch API and sends those that the server does not have."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import msgspec

from matou.concurrency import WorkerPool
from matou.credentials import GitCredential
from matou.errors import Damaged, Phrase
from matou.http.lfs.batch import CONTENT_TYPE, BatchObject, LfsAction
from matou.http.lfs.client import (
    FAULTS_OF_ONE,
    NOT_OFFERED,
    LfsMissing,
    batches,
    missing_of,
)
from matou.http.lfs.endpoint import OBJECTS_PER_BATCH, LfsEndpoint
from matou.http.request import TransferLimits
from matou.http.responses import AnsweredNotFound, AnsweredOtherwise, AnsweredRefused, AnsweredTryLater, quoted
from matou.http.session import Session
from matou.http.streams import CHUNK_BYTES

UPLOAD_LIMITS = TransferLimits(total=None)
"""An object has any size; that a socket takes nothing for a minute ends it all the same."""

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What was sent, and what the server would not take."""

    sent_bytes: int
    refused: tuple[LfsMissing, ...]


class LfsUploads:
    """The LFS store of one repository, to write to.

    Args:
        session: its connections and its patience.
        repository_url: as one clones it, without user information.
        credential: goes to the repository's own origin only.
        uploads: how many objects go at the same time.
    """

    def __init__(self, session: Session, repository_url: str, *, credential: GitCredential, uploads: int = 2) -> None:
        self._session = session
        self._endpoint = LfsEndpoint.of(session, repository_url, credential)
        self._uploads = uploads

    def upload(self, objects: Iterable[tuple[str, int]], open_object: Callable[[str], BinaryIO]) -> Uploaded:
        """Send what the server lacks of the objects, given as id and size; the rest costs one question a hundred.

        What was sent costs one more: whether the server has it.

        An object that the server does not take does not stop the others.

        Args:
            open_object: gives an object's bytes; what has other bytes than its id says is never sent to its end.

        Raises:
            Refused: the server does not accept the credential.
            TryLater: the server is busy, or the connection fails again and again.
        """
        sent_bytes = 0
        refused: list[LfsMissing] = []
        for batch in batches(objects, OBJECTS_PER_BATCH):
            sent: list[tuple[str, int]] = []
            for answer in WorkerPool().map(self._uploads, partial(self._send, open_object), self._offer(batch)):
                if isinstance(answer, LfsMissing):
                    refused.append(answer)
                elif answer.upload is not None:
                    sent.append((answer.oid, answer.size))
            refused += self._not_stored(sent)
            sent_bytes += sum(size for _, size in sent)
        return Uploaded(sent_bytes, tuple(refused))

    def lacking(self, objects: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Those that the server does not say that it has; nothing is sent. Errors as those of `upload`."""
        for batch in batches(objects, OBJECTS_PER_BATCH):
            for (oid, size), answer in zip(batch, self._offer(batch), strict=True):
                if isinstance(answer, LfsMissing) or answer.upload is not None:
                    yield oid, size

    def _offer(self, objects: Sequence[tuple[str, int]]) -> Sequence["_ObjectUpload | LfsMissing"]:
        try:
            described = self._endpoint.describe(objects, operation="upload")
        except (AnsweredNotFound, AnsweredOtherwise) as error:
            return [missing_of(oid, error) for oid, _ in objects]
        except AnsweredRefused as refusal:
            if refusal.answer.status != _FORBIDDEN:
                raise
            # The credential is good: gitee.com says so to all but paying enterprises, and takes their commits.
            return [missing_of(oid, refusal) for oid, _ in objects]
        return [_sort_out(oid, size, described.get(oid)) for oid, size in objects]

    def _not_stored(self, sent: Sequence[tuple[str, int]]) -> Iterator[LfsMissing]:
        """What the server asks for again, though it answered well: before all of it was there, for one."""
        for answer in self._offer(sent) if sent else ():
            if isinstance(answer, LfsMissing):
                yield answer
            elif answer.upload is not None:
                yield LfsMissing(answer.oid, NOT_OFFERED, Phrase("the server said that it took it, and lacks it"))

    def _send(
        self, open_object: Callable[[str], BinaryIO], upload: "_ObjectUpload | LfsMissing"
    ) -> "_ObjectUpload | LfsMissing":
        """What was asked for, where it went; or why it did not."""
        if isinstance(upload, LfsMissing) or upload.upload is None:
            return upload
        try:
            self._put(open_object, upload, upload.upload)
            if upload.verify is not None:
                self._verify(upload, upload.verify)
        except (*FAULTS_OF_ONE, AnsweredTryLater) as error:
            return missing_of(upload.oid, error)
        return upload

    def _put(self, open_object: Callable[[str], BinaryIO], upload: "_ObjectUpload", action: LfsAction) -> None:
        target = self._endpoint.target_of(action)
        present = {name.lower() for name in target.headers}
        headers = {**target.headers, "Content-Length": str(upload.size)}
        if "content-type" not in present:
            headers["Content-Type"] = "application/octet-stream"
        with self._session.open(
            "PUT",
            target.address.url,
            repeatable=True,
            headers=headers,
            authorization=target.authorization,
            body=lambda: _checked(open_object, upload.oid, upload.size),
            limits=UPLOAD_LIMITS,
        ) as stream:
            stream.read_up_to(64 * 1024)

    def _verify(self, upload: "_ObjectUpload", action: LfsAction) -> None:
        target = self._endpoint.target_of(action)
        self._session.request(
            "POST",
            target.address.url,
            repeatable=True,
            headers={**target.headers, "Accept": CONTENT_TYPE, "Content-Type": CONTENT_TYPE},
            authorization=target.authorization,
            body=msgspec.json.encode({"oid": upload.oid, "size": upload.size}),
        )


@dataclass(frozen=True, slots=True)
class _ObjectUpload:
    """`upload` is None where the server has the object already."""

    oid: str
    size: int
    upload: LfsAction | None
    verify: LfsAction | None


def _sort_out(oid: str, size: int, described: BatchObject | None) -> _ObjectUpload | LfsMissing:
    if described is None:
        return LfsMissing(oid, NOT_OFFERED, Phrase("the server's answer leaves it out"))
    if described.error is not None:
        return LfsMissing(oid, described.error.code, quoted(described.error.message.encode()))
    actions = described.actions or {}
    return _ObjectUpload(oid, size, actions.get("upload"), actions.get("verify"))


def _checked(open_object: Callable[[str], BinaryIO], oid: str, size: int) -> Generator[bytes, None, None]:
    """An object's bytes on their way out; the last of them are given only if all are what its id stands for."""
    digest = hashlib.sha256()
    sent_bytes = 0
    with open_object(oid) as file:
        while part := file.read(CHUNK_BYTES):
            sent_bytes += len(part)
            digest.update(part)
            if sent_bytes >= size:
                break
            yield part
    if sent_bytes != size or digest.hexdigest() != oid:
        raise Damaged("the LFS object {oid} in the archive is not what it was", oid=oid)
    yield part

"""A metadata repository made again from what the platform answered: the same walk over recorded answers."""

from dataclasses import dataclass

import msgspec

from matou.archive.blobs import BlobStore
from matou.errors import TryLater
from matou.model.decodable import decodable
from matou.platforms.base.api_client import Answers
from matou.transfer.backup.metadata.file_fetcher import REQUEST, FetchedFile, Requested


class _Receipt(msgspec.Struct, frozen=True):
    sha256: str | None = None
    size: int | None = None
    type: str | None = None
    missing: str | None = None
    later: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedFiles:
    """What was noted of each file when it was fetched; its bytes are among the blobs. See `FileSource`.

    The platform is asked for an address where that was done then, so that answers stay in step.
    """

    answers: Answers
    blobs: BlobStore

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:  # noqa: ARG002
        """Raises NotRecorded."""
        answer = self.answers(REQUEST, {"url": url}, lambda _: None)
        receipt = msgspec.json.decode(answer.body, type=decodable(_Receipt))
        if receipt.later is not None:
            return FetchedFile(fault=TryLater("{reason}", reason=receipt.later))
        return FetchedFile(sha256=receipt.sha256, size=receipt.size, type=receipt.type, missing=receipt.missing)

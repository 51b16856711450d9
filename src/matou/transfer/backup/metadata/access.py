"""The way to a platform's metadata over the session that everything else of a run goes over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from matou.archive.blobs import BlobStore
from matou.credentials import Secret
from matou.http.rate_limit import RateLimit
from matou.http.session import Session
from matou.model.metadata.kinds import MetadataKind
from matou.platforms.base.metadata import MetadataSource
from matou.platforms.base.platform import MetadataSupport
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.metadata.file_fetcher import FileFetcher


@dataclass(frozen=True, slots=True)
class HttpMetadata:
    """See `MetadataAccess`."""

    support: MetadataSupport
    session: Session
    url: str
    token: Secret
    now: Callable[[], datetime]
    rate: RateLimit

    @property
    def calls_per_hour(self) -> int | None:
        return self.support.calls_per_hour

    def open(self, record: RecordSink, wants: Callable[[MetadataKind], bool], /) -> MetadataSource:
        return self.support.open(self.session, self.url, self.token, record, now=self.now, wants=wants)

    def files(self, blobs: BlobStore, record: RecordSink, limit_bytes: int | None, /) -> FileFetcher:
        return FileFetcher(self.session, blobs, self.url, record, self.now, limit_bytes)

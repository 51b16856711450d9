"""Links by which clients get blobs from an archive's bucket itself, without a credential, for a short while."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from matou.archive.blobs import blob_key
from matou.archive.cached_blobs import PREFIX
from matou.errors import MatouError

LIFETIME: Final = timedelta(minutes=5)
"""In which a download begins. Whoever may read no longer has so much time left."""

log = structlog.get_logger(__name__)


class LinkingBucket(Protocol):
    """A bucket that gives addresses of what is in it."""

    def link(self, key: str, lifetime: timedelta) -> str: ...


@dataclass(frozen=True, slots=True)
class BlobLinks:
    """Args: bucket: under the name by which clients reach it."""

    bucket: LinkingBucket

    def link_to(self, digest: str) -> str | None:
        """For somebody who may read the blob. None where the bucket gives no links, so that the server sends it."""
        try:
            return self.bucket.link(PREFIX + blob_key(digest), LIFETIME)
        except MatouError as error:
            log.warning("no_link_to_bucket", reason=str(error))
            return None

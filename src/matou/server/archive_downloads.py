"""An archive as an answer: made once for all who ask for the same, and counted when it goes out."""

from collections.abc import Hashable
from typing import Final

from matou.concurrency import FairLimit
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.archives import prepare_download
from matou.forge.forge import Forge
from matou.git.operations.archives import GitArchiveFormat
from matou.server.api.responses import StreamedResponse
from matou.server.api.streaming import Cacheable, attachment, counted, streamed
from matou.server.response_files import ResponseKey
from matou.server.state import ServerState

_MEDIA_TYPES: Final = {
    GitArchiveFormat.ZIP: b"application/zip",
    GitArchiveFormat.TAR: b"application/x-tar",
    GitArchiveFormat.TAR_GZ: b"application/gzip",
}
ARCHIVE_ENDINGS: Final = {
    ".zip": GitArchiveFormat.ZIP,
    ".tar.gz": GitArchiveFormat.TAR_GZ,
    ".tgz": GitArchiveFormat.TAR_GZ,
    ".tar": GitArchiveFormat.TAR,
}


class NoSuchArchive(NotFound):
    """The name of an archive ends in no format that we make."""


def named_archive(name: str) -> tuple[str, GitArchiveFormat]:
    """`v1.0.tar.gz` as a revision and a format. Raises NoSuchArchive."""
    for ending, packed_as in ARCHIVE_ENDINGS.items():
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending), packed_as
    raise NoSuchArchive("{name} ends in none of {endings}", name=repr(name)[:200], endings=", ".join(ARCHIVE_ENDINGS))


def archive_response(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    revision: str,
    packed_as: GitArchiveFormat,
    *,
    whose: Hashable,
) -> StreamedResponse:
    """Raises what `prepare_download` does."""
    download = prepare_download(forge, granted, revision, packed_as)
    kind = (b"content-type", _MEDIA_TYPES[packed_as])
    cache = (b"cache-control", b"private, no-cache")
    headers = (kind, attachment(download.file_name), cache)
    key = ResponseKey(granted.subject.id, None, (download.commit.id, packed_as, download.name))
    keep = Cacheable(key, download.size_bytes) if download.is_lasting else None
    made = streamed(download.chunks, headers, whose=whose, limit=_of_archives, keep=keep)
    return counted(made, download.count)


def _of_archives(state: ServerState) -> FairLimit:
    return state.archives

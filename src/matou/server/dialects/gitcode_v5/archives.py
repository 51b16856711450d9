"""A commit's files to download, as one zip or tar."""

from enum import StrEnum
from typing import Final

from matou.concurrency import FairLimit
from matou.errors import NotFound
from matou.forge.access import MayReadCode
from matou.forge.content.archives import prepare_download
from matou.git.operations.archives import LARGEST_ARCHIVE_BYTES, GitArchiveFormat
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.responses import StreamedResponse
from matou.server.api.route import Workload, repository_route
from matou.server.api.streaming import Cacheable, attachment, counted, streamed
from matou.server.response_files import ResponseKey
from matou.server.stall_budget import LEAST_BYTES_A_SECOND
from matou.server.state import ARCHIVES_AT_ONCE, ARCHIVES_OF_ONE, ServerState
from matou.settings import MEBIBYTE

_MEDIA_TYPES: Final = {
    GitArchiveFormat.ZIP: b"application/zip",
    GitArchiveFormat.TAR: b"application/x-tar",
    GitArchiveFormat.TAR_GZ: b"application/gzip",
}
_ENDINGS: Final = {
    ".zip": GitArchiveFormat.ZIP,
    ".tar.gz": GitArchiveFormat.TAR_GZ,
    ".tgz": GitArchiveFormat.TAR_GZ,
    ".tar": GitArchiveFormat.TAR,
}


class NoSuchArchive(NotFound):
    """The name of an archive ends in no format that we make."""


class ArchiveKind(StrEnum):
    """Formats by the names that clients have for them."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"
    TGZ = "tgz"


class ArchiveQuery(Parameters, frozen=True, kw_only=True):
    """`ref` is empty for the default branch."""

    ref: str = ""
    format: ArchiveKind = ArchiveKind.ZIP


class NamedArchiveQuery(Parameters, frozen=True, kw_only=True):
    ref: str = ""


def send_archive(context: RepositoryContext[MayReadCode], params: ArchiveQuery) -> StreamedResponse:
    return _download(context, params.ref, _ENDINGS[f".{params.format}"])


def send_named_archive(context: RepositoryContext[MayReadCode], params: Nothing) -> StreamedResponse:  # noqa: ARG001 - as routes ask for it
    name = context.path["archive"]
    for ending, packed_as in _ENDINGS.items():
        if name.endswith(ending) and name != ending:
            return _download(context, name.removesuffix(ending), packed_as)
    raise NoSuchArchive("{name} ends in none of {endings}", name=repr(name)[:200], endings=", ".join(_ENDINGS))


def send_zip(context: RepositoryContext[MayReadCode], params: NamedArchiveQuery) -> StreamedResponse:
    return _download(context, params.ref, GitArchiveFormat.ZIP)


def send_tar(context: RepositoryContext[MayReadCode], params: NamedArchiveQuery) -> StreamedResponse:
    return _download(context, params.ref, GitArchiveFormat.TAR_GZ)


def _download(context: RepositoryContext[MayReadCode], revision: str, packed_as: GitArchiveFormat) -> StreamedResponse:
    download = prepare_download(context.forge, context.granted, revision, packed_as)
    kind = (b"content-type", _MEDIA_TYPES[packed_as])
    cache = (b"cache-control", b"private, no-cache")
    headers = (kind, attachment(download.file_name), cache)
    key = ResponseKey(context.repository.id, None, (download.commit.id, packed_as, download.name))
    keep = Cacheable(key, download.size_bytes) if download.is_lasting else None
    made = streamed(download.chunks, headers, whose=context.caller, limit=_of_archives, keep=keep)
    return counted(made, download.count)


def _of_archives(state: ServerState) -> FairLimit:
    return state.archives


_ABOUT: Final = (
    "everything stands in one folder, named by the repository and the ref; the same commit and ref give the same bytes;"
    " export-ignore holds and export-subst does not; LFS pointers are replaced by what they stand for where the"
    " repository's include_lfs_objects says so and it has the object; refused: more than"
    f" {LARGEST_ARCHIVE_BYTES // MEBIBYTE} MiB of files, and paths that would be unpacked elsewhere; at most"
    f" {ARCHIVES_AT_ONCE} are made at once, {ARCHIVES_OF_ONE} for one account or address; who receives less than"
    f" {LEAST_BYTES_A_SECOND // 1024} KiB a second for more than a minute is cut off"
)


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/archive",
        MayReadCode,
        ArchiveQuery,
        send_archive,
        answer=bytes,
        workload=Workload.SLOW,
        choices=f"{_ABOUT}; format is zip (by default), tar.gz, tgz or tar",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/archive/{archive...}",
        MayReadCode,
        Nothing,
        send_named_archive,
        answer=bytes,
        workload=Workload.SLOW,
        choices="the ref and the format's ending: `archive/v1.0.tar.gz`",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/zipball",
        MayReadCode,
        NamedArchiveQuery,
        send_zip,
        answer=bytes,
        workload=Workload.SLOW,
        choices="as Gitee has it",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/tarball",
        MayReadCode,
        NamedArchiveQuery,
        send_tar,
        answer=bytes,
        workload=Workload.SLOW,
        choices="as Gitee has it",
    ),
)

"""A commit's files to download, as one zip or tar."""

from enum import StrEnum
from typing import Final

from matou.forge.access import MayReadCode
from matou.git.operations.archives import LARGEST_ARCHIVE_BYTES, GitArchiveFormat
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.responses import StreamedResponse
from matou.server.api.route import Workload, repository_route
from matou.server.archive_downloads import ARCHIVE_ENDINGS, archive_response, named_archive
from matou.server.stall_budget import LEAST_BYTES_A_SECOND
from matou.server.state import ARCHIVES_AT_ONCE, ARCHIVES_OF_ONE
from matou.settings import MEBIBYTE


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
    return _download(context, params.ref, ARCHIVE_ENDINGS[f".{params.format}"])


def send_named_archive(context: RepositoryContext[MayReadCode], params: Nothing) -> StreamedResponse:  # noqa: ARG001 - as routes ask for it
    return _download(context, *named_archive(context.path["archive"]))


def send_zip(context: RepositoryContext[MayReadCode], params: NamedArchiveQuery) -> StreamedResponse:
    return _download(context, params.ref, GitArchiveFormat.ZIP)


def send_tar(context: RepositoryContext[MayReadCode], params: NamedArchiveQuery) -> StreamedResponse:
    return _download(context, params.ref, GitArchiveFormat.TAR_GZ)


def _download(context: RepositoryContext[MayReadCode], revision: str, packed_as: GitArchiveFormat) -> StreamedResponse:
    return archive_response(context.forge, context.granted, revision, packed_as, whose=context.caller)


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

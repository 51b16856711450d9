"""Files and folders, as JSON or as they are (`Accept: application/vnd.github.raw`)."""

from collections.abc import Collection, Hashable, Sequence
from typing import Final

import msgspec

from matou.forge.access import MayReadCode
from matou.forge.content.contents import SizedEntry
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import Nothing
from matou.server.api.responses import Bytes, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.v5.contents import (
    LARGEST_INLINE_BYTES,
    TYPES,
    ContentHandlers,
    ContentLocation,
    RefQuery,
    at_blob,
    at_known_object,
    at_shown_object,
    readable,
    show_raw,
)
from matou.settings import MEBIBYTE

CodeContext = RepositoryContext[MayReadCode]

RAW: Final = ("application/vnd.github.raw", "application/vnd.github.v3.raw", "application/vnd.github.raw+json")


class GitHubContent(msgspec.Struct, kw_only=True):
    """A file, a folder, a link or a submodule."""

    type: str
    size: int
    name: str
    path: str
    sha: str
    url: str
    git_url: str | None
    html_url: str | None
    download_url: str | None
    links: dict[str, str | None] = msgspec.field(name="_links")
    encoding: str = ""
    content: str = ""


class GitHubBlob(msgspec.Struct, kw_only=True):
    """What a file holds, by its object."""

    sha: str
    node_id: str
    size: int
    url: str
    encoding: str = "base64"
    content: str


class GitHubContentRows:
    """Rows of GitHub's API v3."""

    def content(self, entry: SizedEntry, at: ContentLocation, *, whole: bool) -> GitHubContent:  # noqa: ARG002 - a folder's entries have all of it but what they hold
        path = readable(entry.path)
        return GitHubContent(
            type=TYPES.get(entry.kind, "file"),
            size=entry.size_bytes or 0,
            name=path.rpartition("/")[2],
            path=path,
            sha=entry.id,
            url=at.url,
            git_url=None,
            html_url=at.html_url,
            download_url=at.download,
            links={"self": at.url, "git": None, "html": at.html_url},
        )

    def blob(self, entry: SizedEntry, url: str) -> GitHubBlob:
        return GitHubBlob(sha=entry.id, node_id=f"B_{entry.id}", size=entry.size_bytes, url=url, content="")


HANDLERS: Final = ContentHandlers(GitHubContentRows())


def show_contents(
    context: CodeContext, params: RefQuery
) -> msgspec.Struct | Sequence[msgspec.Struct] | Bytes | StreamedResponse:
    return show_raw(context, params) if wants(context, RAW) else HANDLERS.show_contents(context, params)


def wants(context: RequestContext, media_types: Collection[str]) -> bool:
    """Whether the client would have one of these."""
    accepted = context.header(b"accept").split(",")
    return any(each.partition(";")[0].strip().lower() in media_types for each in accepted)


def _at_contents(context: CodeContext, params: RefQuery) -> Hashable | None:
    state = at_shown_object(context, params)
    return None if state is None else (state, wants(context, RAW))


_LIMIT: Final = f"{LARGEST_INLINE_BYTES // MEBIBYTE} MiB"
_CONTENTS: Final = "/repos/{owner}/{repo}/contents"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        f"{_CONTENTS}/{{path...}}",
        MayReadCode,
        RefQuery,
        show_contents,
        answer=GitHubContent | list[GitHubContent],
        cache_key=_at_contents,
        choices="a folder is an array; a link gives its own text and is never followed; as it is with the media type"
        f" `application/vnd.github.raw`, else a file of more than {_LIMIT} is refused",
    ),
    repository_route(
        "GET",
        _CONTENTS,
        MayReadCode,
        RefQuery,
        HANDLERS.show_contents,
        answer=list[GitHubContent],
        cache_key=at_shown_object,
        choices="the root",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/raw/{path...}",
        MayReadCode,
        RefQuery,
        show_raw,
        answer=bytes,
        cache_key=at_known_object,
        choices="not GitHub's; where `download_url` leads: of any size, never what a browser would run",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/blobs/{sha}",
        MayReadCode,
        Nothing,
        HANDLERS.show_blob,
        answer=GitHubBlob,
        cache_key=at_blob,
        choices=f"a blob of more than {_LIMIT} is refused",
    ),
)

"""2, 7 and 36: files, with their content in the answer or as the answer."""

from typing import Final

from matou.forge.access import MayReadCode
from matou.forge.content.contents import MOST_IN_A_FOLDER, SizedEntry
from matou.platforms.gitcode import wire
from matou.server.api.params import Nothing
from matou.server.api.route import repository_route
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


class GitCodeContentRows:
    """Rows of GitCode's API v5: an entry of a folder has neither `encoding` nor `content`."""

    def content(self, entry: SizedEntry, at: ContentLocation, *, whole: bool) -> wire.Content:  # noqa: ARG002 - as rows are asked for
        path = readable(entry.path)
        return wire.Content(
            type=TYPES.get(entry.kind, "file"),
            size=entry.size_bytes,
            name=path.rpartition("/")[2],
            path=path,
            sha=entry.id,
            url=at.url,
            html_url=at.html_url,
            download_url=at.download,
            links=wire.ContentLinks(self_=at.url, html=at.html_url),
        )

    def blob(self, entry: SizedEntry, url: str) -> wire.Blob:
        return wire.Blob(sha=entry.id, size=entry.size_bytes, url=url, content="")


HANDLERS: Final = ContentHandlers(GitCodeContentRows())
_LIMIT = f"{LARGEST_INLINE_BYTES // MEBIBYTE} MiB"
_ABOUT_CONTENTS = (
    "a folder is an array of what stands in it, without content, the root too; types are file, dir, symlink and"
    f" submodule; a link gives its own text and is never followed; a file of more than {_LIMIT}, or a folder of more"
    f" than {MOST_IN_A_FOLDER} entries, is refused: raw and git/trees give them; ref is what sha is in 1"
)

ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contents/{path...}",
        MayReadCode,
        RefQuery,
        HANDLERS.show_contents,
        section=2,
        answer=wire.Content | list[wire.Content],
        cache_key=at_shown_object,
        choices=_ABOUT_CONTENTS,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contents",
        MayReadCode,
        RefQuery,
        HANDLERS.show_contents,
        answer=list[wire.Content],
        cache_key=at_shown_object,
        choices="the root, as 2 gives a folder",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/blobs/{sha}",
        MayReadCode,
        Nothing,
        HANDLERS.show_blob,
        section=7,
        answer=wire.Blob,
        cache_key=at_blob,
        choices=f"a blob of more than {_LIMIT} is refused; an id of anything but a blob is not found",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/raw/{path...}",
        MayReadCode,
        RefQuery,
        show_raw,
        section=36,
        answer=bytes,
        cache_key=at_known_object,
        choices=(
            "of any size; text/plain without a NUL in the first 8,000 bytes, application/octet-stream otherwise, never"
            " what a browser would run; an LFS file gives its pointer, a symbolic link its own text"
        ),
    ),
)

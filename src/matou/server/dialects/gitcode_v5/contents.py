"""2, 7 and 36: files, with their content in the answer or as the answer."""

from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from matou.forge.access import MayReadCode
from matou.forge.content.branches import default_branch_of
from matou.forge.content.contents import (
    LARGEST_WHOLE_BYTES,
    MOST_IN_A_FOLDER,
    FileContent,
    SizedEntry,
    known_object_at,
    list_folder,
    object_at,
    read_blob_by_id,
    read_file,
    stream_file,
)
from matou.git.odb.objects import EntryKind, MissingPath, TooLargeToRead, TreePath
from matou.model.names import ObjectId
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.links import quoted
from matou.server.api.params import Nothing, Parameters, PathText
from matou.server.api.responses import JSON, NO_STORE, Bytes, StreamedResponse
from matou.server.api.route import repository_route
from matou.server.api.streaming import SANDBOX, Begin, streamed
from matou.server.dialects.gitcode_v5.trees import path_or_root, readable
from matou.server.streaming import Header
from matou.settings import MEBIBYTE

LARGEST_INLINE_BYTES: Final = 64 * MEBIBYTE
"""Of a file whose content stands in an answer: clients take all of it into memory."""

SNIFFED_BYTES: Final = 8000
"""Within so many git looks for a NUL, to tell what is binary (xdiff-interface.c)."""

_TYPES = {EntryKind.FOLDER: "dir", EntryKind.SYMLINK: "symlink", EntryKind.SUBMODULE: "submodule"}
_PAGES = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "tree"}
_NO_CONTENT: Final = b'"content":""'
_CACHE: Header = (b"cache-control", b"private, no-cache")


class RefQuery(Parameters, frozen=True, kw_only=True):
    """Empty for the default branch."""

    ref: PathText = ""


def show_contents(
    context: RepositoryContext[MayReadCode], params: RefQuery
) -> wire.Content | list[wire.Content] | StreamedResponse:
    start, path = _start(context, params), path_or_root(context.path.get("path", ""))
    folder = list_folder(context.forge, context.granted, start, path)
    if folder is not None or path is None:
        return [_content(context, params, entry) for entry in folder or ()]
    file = read_file(context.forge, context.granted, start, path, largest_bytes=LARGEST_WHOLE_BYTES)
    made = _content(context, params, file.entry)
    return made if file.entry.kind is EntryKind.SUBMODULE else _with_content(context, made, file)


def show_blob(context: RepositoryContext[MayReadCode], params: Nothing) -> wire.Blob | StreamedResponse:  # noqa: ARG001 - as routes ask for it
    file = read_blob_by_id(context.forge, context.granted, context.path["sha"], largest_bytes=LARGEST_WHOLE_BYTES)
    url = context.links.repository_api(context.repository.path, "git", "blobs", file.entry.id)
    made = wire.Blob(sha=file.entry.id, size=file.entry.size_bytes, url=url, content="")
    return _with_content(context, made, file)


def show_raw(context: RepositoryContext[MayReadCode], params: RefQuery) -> Bytes | StreamedResponse:
    start, path = _start(context, params), TreePath.parse(context.path["path"])
    file = read_file(context.forge, context.granted, start, path, largest_bytes=LARGEST_WHOLE_BYTES)
    if file.entry.kind in (EntryKind.FOLDER, EntryKind.SUBMODULE):
        raise MissingPath("{path} is no file", path=repr(str(path))[:200])
    if file.content is not None:
        return Bytes(file.content, _raw_headers(file.entry.id, file.content))
    begin = partial(stream_file, context.forge, context.granted, file.entry.id)
    with closing(begin()) as chunks:
        beginning = next(chunks)
    length: Header = (b"content-length", b"%d" % file.entry.size_bytes)
    return streamed(begin, (*_raw_headers(file.entry.id, beginning), length), whose=context.caller)


Made = TypeVar("Made", wire.Content, wire.Blob)


def _with_content(context: RepositoryContext[MayReadCode], made: Made, file: FileContent) -> Made | StreamedResponse:
    """The answer with its content in Base64. A large one is put together while it is sent."""
    if file.content is not None:
        return replace(made, encoding="base64", content=b64encode(file.content).decode("ascii"))
    size = file.entry.size_bytes
    if size > LARGEST_INLINE_BYTES:
        raise TooLargeToRead(
            "the file has {size} bytes, more than the {limit} that stand in an answer: raw gives it",
            size=size,
            limit=LARGEST_INLINE_BYTES,
        )
    # A quote within a value is escaped, so this stands nowhere else.
    before, mark, after = msgspec.json.encode(replace(made, encoding="base64", content="")).partition(_NO_CONTENT)
    head, tail = before + mark[:-1], mark[-1:] + after
    begin = partial(_encoded, head, partial(stream_file, context.forge, context.granted, file.entry.id), tail)
    length: Header = (b"content-length", b"%d" % (len(head) + -(-size // 3) * 4 + len(tail)))
    return streamed(begin, (JSON, NO_STORE, length), whose=context.caller)


def _encoded(head: bytes, begin: Begin, tail: bytes) -> Generator[bytes, None, None]:
    yield head
    rest = b""
    with closing(begin()) as chunks:
        for chunk in chunks:
            content = rest + chunk
            whole = len(content) - len(content) % 3
            rest = content[whole:]
            yield b64encode(content[:whole])
    yield b64encode(rest) + tail


def _content(context: RepositoryContext[MayReadCode], params: RefQuery, entry: SizedEntry) -> wire.Content:
    path, query = readable(entry.path), _query(params.ref)
    url = context.links.repository_api(context.repository.path, "contents", entry.path) + query
    revision = params.ref or default_branch_of(context.forge, context.granted) or "HEAD"
    html_url = context.links.page(context.repository.path, _PAGES.get(entry.kind, "blob"), revision, entry.path)
    is_file = entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE, EntryKind.SYMLINK)
    return wire.Content(
        type=_TYPES.get(entry.kind, "file"),
        size=entry.size_bytes,
        name=path.rpartition("/")[2],
        path=path,
        sha=entry.id,
        url=url,
        html_url=html_url,
        download_url=context.links.repository_api(context.repository.path, "raw", entry.path) + query
        if is_file
        else None,
        links=wire.ContentLinks(self_=url, html=html_url),
    )


def _query(ref: str) -> str:
    return f"?ref={quoted(ref, safe='')}" if ref else ""


def _raw_headers(blob: ObjectId, beginning: bytes) -> tuple[Header, ...]:
    """Nothing that a browser runs: text as text, whatever it says it is, and the rest as bytes."""
    kind: Header = (b"content-type", _media_type(beginning[:SNIFFED_BYTES]))
    return (kind, SANDBOX, _CACHE, (b"etag", b'"%b"' % blob.encode()))


def _media_type(beginning: bytes) -> bytes:
    if b"\0" in beginning:
        return b"application/octet-stream"
    try:
        # Not final: what was cut off may end within a character.
        getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return b"text/plain"
    return b"text/plain; charset=utf-8"


def _start(context: RepositoryContext[MayReadCode], params: RefQuery) -> ObjectId:
    return object_at(context.forge, context.granted, params.ref)


def _known_start(context: RepositoryContext[MayReadCode], params: RefQuery) -> ObjectId | None:
    return known_object_at(context.forge, context.granted, params.ref)


def _shown(context: RepositoryContext[MayReadCode], params: RefQuery) -> tuple[ObjectId, str | None] | None:
    """The answer names the default branch, too."""
    start = _known_start(context, params)
    return None if start is None else (start, default_branch_of(context.forge, context.granted))


def _blob(context: RepositoryContext[MayReadCode], params: Nothing) -> str:  # noqa: ARG001 - as routes ask for it
    return context.path["sha"]


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
        show_contents,
        section=2,
        answer=wire.Content | list[wire.Content],
        cache_key=_shown,
        choices=_ABOUT_CONTENTS,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contents",
        MayReadCode,
        RefQuery,
        show_contents,
        answer=list[wire.Content],
        cache_key=_shown,
        choices="the root, as 2 gives a folder",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/blobs/{sha}",
        MayReadCode,
        Nothing,
        show_blob,
        section=7,
        answer=wire.Blob,
        cache_key=_blob,
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
        cache_key=_known_start,
        choices=(
            "of any size; text/plain without a NUL in the first 8,000 bytes, application/octet-stream otherwise, never"
            " what a browser would run; an LFS file gives its pointer, a symbolic link its own text"
        ),
    ),
)

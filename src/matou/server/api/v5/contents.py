"""Files and folders, whoever's rows: content in Base64 within the answer, put together while it is sent, or raw."""

from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from matou.forge.access import MayReadCode
from matou.forge.content.branches import default_branch_of
from matou.forge.content.contents import (
    LARGEST_WHOLE_BYTES,
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
from matou.server.api.context import RepositoryContext
from matou.server.api.links import quoted
from matou.server.api.params import Nothing, Parameters, PathText
from matou.server.api.responses import JSON, NO_STORE, Bytes, StreamedResponse
from matou.server.api.streaming import SANDBOX, Begin, streamed
from matou.server.streaming import Header
from matou.settings import MEBIBYTE

CodeContext = RepositoryContext[MayReadCode]

LARGEST_INLINE_BYTES: Final = 64 * MEBIBYTE
"""Of a file whose content stands in an answer: clients take all of it into memory."""

SNIFFED_BYTES: Final = 8000
"""Within so many git looks for a NUL, to tell what is binary (xdiff-interface.c)."""

TYPES: Final = {EntryKind.FOLDER: "dir", EntryKind.SYMLINK: "symlink", EntryKind.SUBMODULE: "submodule"}
"""All others are `file`."""

_PAGES = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "tree"}
_NO_CONTENT: Final = b'"content":""'
_CACHE: Header = (b"cache-control", b"private, no-cache")


class RefQuery(Parameters, frozen=True, kw_only=True):
    """Empty for the default branch."""

    ref: PathText = ""


@dataclass(frozen=True, slots=True)
class ContentLocation:
    """Where an entry is to be had. `download`: only of what has content."""

    url: str
    html_url: str
    download: str | None


class ContentRows(Protocol):
    """What a dialect says of entries. Both rows have `encoding` and `content`, which are filled in here."""

    def content(self, entry: SizedEntry, at: ContentLocation, /, *, whole: bool) -> msgspec.Struct:
        """Args: whole: it is asked for alone, and not as one of its folder."""

    def blob(self, entry: SizedEntry, url: str, /) -> msgspec.Struct: ...


@dataclass(frozen=True, slots=True)
class ContentHandlers:
    """For one dialect."""

    rows: ContentRows

    def show_contents(
        self, context: CodeContext, params: RefQuery
    ) -> msgspec.Struct | list[msgspec.Struct] | StreamedResponse:
        start, path = object_at(context.forge, context.granted, params.ref), path_or_root(context.path.get("path", ""))
        folder = list_folder(context.forge, context.granted, start, path)
        if folder is not None or path is None:
            return [self._content(context, params, entry, whole=False) for entry in folder or ()]
        file = read_file(context.forge, context.granted, start, path, largest_bytes=LARGEST_WHOLE_BYTES)
        return self.show_file(context, params, file)

    def show_file(self, context: CodeContext, params: RefQuery, file: FileContent) -> msgspec.Struct | StreamedResponse:
        made = self._content(context, params, file.entry, whole=True)
        return made if file.entry.kind is EntryKind.SUBMODULE else _with_content(context, made, file)

    def show_blob(self, context: CodeContext, _: Nothing) -> msgspec.Struct | StreamedResponse:
        file = read_blob_by_id(context.forge, context.granted, context.path["sha"], largest_bytes=LARGEST_WHOLE_BYTES)
        url = context.links.repository_api(context.repository.path, "git", "blobs", file.entry.id)
        return _with_content(context, self.rows.blob(file.entry, url), file)

    def _content(self, context: CodeContext, params: RefQuery, entry: SizedEntry, *, whole: bool) -> msgspec.Struct:
        query = f"?ref={quoted(params.ref, safe='')}" if params.ref else ""
        revision = params.ref or default_branch_of(context.forge, context.granted) or "HEAD"
        links, repository = context.links, context.repository.path
        is_file = entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE, EntryKind.SYMLINK)
        return self.rows.content(
            entry,
            ContentLocation(
                url=links.repository_api(repository, "contents", entry.path) + query,
                html_url=links.page(repository, _PAGES.get(entry.kind, "blob"), revision, entry.path),
                download=links.repository_api(repository, "raw", entry.path) + query if is_file else None,
            ),
            whole=whole,
        )


def show_raw(context: CodeContext, params: RefQuery) -> Bytes | StreamedResponse:
    start, path = object_at(context.forge, context.granted, params.ref), TreePath.parse(context.path["path"])
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


def _with_content(
    context: RepositoryContext[MayReadCode], made: msgspec.Struct, file: FileContent
) -> msgspec.Struct | StreamedResponse:
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


def path_or_root(text: str) -> TreePath | None:
    """None for the root. Raises InvalidTreePath."""
    return None if text in ("", "/") else TreePath.parse(text.removesuffix("/"))


def readable(path: bytes) -> str:
    """A path as JSON can hold it: bytes that are not UTF-8 become U+FFFD."""
    return path.decode("utf-8", "replace")


def at_known_object(context: CodeContext, params: RefQuery) -> ObjectId | None:
    return known_object_at(context.forge, context.granted, params.ref)


def at_shown_object(context: CodeContext, params: RefQuery) -> tuple[ObjectId, str | None] | None:
    """The answer names the default branch, too."""
    start = at_known_object(context, params)
    return None if start is None else (start, default_branch_of(context.forge, context.granted))


def at_blob(context: CodeContext, _: Nothing) -> str:
    return context.path["sha"]

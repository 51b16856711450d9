"""Uploaded files on their way to a browser that must trust none of them (docs/reference/gitcode-v5.md, 23 and 24).

`/{namespace}/{name}/attachment/uploads/{uuid}/{file}` is as readable as the repository's code is, and looks as if there
were nothing there to everybody else.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, quote
from uuid import UUID

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.credentials import Secret
from matou.errors import NotFound, Refused
from matou.forge.access import MayReadCode, authorize_repository
from matou.forge.content.uploads import StoredFile, open_upload
from matou.model.names import RepositoryPath
from matou.server.authentication import Credential, UnknownCredential, UnreadableCredential, identify, read_credential
from matou.server.errors import answer_for
from matou.server.git.lfs_transfer import DOWNLOAD_CHUNK_BYTES
from matou.server.origin import client_address
from matou.server.paths import repository_at, segments_of
from matou.server.state import ServerState
from matou.server.streaming import (
    PLAIN_TEXT,
    ClientLeft,
    Header,
    begin_answer,
    end_answer,
    header,
    send_answer,
    send_chunk,
)

FOLDERS = ("attachment", "uploads")
_SANDBOX: Header = (b"content-security-policy", b"sandbox; default-src 'none'")
_CACHE: Header = (b"cache-control", b"private, no-cache")


@dataclass(frozen=True, slots=True)
class AttachmentTarget:
    """What a path names; nothing of it was looked up."""

    repository: RepositoryPath
    upload: UUID
    name: str


def read_attachment_path(raw_path: bytes) -> AttachmentTarget | None:
    """None for a path of any other form."""
    segments = segments_of(raw_path)
    if segments is None or len(segments) < 6 or segments[-4:-2] != FOLDERS:
        return None
    repository, upload = repository_at(segments[:-4]), _uuid(segments[-2])
    return None if repository is None or upload is None else AttachmentTarget(repository, upload, segments[-1])


def _uuid(text: str) -> UUID | None:
    """In its one canonical form."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


class AttachmentRoute(BaseRoute):
    """All uploaded files, by path alone; to be asked before git's own route, which goes by the end of a path."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        target = read_attachment_path(scope["raw_path"]) if scope["type"] == "http" else None
        return (Match.NONE, {}) if target is None else (Match.FULL, {"attachment": target})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - no body is read
        try:
            await self._answer(scope, send)
        except ClientLeft:
            return

    async def _answer(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send_answer(send, 405, (PLAIN_TEXT, (b"allow", b"GET, HEAD")), b"GET or HEAD\n")
            return
        try:
            stored = await self._state.run_in_pool(_stored_file, self._state, scope)
        except (UnknownCredential, UnreadableCredential):
            await send_answer(send, 401, (PLAIN_TEXT, _CACHE), b"the token is not known here\n")
            return
        except (NotFound, Refused):
            await send_answer(send, 404, (PLAIN_TEXT, _CACHE), b"there is no such file\n")
            return
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
            answer = answer_for(error)
            await send_answer(send, answer.status, (PLAIN_TEXT, *answer.headers), answer.text.encode() + b"\n")
            return
        await self._send(scope, send, stored)

    async def _send(self, scope: Scope, send: Send, stored: StoredFile) -> None:
        etag = b'"%b"' % str(stored.upload.id).encode()
        if etag in header(scope["headers"], b"if-none-match"):
            await begin_answer(send, 304, ((b"etag", etag), _CACHE, _SANDBOX))
            await end_answer(send)
            return
        await begin_answer(send, 200, (*_headers(stored), (b"etag", etag)))
        if scope["method"] == "GET":
            await self._send_bytes(scope, send, stored)
        else:
            await end_answer(send)

    async def _send_bytes(self, scope: Scope, send: Send, stored: StoredFile) -> None:
        if "http.response.pathsend" in scope.get("extensions", {}):
            await send({"type": "http.response.pathsend", "path": str(stored.path)})
            return
        with await self._state.run_transfer(stored.path.open, "rb") as file:
            while chunk := await self._state.run_transfer(file.read, DOWNLOAD_CHUNK_BYTES):
                await send_chunk(send, chunk)
        await end_answer(send)


def _stored_file(state: ServerState, scope: Scope) -> StoredFile:
    """Raises NotFound, Refused; and DamagedObject where its bytes are not those that came."""
    forge, target = state.forge, scope["attachment"]
    identity = identify(forge, _credential(scope), address=client_address(scope))
    granted = authorize_repository(forge, identity, MayReadCode, target.repository)
    stored = open_upload(forge, granted, target.upload, target.name)
    state.whole_files.require_whole(stored.path, stored.upload.blob)
    return stored


def _credential(scope: Scope) -> Credential | None:
    """A header, or the parameter that GitCode's tools put into every URL."""
    credential = read_credential(scope["headers"])
    token = parse_qs(scope["query_string"].decode("latin-1")).get("access_token", [""])[0]
    return credential or (Credential("", Secret(token)) if token else None)


def _headers(stored: StoredFile) -> tuple[Header, ...]:
    disposition = "inline" if stored.type.is_picture else "attachment"
    name = f"{disposition}; filename*=UTF-8''{quote(stored.upload.name, safe='')}"
    return (
        (b"content-type", stored.type.media_type.encode()),
        (b"content-length", b"%d" % stored.upload.size_bytes),
        (b"content-disposition", name.encode()),
        (b"x-content-type-options", b"nosniff"),
        _SANDBOX,
        _CACHE,
    )

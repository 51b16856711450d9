"""Git of a project that stands for a repository: without a ref, for whoever may read what was said around it."""

import re
from typing import Final

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.errors import NotFound
from matou.forge.access import MayReadConversation, NoSuchNamespace, authorize_namespace
from matou.git.wire.server import (
    UPLOAD_PACK,
    advertisement_v0,
    capability_advertisement_v2,
    is_ls_refs,
    ls_refs_answer,
    service_announcement,
)
from matou.model.names import NamespacePath
from matou.model.refs import NOTHING, RefListing
from matou.server.api.context import PROJECT_SEGMENT
from matou.server.authentication import identify, read_credential
from matou.server.authorization import ClientRequest, answer_to
from matou.server.git.packet_framing import request_chunks
from matou.server.git.refs import UPLOAD_PACK_RESULT, protocol_version, service_of
from matou.server.paths import OWNER_SEPARATOR, namespace_at, segments_of
from matou.server.state import ServerState
from matou.server.streaming import NO_CACHE, PLAIN_TEXT, ClientLeft, Header, RequestBody, send_answer

EMPTY: Final = RefListing(NOTHING)

_LARGEST_REQUEST_BYTES: Final = 64 * 1024
_ADVERTISEMENT: Final[Header] = (b"content-type", f"application/x-{UPLOAD_PACK}-advertisement".encode())
_OURS: Final = re.compile(
    rb"(?P<owner>/[^/]+)/%b\.git/(?P<rest>info/refs|git-upload-pack)\Z" % PROJECT_SEGMENT.encode()
)


class ProjectGitRoute(BaseRoute):
    """What git asks of `/OWNER/-.git`. Pushes lead nowhere."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found = _OURS.match(scope["raw_path"]) if scope["type"] == "http" else None
        return (Match.NONE, {}) if found is None else (Match.FULL, {"project_git": found})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = ClientRequest(self._state, scope, receive, send)
        owner = (segments_of(scope["project_git"]["owner"]) or ("",))[0]
        try:
            await self._state.run_in_pool(_admit, request, owner)
            kind, body = await _answer(request, scope["project_git"]["rest"])
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - the edge, as of git's other requests
            failed = answer_to(request.headers, error)
            await send_answer(send, failed.status, (PLAIN_TEXT, *NO_CACHE, *failed.headers), failed.text.encode())
        else:
            await send_answer(send, 200, (kind, *NO_CACHE), body)


def named_project(owner: str) -> NamespacePath:
    """Raises NoSuchNamespace."""
    path = namespace_at(tuple(owner.replace(OWNER_SEPARATOR, "/").split("/")))
    if path is None:
        raise NoSuchNamespace("there is no namespace {path}", path=repr(owner)[:200])
    return path


def _admit(request: ClientRequest, owner: str) -> None:
    """Raises as `authorize_namespace`."""
    forge = request.state.forge
    identity = identify(forge, read_credential(request.headers), address=request.address)
    authorize_namespace(forge, identity, MayReadConversation, named_project(owner))


async def _answer(request: ClientRequest, rest: bytes) -> tuple[Header, bytes]:
    version = protocol_version(request)
    if rest == b"info/refs":
        if service_of(request) != UPLOAD_PACK:
            raise NotFound("nobody pushes to a project")
        if version == 2:
            return _ADVERTISEMENT, capability_advertisement_v2()
        return _ADVERTISEMENT, service_announcement(UPLOAD_PACK) + advertisement_v0(EMPTY, UPLOAD_PACK, version=version)
    came = RequestBody(request.receive)
    chunks = request_chunks(request.headers, came, UPLOAD_PACK, limit_bytes=_LARGEST_REQUEST_BYTES)
    wanted = is_ls_refs(b"".join([chunk async for chunk in chunks])) if version == 2 else None
    if wanted is None:
        raise NotFound("a project has no commits")
    return UPLOAD_PACK_RESULT, ls_refs_answer(EMPTY, wanted)

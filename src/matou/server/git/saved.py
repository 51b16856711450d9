"""What runs of a backup have saved beside the code, by git and LFS, for whoever may have it: another Matou, say.

`/-/kept/{path}.git` has the refs that runs have kept of a repository, `refs/kept/…` and `refs/change/…`, which lie
below `refs/matou/`. `/-/metadata/{path}.git` is the metadata repository of a repository or of a namespace, its files by
LFS. No namespace begins with a hyphen, so neither is anybody's repository (docs/reference/matou-api.md).
"""

import tempfile
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.errors import NotFound
from matou.forge.access import MayReadPast, authorize_repository
from matou.forge.content.copies import kept_ref_listing
from matou.forge.content.metadata_copies import (
    MetadataCopy,
    authorize_metadata,
    file_to_copy,
    metadata_to_copy,
    sizes_of_files,
)
from matou.git.wire.server import (
    LARGEST_REQUEST_IN_MEMORY_BYTES,
    UPLOAD_PACK,
    advertisement_v0,
    capability_advertisement_v2,
    is_ls_refs,
    ls_refs_answer,
    service_announcement,
)
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.model.refs import RefListing
from matou.server.authentication import identify, read_credential
from matou.server.authorization import ClientRequest, answer_to
from matou.server.byte_ranges import Part, read_range
from matou.server.git.http import BODY_IN_MEMORY_BYTES, keep_body, send_pack_when_free
from matou.server.git.lfs_transfer import file_headers, send_file
from matou.server.git.lfs_wire import (
    JSON,
    LfsBatchRequest,
    LfsBatchResponse,
    LfsFailure,
    NamedObject,
    ObjectAnswer,
    Step,
    read_json,
    send_json,
    unusable_object,
)
from matou.server.git.packet_framing import PROBE
from matou.server.git.refs import UPLOAD_PACK_RESULT, protocol_version, service_of
from matou.server.origin import base_url, caller_of
from matou.server.paths import Operation, segments_of
from matou.server.state import ServerState
from matou.server.streaming import (
    NO_CACHE,
    PLAIN_TEXT,
    ClientLeft,
    Header,
    begin_answer,
    end_answer,
    header,
    send_answer,
    understood,
    until_client_leaves,
)


class SavedPart(StrEnum):
    KEPT = "kept"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class SavedTarget:
    """What a path names; nothing of it was looked up. `object_name` is which file, unchecked."""

    part: SavedPart
    path: NamespacePath
    operation: Operation
    object_name: str = ""


@dataclass(frozen=True, slots=True)
class SavedRequest(ClientRequest):
    target: SavedTarget


@dataclass(frozen=True, slots=True)
class _Served:
    """A repository, its refs, and whom a fetch of it counts for. `copy` is there where it is metadata."""

    git_dir: Path
    refs: RefListing
    caller: Hashable
    copy: MetadataCopy | None = None


_READ: Final = (Operation.ADVERTISE, Operation.UPLOAD_PACK, Operation.LFS_BATCH, Operation.LFS_OBJECT)


def read_saved_path(raw_path: bytes) -> SavedTarget | None:
    """None for a path of any other form."""
    segments = segments_of(raw_path)
    if segments is None or segments[0] != "-" or len(segments) < 4 or segments[1] not in tuple(SavedPart):
        return None
    part, rest = SavedPart(segments[1]), segments[2:]
    end = next((number for number, name in enumerate(rest, start=1) if name.endswith(".git")), 0)
    operation = next((one for one in _READ if _fits(rest[end:], one.value)), None)
    if not end or operation is None:
        return None
    try:
        path = NamespacePath((*rest[: end - 1], rest[end - 1].removesuffix(".git")))
    except InvalidName:
        return None
    return SavedTarget(part, path, operation, rest[-1])


def _fits(words: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(words) == len(pattern) and all(
        expected in ("*", word) for expected, word in zip(pattern, words, strict=True)
    )


class SavedRoute(BaseRoute):
    """Everything that a git or LFS client asks for of what was saved beside the code."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        target = read_saved_path(scope["raw_path"]) if scope["type"] == "http" else None
        return (Match.NONE, {}) if target is None else (Match.FULL, {"saved_target": target})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = SavedRequest(self._state, scope, receive, send, scope["saved_target"])
        try:
            await _operation_of(request)(request)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the kinds is logged as our fault
            await _answer_failure(request, error)


async def _answer_failure(request: SavedRequest, error: Exception) -> None:
    answer = answer_to(request.headers, error)
    if request.target.operation in (Operation.LFS_BATCH, Operation.LFS_OBJECT):
        headers: tuple[Header, ...] = (JSON, *answer.headers)
        body = msgspec.json.encode({"message": str(answer.text)})
    else:
        headers, body = (PLAIN_TEXT, *NO_CACHE, *answer.headers), answer.text.encode() + b"\n"
    await send_answer(request.send, answer.status, headers, body)


def _operation_of(request: SavedRequest) -> Callable[[SavedRequest], Awaitable[None]]:
    operation = _OPERATIONS.get((request.target.operation, request.scope["method"]))
    is_file = request.target.operation in (Operation.LFS_BATCH, Operation.LFS_OBJECT)
    if operation is None or (is_file and request.target.part is SavedPart.KEPT):
        raise NotFound("there is nothing here for this method")
    return operation


async def _served(request: SavedRequest) -> _Served:
    return await request.state.run_in_pool(_find, request)


def _find(request: SavedRequest) -> _Served:
    """Raises as `authorize_repository` does; NotFound where nothing was saved."""
    forge, target = request.state.forge, request.target
    identity = identify(forge, read_credential(request.headers), address=request.address)
    caller = caller_of(identity, request.address)
    if target.part is SavedPart.METADATA:
        copy = metadata_to_copy(forge, authorize_metadata(forge, identity, target.path))
        return _Served(copy.git_dir, copy.refs, caller, copy)
    try:
        path = RepositoryPath.parse(str(target.path))
    except InvalidName:
        raise NotFound("there is no repository {path}", path=repr(str(target.path))) from None
    granted = authorize_repository(forge, identity, MayReadPast, path)
    return _Served(forge.git_dir(granted.subject), kept_ref_listing(forge, granted), caller)


async def _advertise(request: SavedRequest) -> None:
    service = service_of(request)
    if service != UPLOAD_PACK:
        raise NotFound("nobody pushes here")
    served, version = await _served(request), protocol_version(request)
    if version == 2:
        body = capability_advertisement_v2(served.refs.object_format)
    else:
        body = service_announcement(service) + await request.state.run_in_pool(
            advertisement_v0, served.refs, service, version=version
        )
    kind: Header = (b"content-type", f"application/x-{service}-advertisement".encode())
    await send_answer(request.send, 200, (kind, *NO_CACHE), body)


async def _upload_pack(request: SavedRequest) -> None:
    served = await _served(request)
    with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
        await keep_body(request, body)
        beginning = body.read(LARGEST_REQUEST_IN_MEMORY_BYTES + 1)
        ls_refs = await understood(is_ls_refs, beginning) if protocol_version(request) == 2 else None
        if beginning == PROBE:
            await send_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE), b"")
        elif ls_refs is not None:
            answer = await request.state.run_in_pool(ls_refs_answer, served.refs, ls_refs)
            await send_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE), answer)
        else:
            sent = send_pack_when_free(request, served.caller, served.git_dir, body)
            await until_client_leaves(request.receive, sent)


async def _batch(request: SavedRequest) -> None:
    copy = (await _served(request)).copy
    batch = await read_json(request, LfsBatchRequest)
    if copy is None or batch.operation != "download":
        raise NotFound("there is nothing here for this method")
    answers = await request.state.run_in_pool(_answers, request, copy, batch.objects)
    await send_json(request, LfsBatchResponse(answers))


def _answers(request: SavedRequest, copy: MetadataCopy, objects: list[NamedObject]) -> list[ObjectAnswer]:
    sizes = sizes_of_files(request.state.forge, copy)
    return [_answer(request, sizes.get(pointer.oid), named) if (pointer := named.pointer) else unusable_object(named)
            for named in objects]  # fmt: skip


def _answer(request: SavedRequest, size_bytes: int | None, named: NamedObject) -> ObjectAnswer:
    oid, said = str(named.oid), int(str(named.size))
    if size_bytes is None or not request.state.forge.archive.blobs.has(oid):
        return ObjectAnswer(oid, said, error=LfsFailure(404, "the metadata names no such file"))
    base = base_url(request.state.base_url, request.scope)
    href = f"{base}/-/{SavedPart.METADATA}/{quote(str(request.target.path))}.git/info/lfs/objects/{oid}"
    return ObjectAnswer(oid, size_bytes, actions={"download": Step(href)})


async def _download(request: SavedRequest) -> None:
    copy = (await _served(request)).copy
    if copy is None:
        raise NotFound("there is nothing here for this method")
    state, oid = request.state, request.target.object_name
    path, size_bytes = await state.run_in_pool(file_to_copy, state.forge, copy, oid)
    await state.run_transfer(state.whole_files.require_whole, path, oid)
    if request.scope["method"] == "HEAD":
        await begin_answer(request.send, 200, file_headers(Part(0, size_bytes, is_whole=True), size_bytes))
        await end_answer(request.send)
        return
    part = read_range(header(request.headers, b"range"), size_bytes)
    await send_file(state, request.scope, request.send, path, part, size_bytes)


_OPERATIONS: Final[dict[tuple[Operation, str], Callable[[SavedRequest], Awaitable[None]]]] = {
    (Operation.ADVERTISE, "GET"): _advertise,
    (Operation.ADVERTISE, "HEAD"): _advertise,
    (Operation.UPLOAD_PACK, "POST"): _upload_pack,
    (Operation.LFS_BATCH, "POST"): _batch,
    (Operation.LFS_OBJECT, "GET"): _download,
    (Operation.LFS_OBJECT, "HEAD"): _download,
}

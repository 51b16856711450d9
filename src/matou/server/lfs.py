"""Git LFS: batch, basic transfer and verify. https://github.com/git-lfs/git-lfs/blob/main/docs/api

An object is read through the repository that it was sent to, and through no other, whatever the archive holds:
the digest of somebody else's file opens nothing. Locks are not kept; git-lfs goes on without them.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar
from urllib.parse import quote

import msgspec

from matou.db.repositories import Repository
from matou.errors import MatouError, NotFound, Refused, UnknownShape
from matou.forge import lfs as objects
from matou.forge.access import Action
from matou.forge.forge import Forge
from matou.forge.settings import read_settings
from matou.model.names import RepositoryPath
from matou.model.repository_settings import Features
from matou.server.admission import Admitted, GitRequest, admit, admit_credential, answer_to
from matou.server.authentication import Credential, read_credential
from matou.server.errors import Answer
from matou.server.lfs_files import UnsatisfiableRange, read_range, send_file, upload_stream
from matou.server.lfs_links import LIFETIME, Errand, Verb
from matou.server.origin import base_url
from matou.server.pace import Pace
from matou.server.paths import Operation
from matou.server.streaming import ClientLeft, Header, RequestBody, bounded, header, send_answer, understood

LARGEST_BATCH_BYTES = 4 * 1024 * 1024
MOST_OBJECTS_IN_A_BATCH = 1_000
LARGEST_OBJECT_BYTES = 64 * 1024**3

JSON: Header = (b"content-type", b"application/vnd.git-lfs+json")
UNPROCESSABLE = 422
_OID = re.compile(r"[0-9a-f]{64}\Z")
_ACTION_OF_VERB = {
    Verb.DOWNLOAD: Action.READ_CODE,
    Verb.UPLOAD: Action.WRITE_CODE,
    Verb.VERIFY: Action.WRITE_CODE,
}


class UnusableRequest(UnknownShape):
    """What git-lfs would not send."""


class LfsSwitchedOff(Refused):
    """The settings of the repository say that it takes and gives no LFS objects."""


class NoLocks(MatouError):
    """We keep no locks; git-lfs takes 501 for that and goes on."""


class ObjectPointer(msgspec.Struct, frozen=True):
    oid: str
    size: int

    def __post_init__(self) -> None:
        if not _OID.match(self.oid) or not 0 <= self.size <= LARGEST_OBJECT_BYTES:
            message = "not an LFS object"
            raise ValueError(message)


class Batch(msgspec.Struct, frozen=True):
    operation: Literal["download", "upload"]
    objects: list[ObjectPointer]
    transfers: list[str] = []
    hash_algo: str = "sha256"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """An `action` of the answer: where to send what, and the header that lets it in."""

    href: str
    header: dict[str, str] = {}
    expires_in: int = 0


class Failure(msgspec.Struct, frozen=True):
    code: int
    message: str


class ObjectAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    oid: str
    size: int
    authenticated: bool = False
    actions: dict[str, Step] = {}
    error: Failure | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    objects: list[ObjectAnswer]
    transfer: str = "basic"
    hash_algo: str = "sha256"


async def serve_lfs(request: GitRequest) -> None:
    """Answer an LFS client, whatever happens."""
    try:
        await _operation_of(request)(request)
    except ClientLeft:
        return
    except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
        answer = _answer_to(request, error)
        body = msgspec.json.encode({"message": answer.text})
        await send_answer(request.send, answer.status, (JSON, *answer.headers), body)


def _answer_to(request: GitRequest, error: Exception) -> Answer:
    if isinstance(error, NoLocks):
        return Answer(501, str(error))
    if isinstance(error, UnsatisfiableRange):
        return Answer(416, str(error))
    if isinstance(error, LfsSwitchedOff):
        # To whoever asks: logging in would not help.
        return Answer(403, str(error))
    answer = answer_to(request.headers, error)
    if isinstance(error, UnknownShape):
        return Answer(UNPROCESSABLE, answer.text, answer.headers)
    return Answer(answer.status, answer.text, tuple(_for_lfs(pair) for pair in answer.headers))


def _for_lfs(pair: Header) -> Header:
    """git-lfs reads its own name for the challenge."""
    return (b"lfs-authenticate", pair[1]) if pair[0] == b"www-authenticate" else pair


async def _batch(request: GitRequest) -> None:
    batch = await _read_json(request, Batch)
    if batch.hash_algo != "sha256" or "basic" not in (batch.transfers or ["basic"]):
        raise UnusableRequest("lfs batch transfers", (batch.hash_algo, batch.transfers))
    if len(batch.objects) > MOST_OBJECTS_IN_A_BATCH:
        raise UnusableRequest("lfs batch objects", len(batch.objects))
    verb = Verb(batch.operation)
    admitted = await admit(request, _ACTION_OF_VERB[verb])
    await request.site.ask_quickly(_require_lfs, request.site.forge, admitted.repository)
    credential = read_credential(request.headers)
    answers = await request.site.ask(_answers, request, admitted.repository, credential, verb, batch.objects)
    await _send_json(request, BatchAnswer(answers))


def _answers(
    request: GitRequest, repository: Repository, credential: Credential | None, verb: Verb, wanted: list[ObjectPointer]
) -> list[ObjectAnswer]:
    answer = _download_answer if verb is Verb.DOWNLOAD else _upload_answer
    return [answer(request, repository, credential, pointer) for pointer in wanted]


def _download_answer(
    request: GitRequest, repository: Repository, credential: Credential | None, pointer: ObjectPointer
) -> ObjectAnswer:
    size = objects.size(request.site.forge, repository, pointer.oid)
    if size is None:
        return ObjectAnswer(pointer.oid, pointer.size, error=Failure(404, "this repository does not have the object"))
    if size != pointer.size:
        return ObjectAnswer(pointer.oid, pointer.size, error=Failure(UNPROCESSABLE, f"the object has {size} bytes"))
    step = _step(request, repository, credential, pointer, Verb.DOWNLOAD)
    return ObjectAnswer(pointer.oid, size, authenticated=credential is not None, actions={"download": step})


def _upload_answer(
    request: GitRequest, repository: Repository, credential: Credential | None, pointer: ObjectPointer
) -> ObjectAnswer:
    """No action means that there is nothing to send."""
    if objects.size(request.site.forge, repository, pointer.oid) == pointer.size:
        return ObjectAnswer(pointer.oid, pointer.size)
    upload = _step(request, repository, credential, pointer, Verb.UPLOAD)
    verify = _step(request, repository, credential, pointer, Verb.VERIFY)
    actions = {"upload": upload, "verify": verify}
    return ObjectAnswer(pointer.oid, pointer.size, authenticated=credential is not None, actions=actions)


def _step(
    request: GitRequest, repository: Repository, credential: Credential | None, pointer: ObjectPointer, verb: Verb
) -> Step:
    ending = "verify" if verb is Verb.VERIFY else f"objects/{pointer.oid}"
    base = base_url(request.site.base_url, request.scope)
    href = f"{base}/{quote(str(repository.path))}.git/info/lfs/{ending}"
    if credential is None:
        return Step(href)
    token = request.site.links.sign(credential, _errand(repository.path, pointer, verb))
    return Step(href, {"Authorization": f"Bearer {token}"}, round(LIFETIME.total_seconds()))


async def _download(request: GitRequest) -> None:
    oid = _oid_of(request)
    admitted = await _admit_errand(request, Verb.DOWNLOAD, ObjectPointer(oid, 0))
    site = request.site
    path, size_bytes = await site.ask(objects.open_object, site.forge, admitted.repository, oid)
    await site.transfer(site.whole_files.require_whole, path, oid)
    part = read_range(header(request.headers, b"range"), size_bytes)
    await send_file(site, request.scope, request.send, path, part, size_bytes)


async def _upload(request: GitRequest) -> None:
    length = header(request.headers, b"content-length")
    if not re.fullmatch(rb"\d{1,15}", length) or int(length) > LARGEST_OBJECT_BYTES:
        raise UnusableRequest("lfs upload content-length", length)
    pointer = ObjectPointer(_oid_of(request), int(length))
    admitted = await _admit_errand(request, Verb.UPLOAD, pointer)
    body = RequestBody(request.receive)
    stream = upload_stream(bounded(body.pieces(), limit_bytes=pointer.size))
    site, pace = request.site, Pace()
    try:
        async with site.uploads.taken(admitted.caller, pace):
            body.pace = pace
            await site.transfer(objects.receive, site.forge, admitted.repository, pointer.oid, pointer.size, stream)
    except objects.WrongObject as error:
        # On its way in it is the client's bytes that are wrong, and not ours.
        raise UnusableRequest("an lfs object's content", str(error)) from error
    await send_answer(request.send, 200, (), b"")


async def _verify(request: GitRequest) -> None:
    pointer = await _read_json(request, ObjectPointer)
    admitted = await _admit_errand(request, Verb.VERIFY, pointer)
    size = await request.site.ask(objects.size, request.site.forge, admitted.repository, pointer.oid)
    if size is None:
        raise objects.NoSuchObject(
            "{repository} has no LFS object {oid}", repository=admitted.repository.path, oid=pointer.oid
        )
    if size != pointer.size:
        raise UnusableRequest("lfs verify size", pointer.size)
    await send_answer(request.send, 200, (), b"")


async def _refuse_locks(request: GitRequest) -> None:
    await admit(request, Action.READ_CODE)
    raise NoLocks("this server keeps no locks")


async def _admit_errand(request: GitRequest, verb: Verb, pointer: ObjectPointer) -> Admitted:
    return await request.site.ask(_admit_with_link, request, verb, pointer)


def _admit_with_link(request: GitRequest, verb: Verb, pointer: ObjectPointer) -> Admitted:
    """Let in by a link of ours, or by a credential as everywhere else; the link's own credential is asked again."""
    site, path = request.site, request.target.repository
    credential = read_credential(request.headers)
    if credential is not None and site.links.is_link(credential.secret.reveal()):
        credential = site.links.credential_of(credential.secret.reveal(), _errand(path, pointer, verb))
    admitted = admit_credential(site.forge, credential, path, _ACTION_OF_VERB[verb], address=request.address)
    _require_lfs(site.forge, admitted.repository)
    return admitted


def _require_lfs(forge: Forge, repository: Repository) -> None:
    if not read_settings(forge, repository, Features).lfs_enabled:
        raise LfsSwitchedOff("git lfs is switched off for {repository}", repository=repr(str(repository.path)))


def _errand(path: RepositoryPath, pointer: ObjectPointer, verb: Verb) -> Errand:
    return Errand(path, pointer.oid, verb, 0 if verb is Verb.DOWNLOAD else pointer.size)


def _oid_of(request: GitRequest) -> str:
    oid = request.target.object_name
    if not _OID.match(oid):
        raise UnusableRequest("lfs object id", oid)
    return oid


_Body = TypeVar("_Body", bound=msgspec.Struct)


async def _read_json(request: GitRequest, kind: type[_Body]) -> _Body:
    read = bytearray()
    async for piece in bounded(RequestBody(request.receive).pieces(), limit_bytes=LARGEST_BATCH_BYTES):
        read += piece
    try:
        return await understood(msgspec.json.decode, bytes(read), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableRequest("lfs request body", bytes(read[:100])) from error


async def _send_json(request: GitRequest, answer: msgspec.Struct) -> None:
    await send_answer(request.send, 200, (JSON, (b"cache-control", b"no-store")), msgspec.json.encode(answer))


def _operation_of(request: GitRequest) -> Callable[[GitRequest], Awaitable[None]]:
    operation = _OPERATIONS.get((request.target.operation, request.scope["method"]))
    if operation is None:
        raise NotFound("there is nothing here for this method")
    return operation


_OPERATIONS: dict[tuple[Operation, str], Callable[[GitRequest], Awaitable[None]]] = {
    (Operation.LFS_BATCH, "POST"): _batch,
    (Operation.LFS_VERIFY, "POST"): _verify,
    (Operation.LFS_OBJECT, "GET"): _download,
    (Operation.LFS_OBJECT, "PUT"): _upload,
    (Operation.LFS_LOCKS, "GET"): _refuse_locks,
    (Operation.LFS_LOCKS, "POST"): _refuse_locks,
    (Operation.LFS_LOCKS_VERIFY, "POST"): _refuse_locks,
}
LFS_OPERATIONS = frozenset(operation for operation, _ in _OPERATIONS)

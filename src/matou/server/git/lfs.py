"""Git LFS: batch, basic transfer and verify, with locks in `lfs_locks`. https://github.com/git-lfs/git-lfs/blob/main/docs/api

An object is read through the repository that it was sent to, and through no other, whatever the archive holds:
the digest of somebody else's file opens nothing.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from matou.archive.blob_links import LIFETIME as BUCKET_LIFETIME
from matou.db.repositories import Repository
from matou.errors import NotFound, UnknownShape
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.push import lfs as objects
from matou.model.names import RepositoryPath
from matou.server.authentication import AnyCredential, Credential, read_credential
from matou.server.authorization import Admitted, GitRequest, admit_by, admit_credential, answer_to
from matou.server.byte_ranges import UNSATISFIABLE, Part, UnsatisfiableRange, read_range
from matou.server.errors import HttpFailure
from matou.server.git import lfs_locks
from matou.server.git.lfs_links import credential_for
from matou.server.git.lfs_tokens import (
    LIFETIME,
    LfsGrant,
    LfsOperation,
    credential_of,
    is_link,
    lfs_signer,
    signed_token,
    size_of_link,
)
from matou.server.git.lfs_transfer import file_headers, send_file, upload_stream
from matou.server.git.lfs_wire import (
    JSON,
    LARGEST_OBJECT_BYTES,
    MOST_OBJECTS_IN_A_BATCH,
    OID,
    UNPROCESSABLE,
    LfsBatchRequest,
    LfsBatchResponse,
    LfsFailure,
    NamedObject,
    ObjectAnswer,
    ObjectPointer,
    Step,
    UnusableRequest,
    read_json,
    send_json,
    unusable_object,
)
from matou.server.link_credentials import LinkSigner
from matou.server.origin import base_url
from matou.server.paths import Operation, lfs_url
from matou.server.stall_budget import StallBudget
from matou.server.streaming import (
    BodyTooLarge,
    ClientLeft,
    Header,
    RequestBody,
    begin_answer,
    bounded,
    end_answer,
    header,
    send_answer,
)

R = TypeVar("R", bound=MayReadCode)


class LengthRequired(UnknownShape):
    """An upload that says neither how long it is nor brings a link that does."""


async def serve_lfs(request: GitRequest) -> None:
    """Answer an LFS client, whatever happens."""
    try:
        await _operation_of(request)(request)
    except ClientLeft:
        return
    except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
        answer = _answer_to(request, error)
        body = msgspec.json.encode({"message": str(answer.text)})
        await send_answer(request.send, answer.status, (JSON, *answer.headers), body)


def _answer_to(request: GitRequest, error: Exception) -> HttpFailure:
    if isinstance(error, LengthRequired):
        return HttpFailure(411, str(error))
    if isinstance(error, UnsatisfiableRange):
        return HttpFailure(UNSATISFIABLE, str(error))
    if isinstance(error, objects.LfsSwitchedOff):
        # To whoever asks: logging in would not help.
        return HttpFailure(403, str(error))
    answer = answer_to(request.headers, error)
    if isinstance(error, UnknownShape):
        return HttpFailure(UNPROCESSABLE, answer.text, answer.headers)
    return HttpFailure(answer.status, answer.text, tuple(_for_lfs(pair) for pair in answer.headers))


def _for_lfs(pair: Header) -> Header:
    """git-lfs reads its own name for the challenge."""
    return (b"lfs-authenticate", pair[1]) if pair[0] == b"www-authenticate" else pair


async def _batch(request: GitRequest) -> None:
    batch = await read_json(request, LfsBatchRequest)
    if batch.hash_algo != "sha256" or "basic" not in (batch.transfers or ["basic"]):
        raise UnusableRequest("lfs batch transfers", (batch.hash_algo, batch.transfers))
    if len(batch.objects) > MOST_OBJECTS_IN_A_BATCH:
        raise BodyTooLarge("a batch has at most {limit} objects", limit=MOST_OBJECTS_IN_A_BATCH)
    verb = LfsOperation(batch.operation)
    credential = await request.state.run_inline_if_fast(credential_for, request, verb)
    admitted = await admit_by(request, MayReadCode if verb is LfsOperation.DOWNLOAD else MayWriteCode, credential)
    await request.state.run_inline_if_fast(objects.require_switched_on, request.state.forge, admitted.granted)
    answers = await request.state.run_in_pool(_answers, request, admitted.granted, credential, verb, batch.objects)
    await send_json(request, LfsBatchResponse(answers))


def _answers(
    request: GitRequest,
    granted: Authorized[Repository, MayReadCode],
    credential: AnyCredential | None,
    verb: LfsOperation,
    objects: list[NamedObject],
) -> list[ObjectAnswer]:
    answer = _download_answer if verb is LfsOperation.DOWNLOAD else _upload_answer
    signer = None if credential is None else lfs_signer(request.state.forge, credential)
    return [
        unusable_object(named) if (pointer := named.pointer) is None else answer(request, granted, signer, pointer)
        for named in objects
    ]


def _download_answer(
    request: GitRequest,
    granted: Authorized[Repository, MayReadCode],
    signer: LinkSigner | None,
    pointer: ObjectPointer,
) -> ObjectAnswer:
    size = objects.size(request.state.forge, granted, pointer.oid)
    if size is None:
        return ObjectAnswer(
            pointer.oid, pointer.size, error=LfsFailure(404, "this repository does not have the object")
        )
    if size != pointer.size:
        return ObjectAnswer(pointer.oid, pointer.size, error=LfsFailure(UNPROCESSABLE, f"the object has {size} bytes"))
    direct = objects.bucket_link(request.state.forge, granted, pointer.oid)
    if direct is not None:
        # Authenticated: what else lets the client in here would be refused there, beside the link's own signature.
        step = Step(direct, expires_in=round(BUCKET_LIFETIME.total_seconds()))
        return ObjectAnswer(pointer.oid, size, authenticated=True, actions={"download": step})
    step = _step(request, granted.subject, signer, pointer, LfsOperation.DOWNLOAD)
    return ObjectAnswer(pointer.oid, size, authenticated=signer is not None, actions={"download": step})


def _upload_answer(
    request: GitRequest,
    granted: Authorized[Repository, MayReadCode],
    signer: LinkSigner | None,
    pointer: ObjectPointer,
) -> ObjectAnswer:
    """No action means that there is nothing to send."""
    if objects.size(request.state.forge, granted, pointer.oid) == pointer.size:
        return ObjectAnswer(pointer.oid, pointer.size)
    upload = _step(request, granted.subject, signer, pointer, LfsOperation.UPLOAD)
    verify = _step(request, granted.subject, signer, pointer, LfsOperation.VERIFY)
    actions = {"upload": upload, "verify": verify}
    return ObjectAnswer(pointer.oid, pointer.size, authenticated=signer is not None, actions=actions)


def _step(
    request: GitRequest,
    repository: Repository,
    signer: LinkSigner | None,
    pointer: ObjectPointer,
    verb: LfsOperation,
) -> Step:
    ending = "verify" if verb is LfsOperation.VERIFY else f"objects/{pointer.oid}"
    href = f"{lfs_url(base_url(request.state.base_url, request.scope), repository.path)}/{ending}"
    if signer is None:
        return Step(href)
    token = signed_token(signer, _grant(repository.path, pointer, verb))
    return Step(href, {"Authorization": f"Bearer {token}"}, round(LIFETIME.total_seconds()))


async def _download(request: GitRequest) -> None:
    oid = _oid_of(request)
    admitted = await _admit_grant(request, MayReadCode, LfsOperation.DOWNLOAD, ObjectPointer(oid, 0))
    state = request.state
    path, size_bytes = await state.run_in_pool(objects.open_object, state.forge, admitted.granted, oid)
    await state.run_transfer(state.whole_files.require_whole, path, oid)
    if request.scope["method"] == "HEAD":
        await begin_answer(request.send, 200, file_headers(Part(0, size_bytes, is_whole=True), size_bytes))
        await end_answer(request.send)
        return
    part = read_range(header(request.headers, b"range"), size_bytes)
    await send_file(state, request.scope, request.send, path, part, size_bytes)


async def _upload(request: GitRequest) -> None:
    pointer = ObjectPointer(_oid_of(request), _announced_size(request))
    admitted = await _admit_grant(request, MayWriteCode, LfsOperation.UPLOAD, pointer)
    body = RequestBody(request.receive)
    stream = upload_stream(bounded(body.chunks(), limit_bytes=pointer.size))
    state, pace = request.state, StallBudget()
    try:
        async with state.uploads.taken(admitted.caller, pace):
            body.pace = pace
            await state.run_transfer(objects.receive, state.forge, admitted.granted, pointer.oid, pointer.size, stream)
    except objects.WrongObject as error:
        # On its way in it is the client's bytes that are wrong, and not ours.
        raise UnusableRequest("an lfs object's content", str(error)) from error
    await send_answer(request.send, 200, (), b"")


def _announced_size(request: GitRequest) -> int:
    """How many bytes an upload is to have: as its header says, or else, where it comes in chunks, as its link says.

    Raises:
        LengthRequired: neither says it.
    """
    length = header(request.headers, b"content-length")
    if not length and b"chunked" in header(request.headers, b"transfer-encoding").lower():
        credential = read_credential(request.headers)
        size = None if credential is None else size_of_link(credential.secret.reveal())
        if size is None:
            raise LengthRequired("lfs upload content-length", "missing")
        return size
    if not re.fullmatch(rb"\d{1,15}", length) or int(length) > LARGEST_OBJECT_BYTES:
        raise UnusableRequest("lfs upload content-length", length)
    return int(length)


async def _verify(request: GitRequest) -> None:
    pointer = await read_json(request, ObjectPointer)
    admitted = await _admit_grant(request, MayWriteCode, LfsOperation.VERIFY, pointer)
    size = await request.state.run_in_pool(objects.size, request.state.forge, admitted.granted, pointer.oid)
    if size is None:
        raise objects.NoSuchObject(
            "{repository} has no LFS object {oid}", repository=admitted.repository.path, oid=pointer.oid
        )
    if size != pointer.size:
        raise UnusableRequest("lfs verify size", pointer.size)
    await send_answer(request.send, 200, (), b"")


async def _admit_grant(request: GitRequest, right: type[R], verb: LfsOperation, pointer: ObjectPointer) -> Admitted[R]:
    return await request.state.run_in_pool(_admit_with_link, request, right, verb, pointer)


def _admit_with_link(request: GitRequest, right: type[R], verb: LfsOperation, pointer: ObjectPointer) -> Admitted[R]:
    """Let in by a link of ours, or by a credential as everywhere else; the link's own credential is asked again."""
    state, path = request.state, request.target.repository
    credential: AnyCredential | None = request.credential()
    if isinstance(credential, Credential) and is_link(credential.secret.reveal()):
        credential = credential_of(state.forge, credential.secret.reveal(), _grant(path, pointer, verb))
    admitted = admit_credential(state.forge, credential, request.target, right, address=request.address)
    objects.require_switched_on(state.forge, admitted.granted)
    return admitted


def _grant(path: RepositoryPath, pointer: ObjectPointer, verb: LfsOperation) -> LfsGrant:
    return LfsGrant(path, pointer.oid, verb, 0 if verb is LfsOperation.DOWNLOAD else pointer.size)


def _oid_of(request: GitRequest) -> str:
    oid = request.target.object_name
    if not OID.match(oid):
        raise UnusableRequest("lfs object id", oid)
    return oid


def _operation_of(request: GitRequest) -> Callable[[GitRequest], Awaitable[None]]:
    operation = _OPERATIONS.get((request.target.operation, request.scope["method"]))
    if operation is None:
        raise NotFound("there is nothing here for this method")
    return operation


_OPERATIONS: dict[tuple[Operation, str], Callable[[GitRequest], Awaitable[None]]] = {
    (Operation.LFS_BATCH, "POST"): _batch,
    (Operation.LFS_VERIFY, "POST"): _verify,
    (Operation.LFS_OBJECT, "GET"): _download,
    (Operation.LFS_OBJECT, "HEAD"): _download,
    (Operation.LFS_OBJECT, "PUT"): _upload,
    (Operation.LFS_LOCKS, "GET"): lfs_locks.show,
    (Operation.LFS_LOCKS, "POST"): lfs_locks.create,
    (Operation.LFS_LOCKS_VERIFY, "POST"): lfs_locks.verify,
    (Operation.LFS_UNLOCK, "POST"): lfs_locks.unlock,
}
LFS_OPERATIONS = frozenset(operation for operation, _ in _OPERATIONS)

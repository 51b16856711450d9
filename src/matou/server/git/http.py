"""Git's smart HTTP, versions 0, 1 and 2: https://git-scm.com/docs/http-protocol

What memory can answer never starts a process: the advertisements and `ls-refs`. A fetch is one `git upload-pack`
that gets its request from a file and gives its pack at the client's pace. A push is in `git_push`.
Who may do what is decided by the route: what a query says has no part in it.
"""

import re
import tempfile
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import IO

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode
from matou.forge.repositories.downloads import count_download
from matou.git.process.run_async import AsyncGitChild
from matou.git.wire.server import LARGEST_REQUEST_IN_MEMORY_BYTES, UPLOAD_PACK, is_ls_refs
from matou.server.authorization import Admitted, ClientRequest, GitRequest, admit, answer_to
from matou.server.git.clones import GitRefusedRequest, answer_clone, start_upload_pack
from matou.server.git.packet_framing import PROBE, PacketFraming, request_chunks
from matou.server.git.push import receive_pack
from matou.server.git.refs import UPLOAD_PACK_RESULT, advertise, answer_ls_refs, current_refs, protocol_version
from matou.server.paths import Operation
from matou.server.stall_budget import StallBudget
from matou.server.streaming import (
    CHUNK_BYTES,
    NO_CACHE,
    PLAIN_TEXT,
    ClientLeft,
    Receiver,
    RequestBody,
    begin_answer,
    end_answer,
    send_answer,
    understood,
    until_client_leaves,
)

LARGEST_FETCH_REQUEST_BYTES = 64 * 1024 * 1024
MOST_FETCH_LINES = 1_000_000
BODY_IN_MEMORY_BYTES = 256 * 1024

_WANT = re.compile(rb"want ([0-9a-f]{40,64})")
_DONE = re.compile(rb"000[89]done")


async def serve_git(request: GitRequest) -> None:
    """Answer a git client, whatever happens."""
    try:
        await _operation_of(request)(request)
    except ClientLeft:
        return
    except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
        answer = answer_to(request.headers, error)
        await send_answer(
            request.send, answer.status, (PLAIN_TEXT, *NO_CACHE, *answer.headers), answer.text.encode() + b"\n"
        )


def _operation_of(request: GitRequest) -> Callable[[GitRequest], Awaitable[None]]:
    operation = _OPERATIONS.get((request.target.operation, request.scope["method"]))
    if operation is None:
        raise NotFound("there is nothing here for this method")
    return operation


async def _upload_pack(request: GitRequest) -> None:
    admitted = await admit(request, MayReadCode)
    with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
        await keep_body(request, body)
        await answer_fetch(request, admitted, body)


async def answer_fetch(request: GitRequest, admitted: Admitted[MayReadCode], body: IO[bytes]) -> None:
    """Answer the request that the file holds, of whatever version, by whichever way it came."""
    version = protocol_version(request)
    # One byte more than memory answers, so that a longer request is not taken for a broken one.
    beginning = body.read(LARGEST_REQUEST_IN_MEMORY_BYTES + 1)
    ls_refs = await understood(is_ls_refs, beginning) if version == 2 else None
    if beginning == PROBE:
        await send_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE), b"")
    elif ls_refs is not None:
        await answer_ls_refs(request, admitted, ls_refs)
    elif not await answer_clone(request, admitted, beginning):
        await count_clone(request, admitted.granted, beginning)
        git_dir = await request.state.git_dir(admitted.repository)
        with request.state.forge.in_use(admitted.repository):
            await until_client_leaves(request.receive, send_pack_when_free(request, admitted.caller, git_dir, body))


async def count_clone(request: GitRequest, granted: Authorized[Repository, MayReadCode], body: bytes) -> None:
    """A fetch by somebody who has nothing yet, of what is advertised: not of single objects that a partial clone
    left out. Counted as it begins: git hangs up before the end of its answer."""
    wants = {want.decode() for want in _WANT.findall(body)}
    # A shallow clone of version 0 asks twice, and says only the second time that it is done.
    is_last = _DONE.search(body) is not None
    if (
        wants
        and is_last
        and b"have " not in body
        and wants <= (await current_refs(request, granted)).listing.object_ids()
    ):
        count_download(request.state.forge, granted)


async def keep_body(request: ClientRequest, file: IO[bytes]) -> None:
    """Take the whole request before anything is started for it: a slow client costs a file, not a process."""
    framing = PacketFraming(most_packets=MOST_FETCH_LINES)
    body = RequestBody(request.receive)
    # 100 KB of gzip are 60 MB on the disk here, for as long as the rest of them takes to come.
    body.pace = StallBudget()
    async for chunk in request_chunks(request.headers, body, UPLOAD_PACK, limit_bytes=LARGEST_FETCH_REQUEST_BYTES):
        await framing.follow(chunk)
        file.write(chunk)
    framing.finish()
    file.seek(0)


async def send_pack_when_free(request: ClientRequest, caller: Hashable, git_dir: Path, body: IO[bytes]) -> None:
    pace = StallBudget()
    async with (
        request.state.fetches.taken(caller, pace),
        start_upload_pack(request, git_dir, body) as child,
    ):
        await _relay(request, child, Receiver(request.send, pace))


async def _relay(request: ClientRequest, child: AsyncGitChild, receiver: Receiver) -> None:
    """Pass on what git says. An answer that git breaks off ends without its flush: the client sees that it is cut."""
    chunk = await child.read(CHUNK_BYTES)
    if not chunk:
        raise GitRefusedRequest("a git request", "nothing that git could answer")
    await begin_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE))
    while chunk:
        await receiver.send_chunk(chunk)
        chunk = await child.read(CHUNK_BYTES)
    await end_answer(request.send)


_OPERATIONS: dict[tuple[Operation, str], Callable[[GitRequest], Awaitable[None]]] = {
    (Operation.ADVERTISE, "GET"): advertise,
    (Operation.ADVERTISE, "HEAD"): advertise,
    (Operation.UPLOAD_PACK, "POST"): _upload_pack,
    (Operation.RECEIVE_PACK, "POST"): receive_pack,
}

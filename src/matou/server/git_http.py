"""Git's smart HTTP, versions 0, 1 and 2: https://git-scm.com/docs/http-protocol

What memory can answer never starts a process: the advertisements and `ls-refs`. A fetch is one `git upload-pack`
that gets its request from a file and gives its pack at the client's pace. A push is in `git_push`.
Who may do what is decided by the route: what a query says has no part in it.
"""

import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO

from matou.db.repositories import Repository
from matou.errors import NotFound, UnknownShape
from matou.forge.access import Action
from matou.forge.downloads import count_download
from matou.git import protocol
from matou.git.protocol import UPLOAD_PACK
from matou.git.protocol_server import LARGEST_REQUEST_IN_MEMORY_BYTES
from matou.git.run_async import AsyncGitChild, start_git_async
from matou.git.whole_pack import WholePack, clone_answer, pack_of_everything
from matou.server.admission import Admitted, GitRequest, admit, answer_to
from matou.server.git_bodies import PROBE, PacketFraming, Section, request_pieces
from matou.server.git_push import receive_pack
from matou.server.git_refs import UPLOAD_PACK_RESULT, advertise, answer_ls_refs, current_refs, protocol_version
from matou.server.pace import Pace
from matou.server.paths import Operation
from matou.server.site import Site
from matou.server.streaming import (
    NO_CACHE,
    PIECE_BYTES,
    PLAIN_TEXT,
    ClientLeft,
    Receiver,
    RequestBody,
    begin_answer,
    end_answer,
    send_answer,
    send_piece,
    understood,
    until_client_leaves,
)

LARGEST_FETCH_REQUEST_BYTES = 64 * 1024 * 1024
MOST_FETCH_LINES = 1_000_000
KEPT_IN_MEMORY_BYTES = 256 * 1024

FETCH_SETTINGS = (
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowAnySHA1InWant", "false"),
    ("transfer.hideRefs", "refs/matou"),
)

_WANT = re.compile(rb"want ([0-9a-f]{40,64})")
_DONE = re.compile(rb"000[89]done")


class GitRefusedRequest(UnknownShape):
    """The framing was right and git could still make nothing of it."""


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
    admitted = await admit(request, Action.READ_CODE)
    with tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES) as body:
        await _keep_body(request, body)
        version = protocol_version(request)
        # One byte more than memory answers, so that a longer request is not taken for a broken one.
        beginning = body.read(LARGEST_REQUEST_IN_MEMORY_BYTES + 1)
        wanted = await understood(protocol.is_ls_refs, beginning) if version == 2 else None
        if beginning == PROBE:
            await send_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE), b"")
        elif wanted is not None:
            await answer_ls_refs(request, admitted, wanted)
        elif (pack := await _whole_pack(request, admitted, beginning)) is not None:
            count_download(request.site.forge, admitted.repository)
            await _send_whole(request, pack)
        else:
            await _count_clone(request.site, admitted.repository, beginning)
            await until_client_leaves(request.receive, _send_pack_in_turn(request, admitted, body))


async def _count_clone(site: Site, repository: Repository, asked: bytes) -> None:
    """A fetch by somebody who has nothing yet, of what is advertised: not of single objects that a partial clone
    left out. Counted as it begins: git hangs up before the end of its answer."""
    wanted = {want.decode() for want in _WANT.findall(asked)}
    # A shallow clone of version 0 asks twice, and says only the second time that it is done.
    is_last = _DONE.search(asked) is not None
    if (
        wanted
        and is_last
        and b"have " not in asked
        and wanted <= (await current_refs(site, repository)).listing.object_ids()
    ):
        count_download(site.forge, repository)


async def _send_whole(request: GitRequest, pack: WholePack) -> None:
    headers = (UPLOAD_PACK_RESULT, *NO_CACHE)
    if pack.size_bytes <= KEPT_IN_MEMORY_BYTES:
        await send_answer(request.send, 200, headers, b"".join(clone_answer(pack)))
        return
    await begin_answer(request.send, 200, headers)
    for piece in clone_answer(pack):
        await send_piece(request.send, piece)
    await end_answer(request.send)


async def _whole_pack(request: GitRequest, admitted: Admitted, body: bytes) -> WholePack | None:
    """The pack that answers a clone as it lies on the disk; None where git has to make one."""
    wanted = await understood(protocol.read_clone_request, body) if protocol_version(request) == 2 else None
    if wanted is None:
        return None
    listing = (await current_refs(request.site, admitted.repository)).listing
    if not wanted <= listing.object_ids() | {protocol.head_object(listing)}:
        return None
    git_dir = request.site.forge.git_dir(admitted.repository)
    known = request.site.whole_packs.get(git_dir, wanted)
    if known is not None:
        return known
    pack = await request.site.ask(pack_of_everything, git_dir, wanted)
    if pack is not None:
        request.site.whole_packs.put(git_dir, wanted, pack)
    return pack


async def _keep_body(request: GitRequest, kept: IO[bytes]) -> None:
    """Take the whole request before anything is started for it: a slow client costs a file, not a process."""
    framing = PacketFraming(Section.WHOLE, most_packets=MOST_FETCH_LINES)
    body = RequestBody(request.receive)
    async for piece in request_pieces(request.headers, body, UPLOAD_PACK, limit_bytes=LARGEST_FETCH_REQUEST_BYTES):
        await framing.follow(piece)
        kept.write(piece)
    framing.finish()
    kept.seek(0)


async def _send_pack_in_turn(request: GitRequest, admitted: Admitted, body: IO[bytes]) -> None:
    pace = Pace()
    async with request.site.fetches.taken(admitted.caller, pace):
        await _send_pack(request, admitted, body, Receiver(request.send, pace))


async def _send_pack(request: GitRequest, admitted: Admitted, body: IO[bytes], receiver: Receiver) -> None:
    git_dir = request.site.forge.git_dir(admitted.repository)
    # git reads the descriptor, whose place Python's own buffer does not always move.
    os.lseek(body.fileno(), 0, os.SEEK_SET)
    async with start_git_async(
        ["upload-pack", "--stateless-rpc", "--strict", str(git_dir)],
        git_dir=git_dir,
        stdin=body,
        environment={"GIT_PROTOCOL": f"version={protocol_version(request)}"},
        settings=FETCH_SETTINGS,
    ) as child:
        await _relay(request, child, receiver)


async def _relay(request: GitRequest, child: AsyncGitChild, receiver: Receiver) -> None:
    """Pass on what git says. An answer that git breaks off ends without its flush: the client sees that it is cut."""
    piece = await child.read(PIECE_BYTES)
    if not piece:
        raise GitRefusedRequest("a git request", "nothing that git could answer")
    await begin_answer(request.send, 200, (UPLOAD_PACK_RESULT, *NO_CACHE))
    while piece:
        await receiver.send_piece(piece)
        piece = await child.read(PIECE_BYTES)
    await end_answer(request.send)


_OPERATIONS: dict[tuple[Operation, str], Callable[[GitRequest], Awaitable[None]]] = {
    (Operation.ADVERTISE, "GET"): advertise,
    (Operation.ADVERTISE, "HEAD"): advertise,
    (Operation.UPLOAD_PACK, "POST"): _upload_pack,
    (Operation.RECEIVE_PACK, "POST"): receive_pack,
}

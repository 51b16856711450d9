"""Fetches and pushes by SSH: what they are asked for and told is what HTTP's are, by the very same code.

Version 2 of git's protocol keeps nothing between two requests, so each is one of HTTP's. A fetch in version 0 or 1
keeps a `git upload-pack` for as long as both talk. Of a push, what refs there are comes first, and a client says in its
own time what it brings: nothing is held for it before its pack begins.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from starlette.types import Message

from matou.forge.access import MayReadCode, MayWriteCode
from matou.git.process.run_async import AsyncGitChild
from matou.git.wire.server import RECEIVE_PACK, capability_advertisement_v2
from matou.server.authentication import KeyCredential
from matou.server.authorization import Admitted, GitRequest, admit
from matou.server.git.clones import start_upload_pack
from matou.server.git.http import (
    BODY_IN_MEMORY_BYTES,
    LARGEST_FETCH_REQUEST_BYTES,
    MOST_FETCH_LINES,
    answer_fetch,
    count_clone,
)
from matou.server.git.pack_receiver import LARGEST_PUSH_BYTES
from matou.server.git.packet_framing import PROBE, PacketFraming
from matou.server.git.push import take_push
from matou.server.git.push_commands import PushStream
from matou.server.git.refs import current_refs, protocol_version, ref_advertisement
from matou.server.ssh.commands import SshCommand
from matou.server.ssh.session import GitSession
from matou.server.stall_budget import StallBudget, TooSlow
from matou.server.state import ServerState
from matou.server.streaming import (
    CHUNK_BYTES,
    BodyTooLarge,
    ClientLeft,
    Receiver,
    RequestBody,
    bounded,
    until_client_leaves,
)

BETWEEN_REQUESTS: Final = timedelta(minutes=5)
BEFORE_PACK: Final = timedelta(minutes=30)
"""A client looks for what it has to send, and packs it, before the first byte of a large push comes."""


@dataclass(frozen=True, slots=True)
class SshRequest(GitRequest):
    """A request that came by a session. What HTTP's would say in headers, the session has said in its own way."""

    session: GitSession
    key: KeyCredential

    def credential(self) -> KeyCredential:
        return self.key


def ssh_request(
    state: ServerState, session: GitSession, key: KeyCredential, address: str, command: SshCommand
) -> SshRequest:
    async def receive() -> Message:
        """While an answer is under way nothing comes but the end of the connection."""
        await session.lost.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and (content := message.get("body", b"")):
            await session.write(content)

    scope = {"type": "ssh", "headers": [(b"git-protocol", session.protocol)], "client": (address, 0)}
    return SshRequest(state, scope, receive, send, command.target, session, key)


async def serve_fetch(request: SshRequest) -> None:
    admitted = await admit(request, MayReadCode)
    if protocol_version(request) == 2:
        await _answer_requests(request, admitted)
        return
    git_dir = await request.state.git_dir(admitted.repository)
    with request.state.forge.in_use(admitted.repository):
        await until_client_leaves(request.receive, _talk(request, admitted, git_dir))


async def serve_push(request: SshRequest) -> None:
    admitted = await admit(request, MayWriteCode)
    version = 1 if protocol_version(request) == 1 else 0
    await request.session.write(await ref_advertisement(request, admitted.granted, RECEIVE_PACK, version))
    body = SessionBody(request.session)
    stream = PushStream(bounded(body.chunks(), limit_bytes=LARGEST_PUSH_BYTES), stop=body.stop)
    if not await stream.is_empty():
        await take_push(request, admitted, stream, body)


class SessionBody(RequestBody):
    """What a session brings, as one request's body: until its end, or until nothing more is wanted.

    A client may be quiet for long before its pack comes. From then on it is held to a pace, as over HTTP.
    """

    def __init__(self, session: GitSession) -> None:
        super().__init__(self._receive_chunk, patience=BEFORE_PACK)
        self._session = session

    def stop(self) -> None:
        """For clients that say nothing at the end of a pack, and wait for the report."""
        self._session.stop_reading()

    async def _receive_chunk(self) -> Message:
        try:
            chunk = await self._session.read()
        except ClientLeft:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}


async def _answer_requests(request: SshRequest, admitted: Admitted[MayReadCode]) -> None:
    """One after the other, each judged anew, until the client says that it was the last."""
    known = await current_refs(request, admitted.granted)
    await request.session.write(capability_advertisement_v2(known.listing.object_format))
    while True:
        with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
            if not await _keep_request(request.session, body):
                return
            await answer_fetch(request, await admit(request, MayReadCode), body)


async def _keep_request(session: GitSession, file: IO[bytes]) -> bool:
    """Take one request, up to its flush; False where there is none: the client has what it came for."""
    framing, size = PacketFraming(most_packets=MOST_FETCH_LINES), 0
    pace = StallBudget(patience=BETWEEN_REQUESTS)
    while not framing.is_at_flush:
        chunk = await _next(session, pace)
        size += len(chunk)
        if size > LARGEST_FETCH_REQUEST_BYTES:
            raise BodyTooLarge("the request is larger than {limit} bytes", limit=LARGEST_FETCH_REQUEST_BYTES)
        if not chunk:
            if size:
                framing.finish()
            return False
        await framing.follow(chunk)
        file.write(chunk)
    file.seek(0)
    return size > len(PROBE)


async def _next(session: GitSession, pace: StallBudget) -> bytes:
    try:
        async with pace.waiting():
            chunk = await session.read()
    except TooSlow:
        raise ClientLeft("the client stopped sending in the middle of its request") from None
    pace.moved(len(chunk))
    return chunk


async def _talk(request: SshRequest, admitted: Admitted[MayReadCode], git_dir: Path) -> None:
    """In version 0 and 1 of the protocol git and the client find out together what the client lacks."""
    pace, request_bytes = StallBudget(), bytearray()
    async with (
        request.state.fetches.taken(admitted.caller, pace),
        start_upload_pack(request, git_dir, None) as child,
    ):
        passing = asyncio.ensure_future(_pass_on(request.session, child, request_bytes))
        try:
            await _relay(child, Receiver(request.send, pace))
            if passing.done():
                await passing
            await child.finish()
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
    await count_clone(request, admitted.granted, bytes(request_bytes))


async def _relay(child: AsyncGitChild, receiver: Receiver) -> None:
    while chunk := await child.read(CHUNK_BYTES):
        await receiver.send_chunk(chunk)


async def _pass_on(session: GitSession, child: AsyncGitChild, request_bytes: bytearray) -> None:
    """Give git what the client says; the beginning is kept, which tells whether it is a clone."""
    framing, size = PacketFraming(most_packets=MOST_FETCH_LINES), 0
    try:
        while chunk := await session.read():
            size += len(chunk)
            if size > LARGEST_FETCH_REQUEST_BYTES:
                raise BodyTooLarge("the request is larger than {limit} bytes", limit=LARGEST_FETCH_REQUEST_BYTES)
            await framing.follow(chunk)
            if len(request_bytes) < BODY_IN_MEMORY_BYTES:
                request_bytes += chunk
            await child.write(chunk)
    finally:
        await child.close_stdin()

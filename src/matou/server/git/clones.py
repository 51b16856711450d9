"""Clones: the pack as it lies on the disk, or what git made of it once, kept as a file; and git's side of a fetch."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import IO

import structlog

from matou.errors import UnknownShape
from matou.forge.access import MayReadCode
from matou.forge.repositories.downloads import count_download
from matou.git.operations.pack_reuse import ReusablePack, clone_answer, pack_of_everything
from matou.git.process.run import GitFailed
from matou.git.process.run_async import AsyncGitChild, start_git_async
from matou.git.wire.known_refs import KnownRefs
from matou.git.wire.server import CloneRequest, head_object, read_clone_request
from matou.server.authorization import Admitted, ClientRequest, GitRequest
from matou.server.git.refs import UPLOAD_PACK_RESULT, current_refs, protocol_version, stands_for_github
from matou.server.response_files import ResponseKey, Write
from matou.server.streaming import (
    CHUNK_BYTES,
    NO_CACHE,
    Header,
    Receiver,
    begin_answer,
    end_answer,
    send_answer,
    send_chunk,
    understood,
    until_client_leaves,
)

log = structlog.get_logger(__name__)

BODY_IN_MEMORY_BYTES = 256 * 1024

SILENT_FOR = timedelta(seconds=60)
"""How long a git that talks with a client waits for what it says next."""

FETCH_SETTINGS = (
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowAnySHA1InWant", "false"),
    ("transfer.hideRefs", "refs/matou"),
)
FETCH_SETTINGS_OF_GITHUB = (
    *FETCH_SETTINGS,
    ("transfer.hideRefs", "!refs/matou/change"),
    ("uploadpack.allowReachableSHA1InWant", "true"),
)
"""What is shown as `refs/pull/N/head` is the tip of one of these, or has been merged: version 0 of git gives tips
alone. Whoever names an object is given it then, as version 2 does anyway."""


class GitRefusedRequest(UnknownShape):
    """The framing was right and git could still make nothing of it."""


async def answer_clone(request: GitRequest, admitted: Admitted[MayReadCode], body: bytes) -> bool:
    """Answer a clone of what everybody who may read the repository is shown. False where it is another request."""
    clone = await understood(read_clone_request, body) if protocol_version(request) == 2 else None
    if clone is None:
        return False
    known = await current_refs(request, admitted.granted)
    pack = await _whole_pack(request, admitted, known, clone)
    if pack is not None:
        count_download(request.state.forge, admitted.granted)
        await _send_whole(request, pack)
        return True
    key = await request.state.run_in_pool(_key, request, admitted, known, clone)
    if key is None:
        return False
    count_download(request.state.forge, admitted.granted)
    await _send_stored(request, admitted, key, body)
    return True


def _key(
    request: GitRequest, admitted: Admitted[MayReadCode], known: KnownRefs, clone: CloneRequest
) -> ResponseKey | None:
    """None for what is not kept: only what many ask for alike is, and nothing that not all who may read are shown."""
    wants = known.wants_of_clones.get(clone.wants)
    if wants is None or not request.state.response_files.has_room_for(admitted.repository.size_bytes):
        return None
    git_dir = request.state.forge.git_dir(admitted.repository)
    state = (known.digest, _mark_of_shallow(git_dir))
    return ResponseKey(admitted.repository.id, state, (wants, clone.words, clone.is_shallow))


def _mark_of_shallow(git_dir: Path) -> bytes:
    """Of a repository that itself lacks a part of the history: which one."""
    try:
        return (git_dir / "shallow").read_bytes()
    except FileNotFoundError:
        return b""


async def _send_stored(request: GitRequest, admitted: Admitted[MayReadCode], key: ResponseKey, body: bytes) -> None:
    """From its file, or as it is made. Not by the web server's own means: those would wait for ever for a client."""
    response_files = request.state.response_files
    whole = response_files.whole(key)
    length = () if whole is None else ((b"content-length", b"%d" % whole[1]),)

    async def make(write: Write) -> None:
        await _make(request, admitted, body, write)

    async def follow() -> None:
        async with contextlib.aclosing(response_files.chunks(key, make)) as chunks:
            await _follow(request, chunks, (UPLOAD_PACK_RESULT, *NO_CACHE, *length))

    await until_client_leaves(request.receive, follow())


async def _make(request: GitRequest, admitted: Admitted[MayReadCode], body: bytes, write: Write) -> None:
    """Let git answer, at the pace of the disk: whoever waits for it may leave, and others still get theirs.

    Its turn is the repository's, not that of who asked first: others wait for it who have a share of their own.
    """
    git_dir = await request.state.git_dir(admitted.repository)
    with tempfile.TemporaryFile() as stdin, request.state.forge.in_use(admitted.repository):
        stdin.write(body)
        stdin.flush()
        async with (
            request.state.fetches.taken(("clones of", admitted.repository.id)),
            start_upload_pack(request, git_dir, stdin) as child,
        ):
            while chunk := await child.read(CHUNK_BYTES):
                await write(chunk)
            await child.finish()


async def _follow(request: GitRequest, chunks: AsyncIterator[bytes], headers: tuple[Header, ...]) -> None:
    """Send what git says as it comes. Where git breaks off the answer ends without its flush, as it does anywhere."""
    receiver, has_begun = Receiver(request.send), False
    try:
        async for chunk in chunks:
            if not has_begun:
                await begin_answer(request.send, 200, headers)
                has_begun = True
            await receiver.send_chunk(chunk)
    except (GitFailed, OSError):
        if not has_begun:
            raise
        log.exception("clone_broken_off", repository=str(request.target.repository))
    if not has_begun:
        raise GitRefusedRequest("a git request", "nothing that git could answer")
    await end_answer(request.send)


def start_upload_pack(request: ClientRequest, git_dir: Path, stdin: IO[bytes] | None) -> AsyncGitChild:
    """Answer the request that the file holds; without one, talk with the client from the advertisement on."""
    kind = f"--timeout={SILENT_FOR.seconds}"
    if stdin is not None:
        # git reads the descriptor, whose place Python's own buffer does not always move.
        os.lseek(stdin.fileno(), 0, os.SEEK_SET)
        kind = "--stateless-rpc"
    return start_git_async(
        ["upload-pack", kind, "--strict", str(git_dir)],
        git_dir=git_dir,
        stdin=stdin,
        environment={"GIT_PROTOCOL": f"version={protocol_version(request)}"},
        settings=FETCH_SETTINGS_OF_GITHUB if stands_for_github(request) else FETCH_SETTINGS,
    )


async def _send_whole(request: GitRequest, pack: ReusablePack) -> None:
    headers = (UPLOAD_PACK_RESULT, *NO_CACHE)
    if pack.size_bytes <= BODY_IN_MEMORY_BYTES:
        await send_answer(request.send, 200, headers, b"".join(clone_answer(pack)))
        return
    await begin_answer(request.send, 200, headers)
    for chunk in clone_answer(pack):
        await send_chunk(request.send, chunk)
    await end_answer(request.send)


async def _whole_pack(
    request: GitRequest, admitted: Admitted[MayReadCode], known: KnownRefs, clone: CloneRequest
) -> ReusablePack | None:
    """The pack that answers a clone as it lies on the disk; None where git has to make one."""
    if clone.is_shallow or not clone.wants <= known.listing.object_ids() | {head_object(known.listing)}:
        return None
    git_dir = await request.state.git_dir(admitted.repository)
    cached = request.state.whole_packs.get(git_dir, clone.wants)
    if cached is not None:
        return cached
    pack = await request.state.run_in_pool(pack_of_everything, git_dir, clone.wants)
    if pack is not None:
        request.state.whole_packs.put(git_dir, clone.wants, pack)
    return pack

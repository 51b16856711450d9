"""Receiving a push, without `git receive-pack`: its commands are read here, its pack by one `git index-pack`.

The pack is streamed into a quarantine. When all of it is there and sound, `forge.push_landing` decides on every ref
and moves those that may move: an upload may last for hours, and what was decided when it began need not be so any
more. The report goes out when what it says is true after a power cut too.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.forge.access import MayWriteCode
from matou.forge.forge import Forge
from matou.forge.push.push_transaction import DECLINED, PushTransaction, apply_push
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.process.run import GitFailed
from matou.git.repository import object_format_on_disk, remove_abandoned_quarantines, remove_remains
from matou.model.names import RefName
from matou.server.authorization import Admitted, GitRequest, admit, admit_again, require_still_admitted
from matou.server.errors import NO_ROOM, is_disk_full
from matou.server.git.pack_receiver import LARGEST_PUSH_BYTES, PackReceiver, TooLargeForCloserLook
from matou.server.git.packet_framing import request_chunks
from matou.server.git.push_commands import PushCommands, PushStream, read_commands
from matou.server.git.push_report import RESULT, PushReportStream, shown_lines
from matou.server.stall_budget import StallBudget
from matou.server.state import ServerState, in_context
from matou.server.streaming import NO_CACHE, ClientLeft, RequestBody, send_answer, understood

log = structlog.get_logger(__name__)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

GIBIBYTE = 1024**3
PATIENCE_WITH_SENDER = timedelta(seconds=10)

_PACK_HEADER_BYTES = 12
_NO_OBJECTS = (b"PACK\0\0\0\2\0\0\0\0", b"PACK\0\0\0\3\0\0\0\0")


@dataclass(slots=True)
class PushResult:
    """How a push ended: what was wrong with its pack, and which refs did not move, and why."""

    unpacked: str = "ok"
    refused: dict[RefName, str] = field(default_factory=dict)


async def receive_pack(request: GitRequest) -> None:
    """Take a push. Nothing of the body is read before it is known that this identity may push here."""
    admitted = await admit(request, MayWriteCode)
    body = RequestBody(request.receive)
    body.pace = StallBudget()
    stream = PushStream(
        request_chunks(request.headers, body, "git-receive-pack", limit_bytes=LARGEST_PUSH_BYTES),
    )
    await take_push(request, admitted, stream, body)


async def take_push(
    request: GitRequest, admitted: Admitted[MayWriteCode], stream: PushStream, body: RequestBody
) -> None:
    """Take what was admitted, by whichever way it came; `body` is what the stream reads."""
    commands = await stream.commands()
    if not commands:
        await send_answer(request.send, 200, (RESULT, *NO_CACHE), b"")
        return
    request_commands = await understood(read_commands, commands)
    if b"push-options" in request_commands.capabilities:
        # Whoever has `push.pushOption` set sends them with every push. There is nothing here that they could change.
        await stream.options()
    # Nobody's turn is taken for a client that is still choosing what to send.
    if request_commands.brings_pack:
        await stream.wait()
    else:
        stream.stop()
    body.pace = pace = body.pace or StallBudget()
    report = PushReportStream(request.send, pace, request_commands)
    try:
        outcome = await _with_locks(request, admitted, request_commands, stream, report, body, pace)
    except (MatouError, OSError) as error:
        if not report.has_begun or isinstance(error, ClientLeft):
            raise
        log.warning("push_broken_off", repository=str(admitted.repository.path), error=str(error))
        await report.break_off(str(error) if isinstance(error, MatouError) else "the push could not be received")
        return
    await report.deliver(outcome.unpacked, outcome.refused)


async def _with_locks(
    request: GitRequest,
    admitted: Admitted[MayWriteCode],
    commands: PushCommands,
    stream: PushStream,
    report: PushReportStream,
    body: RequestBody,
    pace: StallBudget,
) -> PushResult:
    state = request.state
    git_dir = await state.git_dir(admitted.repository)
    # The repository's turn first: who waits for that one takes none from pushes to others.
    async with (
        state.writers.only(admitted.repository.id, admitted.caller, pace),
        state.pushes.taken(admitted.caller, pace),
    ):
        # Others were first, for a minute perhaps.
        await admit_again(state, admitted)
        await state.run_in_pool(remove_abandoned_quarantines, git_dir, now=state.forge.now())
        try:
            with state.forge.in_use(admitted.repository), IncomingPack(git_dir) as pack:
                async with report.talking():
                    outcome = await _receive(state, admitted, commands, stream, report, pack)
        except FileNotFoundError:
            # It was renamed or deleted a moment ago, and that says it better.
            await admit_again(state, admitted)
            raise
        finally:
            remove_remains(git_dir)
        await body.discard(at_most_bytes=GIBIBYTE, within_seconds=PATIENCE_WITH_SENDER.total_seconds())
    return outcome


async def _receive(
    state: ServerState,
    admitted: Admitted[MayWriteCode],
    commands: PushCommands,
    stream: PushStream,
    report: PushReportStream,
    pack: IncomingPack,
) -> PushResult:
    fault = await _take_pack(state.forge, commands, stream, report, pack) if commands.brings_pack else None
    report.body_has_ended()
    if fault is not None:
        return PushResult(fault, dict.fromkeys(commands.names, "unpacker error"))
    transaction = PushTransaction(
        commands.changes, is_atomic=b"atomic" in commands.capabilities, refused=dict(commands.refused)
    )
    # In threads of their own: all others are for what is short, or LFS may hold them for transfers.
    await _to_its_end(state, _apply, state.forge, admitted, transaction, pack, is_shallow=bool(commands.shallow))
    report.say(shown_lines(transaction.said))
    return PushResult("ok", transaction.refused)


async def _to_its_end(
    state: ServerState, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Do it in a thread, and wait for that even where we are cancelled: what it works on is not taken from under it."""
    loop = asyncio.get_running_loop()
    working = loop.run_in_executor(state.push_threads, in_context(work, *args, **kwargs))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):  # however often we are told
                await asyncio.wait((working,))
        raise


def _apply(
    forge: Forge,
    admitted: Admitted[MayWriteCode],
    transaction: PushTransaction,
    pack: IncomingPack,
    *,
    is_shallow: bool,
) -> None:
    """Whatever happens, each ref was moved for good or is refused: what cannot be judged does not come in."""
    try:
        apply_push(forge, require_still_admitted(forge, admitted), transaction, pack, is_shallow=is_shallow)
    except (Refused, NotFound, TryLater) as error:
        transaction.give_up(f"Nothing of this push was taken: {error}", DECLINED)
    except Exception as error:
        log.exception("push_not_landed", repository=str(admitted.repository.path))
        why = NO_ROOM if is_disk_full(error) else "the push could not be judged or stored safely; push again"
        transaction.give_up(f"Nothing of this push was taken: {why}", why)


async def _take_pack(
    forge: Forge, commands: PushCommands, stream: PushStream, report: PushReportStream, pack: IncomingPack
) -> str | None:
    """Have git check the pack and keep it in the quarantine; gives what is wrong with it."""
    chunks = stream.pack()
    beginning = await _beginning(chunks)
    if beginning.startswith(_NO_OBJECTS):
        return await _fault_of_empty_pack(beginning, chunks, pack.git_dir, stream.stop)
    if len(beginning) < _PACK_HEADER_BYTES:
        return "eof before pack header was fully read"
    try:
        await PackReceiver(forge, commands, report, pack, stop=stream.stop).receive(beginning, chunks)
    except TooLargeForCloserLook as error:
        return str(error)
    except GitFailed:
        return "index-pack abnormal exit"
    except OSError as error:
        if not is_disk_full(error):
            raise
        return "no space left on this server"
    return None


async def _beginning(chunks: AsyncIterator[bytes]) -> bytes:
    """At least a pack's header, or all that there is."""
    beginning = b""
    while len(beginning) < _PACK_HEADER_BYTES and (chunk := await anext(chunks, b"")):
        beginning += chunk
    return beginning


async def _fault_of_empty_pack(
    beginning: bytes, chunks: AsyncIterator[bytes], git_dir: Path, stop: Callable[[], None]
) -> str | None:
    """A pack of no objects, as comes with refs to what is here already, needs no process."""
    digest = hashlib.new(object_format_on_disk(git_dir), beginning[:_PACK_HEADER_BYTES], usedforsecurity=False).digest()
    content = beginning[_PACK_HEADER_BYTES:]
    while len(content) < len(digest) and (chunk := await anext(chunks, b"")):
        content += chunk
    stop()
    content += await anext(chunks, b"")
    return None if content == digest else "the pack is corrupted"

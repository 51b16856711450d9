"""Receiving a push: `git receive-pack` gets the body as it comes, and its report waits until it is true.

Git sends its report before what it wrote has reached the disk (test: a power cut then loses every ref). So the
report is held back until git has exited and `after_push` has made the push durable; progress passes at once.
Before any ref moves git asks us through its hook: an upload may last for hours, and what was decided when it began
need not be so any more. There the repository's rules are applied too.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from starlette.types import Send

from matou.db.repositories import Repository
from matou.errors import MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.forge.access import Action, Identity
from matou.forge.forge import Forge
from matou.forge.push_rules import PushRuleBroken, judge, rules_apply
from matou.forge.pushes import after_push
from matou.forge.references import ref_listing
from matou.forge.repositories import find_repository_by_id
from matou.git.jail import Limits
from matou.git.pushed_objects import PushedObjects
from matou.git.ref_transaction import remove_abandoned_locks
from matou.git.repository import remove_abandoned_quarantines, remove_remains
from matou.git.run_async import AsyncGitChild, start_git_async
from matou.model.refs import RefChange
from matou.server.admission import Admitted, GitRequest, admit, admit_again, require_still_admitted
from matou.server.git_bodies import PacketFraming, PacketSplitter, Section, request_pieces
from matou.server.pace import Pace
from matou.server.push_commands import PushCommands, changes_made, read_commands
from matou.server.push_hook import HOOKS, PushHook, Question
from matou.server.streaming import (
    NO_CACHE,
    PIECE_BYTES,
    Header,
    Receiver,
    RequestBody,
    begin_answer,
    end_answer,
    send_answer,
    understood,
)

log = structlog.get_logger(__name__)

GIBIBYTE = 1024**3
LARGEST_PUSH_BYTES = 16 * GIBIBYTE
LARGEST_COMMANDS_BYTES = 32 * 1024 * 1024
LARGEST_REPORT_BYTES = 32 * 1024 * 1024
MOST_REFS_IN_A_PUSH = 100_000
PATIENCE_WITH_GIT = timedelta(seconds=10)

LIMITS = Limits(memory_bytes=2 * GIBIBYTE, cpu=timedelta(hours=1), file_size_bytes=LARGEST_PUSH_BYTES)
SETTINGS = (
    ("receive.fsckObjects", "true"),
    # Real old histories have these three; a server that refused them could not be restored to.
    ("receive.fsck.badTimezone", "ignore"),
    ("receive.fsck.missingSpaceBeforeDate", "ignore"),
    ("receive.fsck.zeroPaddedFilemode", "ignore"),
    ("receive.unpackLimit", "1"),
    ("receive.maxInputSize", str(LARGEST_PUSH_BYTES)),
    ("receive.denyDeleteCurrent", "refuse"),
    ("receive.keepAlive", "5"),
    ("transfer.hideRefs", "refs/matou"),
)

_RESULT: Header = (b"content-type", b"application/x-git-receive-pack-result")
_PROGRESS = b"\x02"
_FAILURE = b"\x03"
_KEEP_ALIVE = b"0005\x01"


class PushRefused(UnknownShape):
    """The framing was right and git could still make nothing of it."""


async def receive_pack(request: GitRequest) -> None:
    """Take a push. Nothing of the body is read before it is known that this identity may push here."""
    admitted = await admit(request, Action.WRITE_CODE)
    body = RequestBody(request.receive)
    pieces = request_pieces(request.headers, body, "git-receive-pack", limit_bytes=LARGEST_PUSH_BYTES)
    commands = await _read_commands(pieces)
    if commands is None:
        await send_answer(request.send, 200, (_RESULT, *NO_CACHE), b"")
        return
    asked = await understood(read_commands, commands)
    pace, site = Pace(), request.site
    report = Report(request.send, pace)
    # The repository's turn first: who waits for that one takes none from pushes to others.
    async with (
        site.writers.only(admitted.repository.id, admitted.caller, pace),
        site.pushes.taken(admitted.caller, pace),
    ):
        body.pace = pace
        # Others were first, for a minute perhaps.
        await admit_again(site, admitted)
        try:
            await _run_receive_pack(request, admitted, asked, commands, pieces, report)
        finally:
            remove_remains(site.forge.git_dir(admitted.repository))
        await body.discard(at_most_bytes=GIBIBYTE, within_seconds=PATIENCE_WITH_GIT.total_seconds())
        await _make_durable(request, admitted, asked, report)
    await report.deliver()


async def _read_commands(pieces: AsyncIterator[bytes]) -> bytes | None:
    """Read up to the flush behind the commands, and what came with it; None for a probe, which has no commands."""
    framing = PacketFraming(Section.UNTIL_FLUSH, most_packets=MOST_REFS_IN_A_PUSH)
    read = bytearray()
    async for piece in pieces:
        await framing.follow(piece)
        read += piece
        if len(read) > LARGEST_COMMANDS_BYTES:
            raise PushRefused("the commands of a push", "more than we take at once")
        if framing.is_over:
            break
    framing.finish()
    return bytes(read) if framing.packets else None


async def _run_receive_pack(
    request: GitRequest,
    admitted: Admitted,
    asked: PushCommands,
    commands: bytes,
    pieces: AsyncIterator[bytes],
    report: "Report",
) -> None:
    forge = request.site.forge
    git_dir = forge.git_dir(admitted.repository)
    await request.site.ask(_clear_away, git_dir, asked, forge.now())
    with PushHook() as hook:
        async with _receive_pack(request, admitted, hook) as child:
            judging = asyncio.ensure_future(_judge(request, admitted, asked, hook))
            try:
                await _pass_through(child, commands, pieces, report)
            finally:
                judging.cancel()
                await asyncio.gather(judging, return_exceptions=True)


def _clear_away(git_dir: Path, asked: PushCommands, now: datetime) -> None:
    """What pushes that were killed have left: it would stop this one, or stay for ever."""
    remove_abandoned_locks(git_dir, asked.changes, now=now)
    remove_abandoned_quarantines(git_dir, now=now)


def _receive_pack(request: GitRequest, admitted: Admitted, hook: PushHook) -> AsyncGitChild:
    git_dir = request.site.forge.git_dir(admitted.repository)
    return start_git_async(
        ["receive-pack", "--stateless-rpc", str(git_dir)],
        git_dir=git_dir,
        settings=SETTINGS,
        environment=hook.environment,
        hooks=HOOKS,
        descriptors=hook.descriptors,
        limits=LIMITS,
    )


async def _pass_through(child: AsyncGitChild, commands: bytes, pieces: AsyncIterator[bytes], report: "Report") -> None:
    listening = asyncio.ensure_future(report.listen(child))
    try:
        await _feed(child, commands, pieces)
    except MatouError:
        # Not killed: git sees an early end and clears its quarantine away.
        await child.close_stdin()
        await asyncio.wait((listening,), timeout=PATIENCE_WITH_GIT.total_seconds())
        listening.cancel()
        raise
    await child.close_stdin()
    await listening
    await child.wait()


async def _judge(request: GitRequest, admitted: Admitted, asked: PushCommands, hook: PushHook) -> None:
    """Answer the hook once, whatever happens: what cannot be judged does not come in.

    Judged is what we have read of the push ourselves. What the hook says of it must be a part of that: git leaves out
    what it refuses by itself.
    """
    try:
        hook.started()
        question = await hook.question()
        if question is None:
            return
        # In threads of its own: those of the forge are for what is short, and LFS may hold those for transfers.
        await asyncio.to_thread(_judge_all, request.site.forge, admitted, asked, question)
    except PushRuleBroken as broken:
        hook.refuse(("Nothing of this push was taken:", *(f"- {fault}" for fault in broken.faults)))
    except (Refused, NotFound, TryLater) as error:
        hook.refuse((f"Nothing of this push was taken: {error}",))
    except Exception:
        log.exception("push_not_judged", repository=str(admitted.repository.path))
        hook.refuse(("Nothing of this push was taken: it could not be held against the rules of the repository.",))
    else:
        hook.accept()


def _judge_all(forge: Forge, admitted: Admitted, asked: PushCommands, question: Question) -> None:
    identity, repository = require_still_admitted(forge, admitted), admitted.repository
    if not frozenset(question.changes) <= frozenset(asked.changes):
        raise PushRefused("what git makes of a push", question.changes[:10])
    if rules_apply(forge, identity, repository, asked.changes):
        objects = PushedObjects(forge.git_dir(repository), question.quarantine)
        judge(forge, identity, repository, asked.changes, objects)


async def _feed(child: AsyncGitChild, commands: bytes, pieces: AsyncIterator[bytes]) -> None:
    """Hand over the body at git's pace; git may have seen enough before its end, and its report then says why."""
    await child.write(commands)
    async for piece in pieces:
        await child.write(piece)


async def _make_durable(request: GitRequest, admitted: Admitted, asked: PushCommands, report: "Report") -> None:
    """Raises nothing once an answer has begun: the failure is then told within it."""
    try:
        await request.site.ask(
            _finish, request.site.forge, admitted.repository, admitted.identity, asked, report.content
        )
    except Exception:
        if not report.has_begun:
            raise
        log.exception("push_not_made_durable", repository=str(admitted.repository.path))
        report.replace(b"the push could not be stored safely; push again")


def _finish(forge: Forge, repository: Repository, identity: Identity, asked: PushCommands, report: bytes) -> None:
    """A push of which nothing was taken leaves nothing behind, and its repository as it was."""
    changes = changes_made(asked, report)
    # It may have been renamed since git asked for the last time.
    repository = find_repository_by_id(forge, repository.id)
    if changes is None:
        changes = _seen_made(forge, repository, asked)
    if changes:
        after_push(forge, repository, identity, changes)


def _seen_made(forge: Forge, repository: Repository, asked: PushCommands) -> tuple[RefChange, ...]:
    """What was changed without a report of it: that too is made durable, and an event."""
    forge.listings.forget(forge.git_dir(repository))
    refs = ref_listing(forge, repository).refs
    return tuple(change for change in asked.changes if change.old != change.new == refs.get(change.ref))


class Report:
    """What receive-pack says to the client: progress goes on at once, the rest is held back until `deliver`.

    Attributes:
        has_begun: progress was sent, so the answer's status can no longer change.
    """

    def __init__(self, send: Send, pace: Pace) -> None:
        self._send = send
        self._receiver = Receiver(send, pace)
        self._splitter = PacketSplitter()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.has_begun = False

    async def listen(self, child: AsyncGitChild) -> None:
        """Read to the end, whatever it is: git must never wait for us."""
        while piece := await child.read(PIECE_BYTES):
            for packet in self._splitter.feed(piece):
                if packet[4:5] == _PROGRESS or packet == _KEEP_ALIVE:
                    await self._pass_on(packet)
                else:
                    self._hold(packet)

    @property
    def content(self) -> bytes:
        """What is held back."""
        return b"".join(self._held)

    def replace(self, failure: bytes) -> None:
        """Say this instead of git's report."""
        content = _FAILURE + failure + b"\n"
        self._held = [b"%04x%b" % (len(content) + 4, content), b"0000"]

    async def deliver(self) -> None:
        """Raises PushRefused where git said nothing at all."""
        if not self._held and not self.has_begun:
            raise PushRefused("a push", "nothing that git could answer")
        await self._pass_on(b"".join(self._held))
        await end_answer(self._send)

    def _hold(self, packet: bytes) -> None:
        self._held_bytes += len(packet)
        if self._held_bytes <= LARGEST_REPORT_BYTES:
            self._held.append(packet)

    async def _pass_on(self, packet: bytes) -> None:
        if not self.has_begun:
            self.has_begun = True
            await begin_answer(self._send, 200, (_RESULT, *NO_CACHE))
        await self._receiver.send_piece(packet)

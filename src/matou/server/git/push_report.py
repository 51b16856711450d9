"""What who pushes is told: progress while git works, and in the end what became of each ref.

https://git-scm.com/docs/gitprotocol-pack#_report_status
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.types import Send

from matou.model.names import RefName
from matou.server.git.push_commands import PushCommands
from matou.server.stall_budget import StallBudget
from matou.server.streaming import NO_CACHE, Header, Receiver, begin_answer, end_answer, send_answer

RESULT: Header = (b"content-type", b"application/x-git-receive-pack-result")
KEEP_ALIVE_EVERY = timedelta(seconds=5)
LARGEST_UNSENT_BYTES = 64 * 1024
"""What a client that reads slowly may be behind with; more progress than that it does not see."""

_REPORT_BAND, _PROGRESS_BAND, _FAILURE_BAND = b"\x01", b"\x02", b"\x03"
_KEEP_ALIVE = b"0005\x01"
_FLUSH = b"0000"
_LONGEST_PACKET = {b"side-band-64k": 65_515, b"side-band": 995}
_REPORTS = frozenset({b"report-status", b"report-status-v2"})


class PushReportStream:
    """The answer to one push.

    Attributes:
        has_begun: progress was sent, so the answer's status can no longer change.
    """

    def __init__(self, send: Send, pace: StallBudget, commands: PushCommands) -> None:
        self._send = send
        self._receiver = Receiver(send, pace)
        self._commands = commands
        self._unsent = bytearray()
        self._news = asyncio.Event()
        self._is_waiting_for_us = False
        self.has_begun = False

    def say(self, text: bytes) -> None:
        """Show this to who pushes, soon; to be called on the event loop."""
        if self._commands.has_side_band and len(self._unsent) < LARGEST_UNSENT_BYTES:
            self._unsent += text
            self._news.set()

    def body_has_ended(self) -> None:
        """From now on it is the client that waits, so it hears of us every few seconds."""
        self._is_waiting_for_us = True

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Send what is said within the block as it is said."""
        talking = asyncio.ensure_future(self._talk())
        try:
            yield
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def deliver(self, unpacked: str, refused: Mapping[RefName, str]) -> None:
        """Say how it ended: `unpacked` is `ok` or what was wrong with the pack; a ref that is not refused was moved."""
        lines = [f"unpack {unpacked}", *(_line_of(name, refused) for name in self._commands.names)]
        report = b"".join(map(_packet, map(_encoded, lines))) + _FLUSH
        if self._commands.capabilities.isdisjoint(_REPORTS):
            report = b""
        if not self._commands.has_side_band:
            await send_answer(self._send, 200, (RESULT, *NO_CACHE), report)
            return
        await self._finish(
            b"".join((*self._banded(_PROGRESS_BAND, self._taken()), *self._banded(_REPORT_BAND, report)))
        )

    async def break_off(self, why: str) -> None:
        """Say within an answer that has begun that nothing came of it."""
        await self._finish(b"".join(self._banded(_FAILURE_BAND, why.encode() + b"\n")))

    async def _finish(self, content: bytes) -> None:
        await self._pass_on(content + _FLUSH)
        await end_answer(self._send)

    async def _talk(self) -> None:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_EVERY.total_seconds()):
                    await self._news.wait()
            except TimeoutError:
                if self._is_waiting_for_us and self._commands.has_side_band:
                    await self._pass_on(_KEEP_ALIVE)
                continue
            for packet in self._banded(_PROGRESS_BAND, self._taken()):
                await self._pass_on(packet)

    def _taken(self) -> bytes:
        taken = bytes(self._unsent)
        self._unsent.clear()
        self._news.clear()
        return taken

    def _banded(self, band: bytes, content: bytes) -> Iterator[bytes]:
        longest = next(size for name, size in _LONGEST_PACKET.items() if name in self._commands.capabilities)
        for start in range(0, len(content), longest):
            yield _packet(band + content[start : start + longest], end=b"")

    async def _pass_on(self, packet: bytes) -> None:
        if not self.has_begun:
            self.has_begun = True
            await begin_answer(self._send, 200, (RESULT, *NO_CACHE))
        await self._receiver.send_chunk(packet)


def shown_lines(lines: Sequence[str]) -> bytes:
    """Lines for a person, each one line whatever it holds."""
    return b"".join(_encoded(line) + b"\n" for line in lines)


def _line_of(name: RefName, refused: Mapping[RefName, str]) -> str:
    reason = refused.get(name)
    return f"ok {name}" if reason is None else f"ng {name} {reason}"


def _encoded(line: str) -> bytes:
    """A reason may repeat what somebody else wrote."""
    return line.replace("\n", " ").encode("utf-8", "surrogateescape")


def _packet(content: bytes, *, end: bytes = b"\n") -> bytes:
    return b"%04x%b%b" % (len(content) + 4 + len(end), content, end)

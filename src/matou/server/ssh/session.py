"""One session of a connection: what the client asks for, and its bytes, both ways at the slower side's pace.

`data_received` and the like are asyncssh's names, which it calls in the event loop.
"""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncssh
from asyncssh.channel import SSHServerChannel

from matou.server.streaming import CHUNK_BYTES, ClientLeft

if TYPE_CHECKING:
    from asyncssh.packet import SSHPacket

WINDOW_BYTES: Final = 1024 * 1024
"""What a client may send ahead while nobody takes it."""

UNREAD_BYTES: Final = 2 * CHUNK_BYTES
COMMAND_WITHIN: Final = timedelta(seconds=30)
MOST_VARIABLES: Final = 64

_GIT_PROTOCOL: Final = re.compile(rb"[0-9a-z=:.-]{1,64}")

Serve = Callable[["GitSession"], Coroutine[Any, Any, int]]


class GitSessionTransport(SSHServerChannel[bytes]):
    """A channel that keeps one variable of all that a client sends."""

    _variables = 0

    def _process_env_request(self, packet: "SSHPacket") -> bool:
        """asyncssh keeps whatever is sent, and as much of it as is sent."""
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        self._variables += 1
        if self._variables > MOST_VARIABLES:
            raise asyncssh.ProtocolError("Too many environment variables")
        if name != b"GIT_PROTOCOL" or _GIT_PROTOCOL.fullmatch(value) is None:
            return False
        self._env[name] = value
        return True


class GitSession(asyncssh.SSHServerSession[bytes]):
    """What one channel is for, once the client has said it.

    Args:
        serve: does what is asked for, and gives the exit status; cancelled when the server ends.
        writable: waits until the connection itself takes more: a client may give a channel a window of any size.
        ended: told when it is over.

    Attributes:
        command: None for a shell, of which there is none.
        is_open: whether the client was told that it has it; only then is its end told, too.
        lost: set once nobody is there any more.
    """

    def __init__(
        self, serve: Serve, *, writable: Callable[[], Awaitable[None]], ended: Callable[["GitSession"], None]
    ) -> None:
        self._serve = serve
        self._connection_writable = writable
        self._ended = ended
        self._channel: asyncssh.SSHServerChannel[bytes]
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._is_paused = False
        self._news = asyncio.Event()
        self._has_ended_sending = False
        self._is_stopped = False
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.command: str | None = None
        self.is_open = False
        self.lost = asyncio.Event()

    @property
    def protocol(self) -> bytes:
        """What the client says of git's protocol."""
        values: bytes = self._channel.get_environment_bytes().get(b"GIT_PROTOCOL", b"")
        return values

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        self.is_open = True
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(COMMAND_WITHIN.total_seconds(), self._give_up)

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self.command = command
        return True

    def session_started(self) -> None:
        self._forget_deadline()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002
        if self._is_stopped:
            return
        self._unread.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes >= UNREAD_BYTES and not self._is_paused:
            self._is_paused = True
            self._channel.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        """A client that has sent everything waits for its answer."""
        self._has_ended_sending = True
        self._news.set()
        return True

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._forget_deadline()
        self.lost.set()
        self._room.set()
        self._news.set()
        if self._task is None:
            self._ended(self)

    async def read(self) -> bytes:
        """What came, at most CHUNK_BYTES and a packet; none at the end, or once it was stopped.

        Raises:
            ClientLeft: the connection ended first.
        """
        while not self._unread and not self._has_ended_sending and not self._is_stopped and not self.lost.is_set():
            self._news.clear()
            await self._news.wait()
        if not self._unread:
            if self.lost.is_set() and not self._is_stopped:
                raise ClientLeft("the client left before it had sent everything")
            return b""
        taken, size = [], 0
        while self._unread and size < CHUNK_BYTES:
            taken.append(self._unread.popleft())
            size += len(taken[-1])
        self._unread_bytes -= size
        if self._is_paused and self._unread_bytes < UNREAD_BYTES // 2:
            self._is_paused = False
            self._channel.resume_reading()
        return b"".join(taken)

    def stop_reading(self) -> None:
        """Nothing that still comes is wanted: git's own clients say that they have ended, and others wait."""
        self._is_stopped = True
        self._unread.clear()
        self._news.set()
        if self._is_paused:
            self._is_paused = False
            self._channel.resume_reading()

    async def write(self, content: bytes, *, is_error: bool = False) -> None:
        """Wait until the connection took most of it. Raises ClientLeft."""
        await self._writable()
        if is_error:
            self._channel.write_stderr(content)
        else:
            self._channel.write(content)
        await self._writable()

    def cut_off(self) -> None:
        """The server ends."""
        if self._task is not None:
            self._task.cancel()

    async def _writable(self) -> None:
        await self._room.wait()
        if not self.lost.is_set():
            await self._connection_writable()
        if self.lost.is_set():
            raise ClientLeft("the client left before it had received everything")

    async def _run(self) -> None:
        try:
            status = await self._serve(self)
            if not self.lost.is_set():
                self.stop_reading()
                self._channel.exit(status)
        except asyncio.CancelledError:
            self._channel.abort()
        finally:
            self._ended(self)

    def _give_up(self) -> None:
        self._channel.abort()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

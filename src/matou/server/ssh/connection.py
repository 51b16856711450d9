"""One SSH connection: let in by a public key alone, held to a pace, and refused all that is no session for git.

asyncssh does the protocol. What stands here is what a server that strangers reach needs besides: it follows the
transport's own back-pressure, goes through what came in pieces, so that others' requests go on in between, counts what
costs work, and lets a signature be none of SHA-1's. The overridden methods' names are asyncssh's.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import asyncssh
import structlog
from asyncssh.constants import MSG_CHANNEL_OPEN, MSG_DEBUG, MSG_GLOBAL_REQUEST, MSG_KEXINIT, MSG_UNIMPLEMENTED

from matou.credentials.ssh_public_keys import fingerprint_of
from matou.errors import TryLater
from matou.forge.accounts.audit import Interface
from matou.forge.accounts.log_ins import LogInKind, note_log_in, note_refusal
from matou.forge.accounts.ssh_keys import identity_of_key, note_failed_keys, note_use_of_key, refuse_unknown_key
from matou.server.authentication import KeyCredential
from matou.server.origin import caller_of
from matou.server.ssh.gate import ConnectionGate
from matou.server.ssh.packet_budget import PacketBudget
from matou.server.ssh.session import WINDOW_BYTES, GitSession, GitSessionTransport, Serve
from matou.server.state import ServerState

if TYPE_CHECKING:
    from asyncssh.packet import SSHPacket

    from matou.forge.access import Identity

log = structlog.get_logger(__name__)

PIECE_BYTES: Final = 16 * 1024
"""Of many small packets that is some hundred: a few milliseconds of the event loop."""

STRANGERS_BYTES: Final = 128 * 1024
"""What somebody may send before a key of theirs is known: a key exchange takes 4 KiB, and a key of RSA 2."""

MOST_KEYS_TRIED: Final = 8
IDLE: Final = timedelta(minutes=10)
"""How long a connection is kept without a session, for clients that use one again."""

SIGNATURES: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_BEGINNINGS: Final = tuple(len(name).to_bytes(4, "big") + name.encode() for name in SIGNATURES)
"""Of a signature that is good for anything; asyncssh also takes RSA's with SHA-1, which nobody is told to make."""


class GitSshConnection(asyncssh.SSHServerConnection):
    """Attributes:
    caller: who has come in; None before.
    name: of whose account the key was then, for the log.
    """

    def __init__(
        self,
        options: asyncssh.SSHServerConnectionOptions,
        state: ServerState,
        gate: ConnectionGate,
        begun: Callable[["GitSshConnection"], None],
        ended: Callable[["GitSshConnection"], None],
    ) -> None:
        super().__init__(asyncio.get_running_loop(), options)
        self._state = state
        self._gate = gate
        self._begun = begun
        self._on_end = ended
        self._wire: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._strangers_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._key_exchanges = PacketBudget(at_once=10, a_second=0.2)
        self._requests = PacketBudget(at_once=200, a_second=20)
        self._idle: asyncio.TimerHandle | None = None
        self._sessions: set[GitSession] = set()
        self._tried: dict[str, None] = {}
        self._identities: dict[str, Identity] = {}
        self._counts_for: Hashable = None
        self.address = ""
        self.caller: KeyCredential | None = None
        self.name = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        if not self._gate.enter(self.address):
            log.info("ssh_turned_away", address=self.address)
            self._cancel_login_timer()
            cast("asyncio.Transport", transport).abort()
            return
        self._wire = cast("asyncio.Transport", transport)
        self._begun(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None = None) -> None:
        """asyncssh calls it too, where it ends a connection itself."""
        super().connection_lost(exc)
        self._room.set()
        if self._wire is None:
            return
        self._wire = None
        for session in tuple(self._sessions):
            if not session.is_open:
                self._end_session(session)
        self._forget_idle()
        self._gate.leave(self.address, is_known=self.caller is not None)
        if self.caller is None and self._tried:
            note_failed_keys(self._state.forge, self._tried, address=self.address)
            note_refusal(self._state.forge, "", Interface.SSH, address=self.address)
        self._on_end(self)

    def data_received(self, data: bytes, datatype: asyncssh.DataType = None) -> None:  # noqa: ARG002
        if self._wire is None:
            return
        is_under_way = bool(self._waiting)
        self._waiting += data
        if not is_under_way:
            self._go_through()

    def pause_writing(self) -> None:
        """asyncssh minds the windows of channels, which a client may make as large as it likes."""
        self._room.clear()
        self._mind_reading()

    def resume_writing(self) -> None:
        self._room.set()
        self._mind_reading()

    async def writable(self) -> None:
        await self._room.wait()

    def log_received_packet(self, pkttype: int, pktid: int | None, packet: "bytes | SSHPacket", note: str = "") -> None:
        """asyncssh says so of each that is for the connection itself, before anything is made of it."""
        super().log_received_packet(pkttype, pktid, packet, note)
        if pkttype == MSG_KEXINIT:
            self._key_exchanges.take()
        elif pkttype in (MSG_GLOBAL_REQUEST, MSG_CHANNEL_OPEN, MSG_DEBUG, MSG_UNIMPLEMENTED):
            self._requests.take()

    def check_key_permission(self, permission: str) -> bool:  # noqa: ARG002
        """No terminal, no forwarding of ports, agents or X11, whoever asks."""
        return False

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        if msg and not signature.startswith(_BEGINNINGS):
            return False
        is_good = await super().validate_public_key(username, key_data, msg, signature)
        if is_good and msg:
            self.caller = KeyCredential(username, fingerprint_of(key_data))
            identity = self._identities[self.caller.fingerprint]
            self.name = "a deploy key" if identity.user is None else identity.user.name
            self._counts_for = caller_of(identity, self.address)
        return is_good

    async def opens_something(self, username: str, key_data: bytes) -> bool:
        """Whether this key stands for anybody under this name."""
        fingerprint, state = fingerprint_of(key_data), self._state
        identity = await state.run_inline_if_fast(identity_of_key, state.forge, fingerprint, login=username)
        if identity is not None:
            self._identities[fingerprint] = identity
            return True
        self._tried[fingerprint] = None
        try:
            refuse_unknown_key(state.forge, tried=len(self._tried), address=self.address)
        except TryLater as error:
            raise asyncssh.DisconnectError(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, str(error)) from None
        if len(self._tried) >= MOST_KEYS_TRIED:
            raise asyncssh.DisconnectError(
                asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many keys; offer one with: IdentitiesOnly yes"
            )
        return False

    @property
    def local_address(self) -> str:
        """The address of this machine that the client has reached."""
        name = self.get_extra_info("sockname")
        return name[0] if name else ""

    def came_in(self) -> None:
        if self.caller is None:
            return
        self._gate.known(self.address)
        note_use_of_key(self._state.forge, self.caller.fingerprint)
        self._note_log_in(self.caller.fingerprint)
        log.info("ssh_came_in", user=self.name, key=self.caller.fingerprint, address=self.address)
        self._mind_idleness()

    def _note_log_in(self, fingerprint: str) -> None:
        user, forge = self._identities[fingerprint].user, self._state.forge
        account = "" if user is None else user.name
        note_log_in(forge, account, LogInKind.KEY, Interface.SSH, address=self.address, key=fingerprint)

    def begin_session(self, serve: Serve) -> tuple[GitSessionTransport, GitSession] | None:
        """None where there are too many."""
        if not self._gate.begin_session(self, self._counts_for):
            return None
        self._forget_idle()
        session = GitSession(serve, writable=self.writable, ended=self._end_session)
        self._sessions.add(session)
        channel = GitSessionTransport(
            self,
            asyncio.get_running_loop(),
            allow_pty=False,
            line_editor=False,
            line_echo=False,
            line_history=0,
            max_line_length=0,
            encoding=None,
            errors="strict",
            window=WINDOW_BYTES,
            max_pktsize=32 * 1024,
        )
        return channel, session

    def _end_session(self, session: GitSession) -> None:
        """Once each: asyncssh says nothing to one that was asked for behind the end of its connection."""
        if session in self._sessions:
            self._sessions.discard(session)
            self._gate.end_session(self, self._counts_for)
            self._mind_idleness()

    def _go_through(self) -> None:
        """A piece of what came, and the rest when others have had their turn."""
        piece = bytes(self._waiting[:PIECE_BYTES])
        del self._waiting[:PIECE_BYTES]
        if self.caller is None:
            self._strangers_bytes += len(piece)
        if self._strangers_bytes > STRANGERS_BYTES and self.caller is None:
            self.connection_lost(asyncssh.ProtocolError("Too much was sent before a key was shown"))
            return
        super().data_received(piece)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._go_on)
        self._mind_reading()

    def _go_on(self) -> None:
        if self._wire is not None and self._waiting:
            self._go_through()

    def _mind_reading(self) -> None:
        if self._wire is None or self._wire.is_closing():
            return
        if self._waiting or not self._room.is_set():
            self._wire.pause_reading()
        else:
            self._wire.resume_reading()

    def _mind_idleness(self) -> None:
        self._forget_idle()
        if self._wire is not None and not self._gate.sessions_of(self):
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(IDLE.total_seconds(), self.close)

    def _forget_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None


class GitSshOwner(asyncssh.SSHServer):
    """What asyncssh asks about one connection: everything that is not answered here is refused."""

    def __init__(self, serve: Callable[[GitSshConnection, GitSession], Coroutine[Any, Any, int]]) -> None:
        self._serve = serve
        self._connection: GitSshConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = cast("GitSshConnection", conn)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return await self._connection.opens_something(username, key.public_data)

    def auth_completed(self) -> None:
        self._connection.came_in()

    def session_requested(self) -> tuple[GitSessionTransport, GitSession] | bool:
        connection = self._connection
        return connection.begin_session(lambda session: self._serve(connection, session)) or False

"""The SSH server as a whole: its socket, its options, its sessions, and its end."""

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import asyncssh
import structlog
from asyncssh.kex import get_kex_algs

from matou.git.process.run import GitFailed
from matou.server.errors import answer_for
from matou.server.origin import host_in_url
from matou.server.ssh.commands import SshService, read_command
from matou.server.ssh.connection import SIGNATURES, GitSshConnection, GitSshOwner
from matou.server.ssh.gate import ConnectionGate
from matou.server.ssh.git import serve_fetch, serve_push, ssh_request
from matou.server.ssh.host_key import HostKey
from matou.server.ssh.lfs import send_lfs_address
from matou.server.ssh.session import GitSession
from matou.server.state import ServerState
from matou.server.streaming import ClientLeft

log = structlog.get_logger(__name__)

LOGIN_WITHIN: Final = timedelta(seconds=20)
KEEP_ALIVE_EVERY: Final = timedelta(seconds=30)
UNANSWERED: Final = 4

KEY_EXCHANGES: Final = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
)
CIPHERS: Final = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
MACS: Final = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")

REFUSED, BROKEN_OFF = 1, 128


def options_of(key: HostKey, owner: Callable[[], asyncssh.SSHServer]) -> asyncssh.SSHServerConnectionOptions:
    """Each thing that asyncssh could do is said no to, beside what the connection itself refuses."""
    known = {name.decode() for name in get_kex_algs()}
    return asyncssh.SSHServerConnectionOptions(
        server_factory=owner,
        config=[],
        server_version="Matou",
        server_host_keys=[asyncssh.import_private_key(key.private.reveal())],
        kex_algs=[name for name in KEY_EXCHANGES if name in known],
        encryption_algs=list(CIPHERS),
        mac_algs=list(MACS),
        compression_algs=["none"],
        signature_algs=list(SIGNATURES),
        public_key_auth=True,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        sftp_factory=None,
        line_editor=False,
        encoding=None,
        tcp_keepalive=True,
        login_timeout=LOGIN_WITHIN.total_seconds(),
        keepalive_interval=KEEP_ALIVE_EVERY.total_seconds(),
        keepalive_count_max=UNANSWERED,
    )


class SshServer:
    """One listening socket in the event loop of the HTTP server, whose turns and limits it shares.

    Args:
        state: what is served.
        key: by which clients know it.
        http_url: what links begin with where nothing else is configured.
    """

    def __init__(self, state: ServerState, key: HostKey, http_url: str) -> None:
        self._state = state
        self._http_url = http_url
        self._gate = ConnectionGate(state.shared.ssh_connections)
        self._options = options_of(key, lambda: GitSshOwner(self._serve))
        self._connections: set[GitSshConnection] = set()
        self._sessions: set[GitSession] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._listener: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        self._listener = await asyncio.get_running_loop().create_server(self._connection, sock=listener, backlog=128)

    def stop(self) -> None:
        """Let nobody else in; sessions under way may finish."""
        if self._listener is not None:
            self._listener.close()
        if not self._sessions:
            self._hang_up()

    def cut_off(self) -> None:
        for session in tuple(self._sessions):
            session.cut_off()

    async def finished(self) -> None:
        """Wait until no session is left, and hang up."""
        await self._none_left.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        for connection in tuple(self._connections):
            connection.close()

    def _connection(self) -> GitSshConnection:
        return GitSshConnection(
            self._options, self._state, self._gate, self._connections.add, self._connections.discard
        )

    async def _serve(self, connection: GitSshConnection, session: GitSession) -> int:
        self._sessions.add(session)
        self._none_left.clear()
        try:
            with self._state.ssh_sessions.counted(), self._state.children.in_force():
                return await self._answer(connection, session)
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._none_left.set()

    async def _answer(self, connection: GitSshConnection, session: GitSession) -> int:
        """The exit status. What went wrong is said on standard error, where git shows it."""
        try:
            return await self._do(connection, session)
        except ClientLeft:
            return BROKEN_OFF
        except GitFailed as failure:
            log.info("ssh_git_ended", status=failure.status)
            return BROKEN_OFF
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the kinds is logged as our fault
            return await _say(session, answer_for(error).text)

    async def _do(self, connection: GitSshConnection, session: GitSession) -> int:
        key = connection.caller
        if key is None or session.command is None:
            return await _say(session, "you are known here; there is no shell, and git is spoken to by: git clone")
        command = read_command(session.command)
        request = ssh_request(self._state, session, key, connection.address, command)
        log.info("ssh_session", service=command.service.value, repository=str(command.target.repository),
                 user=connection.name, key=key.fingerprint, address=connection.address)  # fmt: skip
        if command.lfs_operation is not None:
            await send_lfs_address(request, command.lfs_operation, self._links_begin_with(connection))
        elif command.service is SshService.UPLOAD_PACK:
            await serve_fetch(request)
        else:
            await serve_push(request)
        return 0

    def _links_begin_with(self, connection: GitSshConnection) -> str:
        """As configured; or else the address that the client has reached by SSH, at the other port."""
        if self._state.base_url is not None:
            return self._state.base_url
        return host_in_url(self._http_url, connection.local_address)


async def _say(session: GitSession, text: str) -> int:
    await session.write(f"matou: {text}\n".encode(), is_error=True)
    return REFUSED

"""What strangers and people with a key may try by SSH: all but git is refused, and others are served all along."""

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import pytest
from asyncssh.constants import MSG_CHANNEL_OPEN, MSG_DISCONNECT, MSG_GLOBAL_REQUEST, MSG_IGNORE
from asyncssh.packet import Boolean, String, UInt32

from matou.db.repositories import Repository
from matou.server.ssh.gate import SESSIONS, SESSIONS_OF_ONE
from support.deciding import add_ssh_key
from support.git_repositories import make_repository
from support.matou_server import MatouServer, memory_bytes, running_server
from support.ssh_attacker import connected, first_packets
from support.ssh_keys import SshKeyPair, new_ssh_key
from support.ssh_people import NEEDS_SSH, stranger, with_account


@pytest.fixture
def pair(ssh_server: MatouServer) -> SshKeyPair:
    """Of somebody who has an account and nothing else."""
    made = new_ssh_key()
    add_ssh_key(ssh_server.forge, ssh_server.user(), made.public)
    return made


def attempt(
    server: MatouServer, pair: SshKeyPair, act: Callable[[asyncssh.SSHClientConnection], Awaitable[Any]]
) -> Any:
    async def run() -> Any:
        async with asyncio.timeout(60), connected(server, pair) as connection:
            return await act(connection)

    return asyncio.run(run())


def is_serving(server: MatouServer) -> bool:
    return httpx.get(f"{server.url}/-/health", timeout=20).status_code == 200


COMMANDS = [
    "id",
    "sh -c id",
    "scp -f /etc/passwd",
    "sftp-server",
    "git-upload-archive '/team/x.git'",
    "git-lfs-transfer team/x.git download",
    "git-upload-pack '/../../../etc'",
    "git-upload-pack '/team/x.git' --upload-pack='touch /tmp/x'",
    "git-upload-pack '--upload-pack=touch /tmp/x'",
    "git-upload-pack '/team/x\n.git'",
    "git-receive-pack '/team/x\0.git'",
    "git-upload-pack '" + "a/" * 20_000 + "b'",
    "env",
    "/bin/sh",
]


def test_nothing_but_gits_commands_is_done(ssh_server: MatouServer, pair: SshKeyPair) -> None:
    async def act(connection: asyncssh.SSHClientConnection) -> list[tuple[int | None, str]]:
        ended = [await connection.run(command, encoding="utf-8") for command in COMMANDS]
        return [(one.exit_status, str(one.stdout)) for one in ended]

    assert attempt(ssh_server, pair, act) == [(1, "")] * len(COMMANDS)


async def refused(kind: type[BaseException] | tuple[type[BaseException], ...], asked: Awaitable[Any]) -> bool:
    try:
        answer = await asked
    except kind:
        return True
    return answer is None or answer is False


def test_nothing_is_forwarded_and_there_is_no_terminal_no_file_and_no_subsystem(
    ssh_server: MatouServer, pair: SshKeyPair
) -> None:
    failed = (asyncssh.Error, OSError, asyncssh.ChannelListenError, asyncssh.ChannelOpenError)

    async def act(connection: asyncssh.SSHClientConnection) -> dict[str, bool]:
        return {
            "terminal": await refused(failed, connection.create_process(term_type="xterm")),
            "sftp": await refused(failed, connection.start_sftp_client()),
            "subsystem": await refused(failed, connection.create_process(subsystem="netconf")),
            "tcp": await refused(failed, connection.open_connection("127.0.0.1", 22)),
            "unix": await refused(failed, connection.open_unix_connection("/run/docker.sock")),
            "tcp listener": await refused(failed, connection.create_server(lambda *_: None, "", 0)),
            "unix listener": await refused(failed, connection.create_unix_server(lambda: None, "/tmp/x.sock")),
            "tunnel": await refused(failed, connection.open_tun()),
        }

    assert attempt(ssh_server, pair, act) == dict.fromkeys(
        ("terminal", "sftp", "subsystem", "tcp", "unix", "tcp listener", "unix listener", "tunnel"), True
    )


@NEEDS_SSH
def test_an_agent_and_a_display_are_not_forwarded(ssh_server: MatouServer, tmp_path: Path) -> None:
    person = with_account(ssh_server, ssh_server.user(), tmp_path)

    for option in ("-A", "-X"):
        ended = person.ssh("id", options=(option,))
        assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"PTY allocation request failed" in person.ssh("id", options=("-tt",)).stderr


def test_of_the_environment_one_variable_counts(ssh_server: MatouServer, pair: SshKeyPair) -> None:
    many = {f"V{number}": "x" for number in range(100)}

    async def act(connection: asyncssh.SSHClientConnection) -> Any:
        hooked = await connection.run("id", env={"LD_PRELOAD": "/tmp/x.so", "GIT_PROTOCOL": "version=2;id"})
        return hooked.exit_status, await refused(asyncssh.Error, connection.run("id", env=many))

    assert attempt(ssh_server, pair, act) == (1, True)


def test_only_public_keys_let_in(ssh_server: MatouServer) -> None:
    methods = asyncio.run(
        asyncssh.get_server_auth_methods("127.0.0.1", ssh_server.ssh_port, username="git", config=None)
    )

    assert list(methods) == ["publickey"]


@NEEDS_SSH
@pytest.mark.parametrize(
    "option",
    [
        "Ciphers=chacha20-poly1305@openssh.com,aes128-cbc,3des-cbc",
        "KexAlgorithms=diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
        "MACs=hmac-sha1,hmac-md5",
        "HostKeyAlgorithms=ssh-rsa",
    ],
)
def test_old_algorithms_are_not_spoken(ssh_server: MatouServer, tmp_path: Path, option: str) -> None:
    more = ("-oCiphers=aes128-ctr",) if option.startswith("MACs") else ()

    ended = stranger(ssh_server, tmp_path).ssh(options=(f"-o{option}", *more))

    assert ended.returncode == 255
    assert b"no matching" in ended.stderr


@NEEDS_SSH
def test_strict_key_exchange_is_spoken_and_compression_is_not(ssh_server: MatouServer, tmp_path: Path) -> None:
    ended = stranger(ssh_server, tmp_path).ssh(options=("-vvv", "-oLogLevel=DEBUG3", "-oCompression=yes"))

    assert b"kex-strict-s-v00@openssh.com" in ended.stderr
    assert b"compression: none" in ended.stderr
    assert b"zlib" not in ended.stderr.split(b"peer server KEXINIT proposal")[1].split(b"debug2: languages")[0]


@NEEDS_SSH
def test_a_signature_with_sha1_opens_nothing(ssh_server: MatouServer, tmp_path: Path) -> None:
    person = with_account(ssh_server, ssh_server.user(), tmp_path, new_ssh_key("rsa"))

    assert person.ssh().returncode == 1
    assert person.ssh(options=("-oPubkeyAcceptedAlgorithms=ssh-rsa",)).returncode == 255


@NEEDS_SSH
def test_a_certificate_of_a_known_key_opens_nothing(ssh_server: MatouServer, tmp_path: Path) -> None:
    person = with_account(ssh_server, ssh_server.user(), tmp_path)
    subprocess.run(
        ["ssh-keygen", "-q", "-s", person.key, "-I", "x", "-n", "git", f"{person.key}.pub"],
        check=True, capture_output=True,
    )  # fmt: skip

    ended = person.ssh(options=("-oPubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com",))

    assert ended.returncode == 255


@pytest.mark.parametrize(
    "content",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"SSH-1.5-old\r\n",
        b"x" * 100_000,
        b"SSH-2.0-x\r\n" + b"\xff" * 64,
        b"SSH-2.0-x\r\n" + (0x7FFF_FFFF).to_bytes(4, "big") + os.urandom(1000),
        b"SSH-2.0-x\r\n" + (35_000).to_bytes(4, "big") + os.urandom(300_000),
        b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x0a\x02\0\0\0\0" + b"\0" * 6,
    ],
    ids=["http", "version 1", "no line", "no length", "giant", "long", "ignore"],
)
def test_what_is_no_ssh_is_hung_up_on(ssh_server: MatouServer, content: bytes) -> None:
    said = asyncio.run(first_packets(ssh_server, content, patience=40))

    assert said.startswith(b"SSH-2.0-Matou") or not said
    assert is_serving(ssh_server)


def test_thousands_of_channels_and_requests_end_the_connection(ssh_server: MatouServer, pair: SshKeyPair) -> None:
    async def flood(connection: asyncssh.SSHClientConnection) -> bool:
        for _ in range(5000):
            connection.send_packet(MSG_GLOBAL_REQUEST, String("no-such@x"), Boolean(value=True))
        async with asyncio.timeout(30):
            await connection.wait_closed()
        return True

    async def open_many(connection: asyncssh.SSHClientConnection) -> bool:
        opening = [asyncio.ensure_future(connection.create_process(encoding=None)) for _ in range(1000)]
        async with asyncio.timeout(30):
            await asyncio.gather(*opening, return_exceptions=True)
            await connection.wait_closed()
        return True

    assert attempt(ssh_server, pair, flood)
    assert attempt(ssh_server, pair, open_many)
    assert is_serving(ssh_server)


def test_a_flood_of_key_exchanges_ends_the_connection(ssh_server: MatouServer, pair: SshKeyPair) -> None:
    """Each follows a packet that means nothing, of which there may be any number."""

    async def run() -> bool:
        async with asyncio.timeout(60), connected(ssh_server, pair, rekey_bytes=100) as connection:
            while not connection.is_closed():
                connection.send_packet(MSG_IGNORE, String(b"nothing"))
                await asyncio.sleep(0.01)
            return connection.is_closed()

    assert asyncio.run(run())
    assert is_serving(ssh_server)


@pytest.fixture
def fetched(ssh_server: MatouServer, tmp_path: Path) -> Repository:
    work = make_repository(tmp_path / "work.git", commits=2)
    repository = ssh_server.repository()
    url = ssh_server.clone_url(repository, ssh_server.credential())
    subprocess.run(["git", "--git-dir", work, "push", "--quiet", url, "main"], check=True, capture_output=True)
    return repository


@pytest.fixture
def member(ssh_server: MatouServer) -> SshKeyPair:
    made = new_ssh_key()
    add_ssh_key(ssh_server.forge, ssh_server.owner, made.public)
    return made


async def said_to(
    connection: asyncssh.SSHClientConnection, command: str, content: bytes, *, protocol: str = "", ends: bool = True
) -> tuple[int | None, bytes, bytes]:
    """What a command answers to these bytes."""
    process = await connection.create_process(
        command, encoding=None, env={"GIT_PROTOCOL": protocol} if protocol else {}
    )
    process.stdin.write(content)
    if ends:
        process.stdin.write_eof()
    out, err = await process.communicate()
    return process.exit_status, bytes(out or b""), bytes(err or b"")


def test_a_connection_has_ten_sessions_at_once(
    ssh_server: MatouServer, fetched: Repository, member: SshKeyPair
) -> None:
    async def act(connection: asyncssh.SSHClientConnection) -> list[bool]:
        command = f"git-receive-pack '{fetched.path}.git'"
        return [await refused(asyncssh.Error, connection.create_process(command, encoding=None)) for _ in range(12)]

    assert attempt(ssh_server, member, act) == [False] * 10 + [True] * 2


def test_sessions_that_are_hung_up_on_before_they_begin_take_nobodys_place(tmp_path: Path) -> None:
    pair = new_ssh_key()

    async def hang_up(connection: asyncssh.SSHClientConnection) -> None:
        """All in one write, so that the server has read the end before it has opened any of them."""
        wire = connection._transport
        assert wire is not None
        packets: list[bytes] = []
        connection._transport = Pretending(packets)  # type: ignore[assignment]  # of a transport, what is needed
        connection.send_packet(MSG_DISCONNECT, UInt32(11), String(""), String(""))
        for number in range(SESSIONS_OF_ONE):
            channel = UInt32(number) + UInt32(1 << 20) + UInt32(1 << 15)
            connection.send_packet(MSG_CHANNEL_OPEN, String("session"), channel)
        connection._transport = wire
        wire.write(b"".join(packets))
        await connection.wait_closed()

    with running_server(tmp_path / "archive", ssh=True) as server:
        add_ssh_key(server.forge, server.owner, pair.public)
        for _ in range(SESSIONS // SESSIONS_OF_ONE + 1):
            attempt(server, pair, hang_up)

        assert attempt(server, pair, lambda connection: connection.run("id")).exit_status == 1


class Pretending:
    """A transport that keeps what is written to it."""

    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept

    def write(self, content: bytes) -> None:
        self._kept.append(bytes(content))

    def writelines(self, contents: list[bytes]) -> None:
        self._kept += map(bytes, contents)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"zzzz", b"pkt-line"),
        (b"fff1" + b"x" * 70_000, b"pkt-line"),
        (b"0004" * 5000, b"without content"),
        (b"0032want " + b"0" * 40 + b"\n", b"end of a git request"),
        (b"", b""),
        (b"0000", b""),
    ],
    ids=["no length", "giant packet", "empty packets", "no flush", "nothing", "a flush"],
)
def test_a_fetch_of_odd_bytes_is_refused(
    ssh_server: MatouServer, fetched: Repository, member: SshKeyPair, content: bytes, why: bytes
) -> None:
    async def act(connection: asyncssh.SSHClientConnection) -> Any:
        return await said_to(connection, f"git-upload-pack '{fetched.path}.git'", content, protocol="version=2")

    status, out, err = attempt(ssh_server, member, act)
    assert out.startswith(b"000eversion 2")
    assert why in err
    assert status == (1 if why else 0)


ZERO, ONE = b"0" * 40, b"1" * 40


def line(text: bytes) -> bytes:
    return b"%04x%b" % (len(text) + 4, text)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (line(ZERO + b" " + ONE + b" refs/heads/x\0report-status"), b"end of a push"),
        (line(ZERO + b" " + ONE + b" refs/heads/../x\0report-status") + b"0000PACK\0\0\0\2\0\0\0\0", b""),
        (line(ZERO + b" " + ONE + b" refs/heads/a\nb\0report-status") + b"0000", b"cannot be used"),
        (b"fff1" + b"x" * 70_000, b"push"),
        (b"zzzz", b"push"),
    ],
    ids=["no flush", "dots", "newline", "giant packet", "no length"],
)
def test_a_push_of_odd_bytes_moves_nothing(
    ssh_server: MatouServer, fetched: Repository, member: SshKeyPair, content: bytes, why: bytes
) -> None:
    before = sorted(ssh_server.git_dir(fetched).rglob("*"))

    async def act(connection: asyncssh.SSHClientConnection) -> Any:
        return await said_to(connection, f"git-receive-pack '{fetched.path}.git'", content)

    status, out, err = attempt(ssh_server, member, act)
    assert why in err
    assert (status == 0) is (why == b"")
    assert why or b"ng refs/heads/../x" in out
    assert sorted(ssh_server.git_dir(fetched).rglob("*")) == before


def test_a_push_whose_pack_never_comes_holds_up_nobody(
    ssh_server: MatouServer, fetched: Repository, member: SshKeyPair, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "other.git", commits=1)
    url = ssh_server.clone_url(fetched, ssh_server.credential())
    asks = line(ZERO + b" " + ONE + b" refs/heads/x\0report-status") + b"0000"

    async def act(connection: asyncssh.SSHClientConnection) -> int:
        process = await connection.create_process(f"git-receive-pack '{fetched.path}.git'", encoding=None)
        process.stdin.write(asks)
        await process.stdout.read(100)
        pushing = await asyncio.create_subprocess_exec(
            "git", "--git-dir", work, "push", "--quiet", url, "main:refs/heads/other", stderr=subprocess.PIPE
        )
        return await pushing.wait()

    assert attempt(ssh_server, member, act) == 0


def test_a_client_that_says_nothing_at_the_end_of_its_pack_is_answered(
    ssh_server: MatouServer, fetched: Repository, member: SshKeyPair, tmp_path: Path
) -> None:
    """As libgit2 does: git itself says that it has ended."""
    work = make_repository(tmp_path / "other.git", commits=3)
    tip = subprocess.run(["git", "-C", work, "rev-parse", "main"], capture_output=True, check=True).stdout.strip()
    pack = subprocess.run(
        ["git", "-C", work, "pack-objects", "--revs", "--stdout", "-q"],
        input=b"main\n",
        capture_output=True,
        check=True,
    ).stdout
    empty = b"PACK\0\0\0\2\0\0\0\0"
    empty += bytes.fromhex("029d08823bd8a8eab510ad6ac75c823cfd3ed31e")

    async def act(connection: asyncssh.SSHClientConnection) -> list[Any]:
        command = f"git-receive-pack '{fetched.path}.git'"
        asks = [
            line(ZERO + b" " + tip + b" refs/heads/" + name + b"\0report-status") + b"0000" for name in (b"x", b"y")
        ]
        first = await said_to(connection, command, asks[0] + pack, ends=False)
        return [first, await said_to(connection, command, asks[1] + empty, ends=False)]

    (first, first_out, _), (second, second_out, _) = attempt(ssh_server, member, act)
    assert (first, second) == (0, 0)
    assert b"ok refs/heads/x" in first_out
    assert b"ok refs/heads/y" in second_out


@pytest.mark.soak
def test_who_reads_nothing_costs_a_window_and_not_the_memory(tmp_path: Path) -> None:
    with running_server(tmp_path / "archive", ssh=True) as server:
        work, member = tmp_path / "work", new_ssh_key()
        add_ssh_key(server.forge, server.owner, member.public)
        repository = server.repository()
        subprocess.run(["git", "init", "--quiet", "-b", "main", work], check=True)
        (work / "large").write_bytes(os.urandom(40_000_000))
        for words in (["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "x"]):
            subprocess.run(["git", "-C", work, "-c", "core.compression=0", *words], check=True)
        subprocess.run(["git", "-C", work, "push", "--quiet", server.git_dir(repository), "main"], check=True)
        tip = subprocess.run(["git", "-C", work, "rev-parse", "main"], capture_output=True, check=True).stdout
        before = memory_bytes(server.process.pid)

        async def hold(connection: asyncssh.SSHClientConnection) -> int:
            command = f"git-upload-pack '{repository.path}.git'"
            process = await connection.create_process(command, encoding=None, window=0x7FFF_FFFF)
            await process.stdout.read(4)
            process.stdin.write(
                line(b"want " + tip.strip() + b" side-band-64k ofs-delta\n") + b"0000" + line(b"done\n")
            )
            stop_reading(connection)
            # What git has to say is 40 MB: nothing tells when the server would have taken all of it.
            most = 0
            for _ in range(20):
                await asyncio.sleep(0.1)
                most = max(most, memory_bytes(server.process.pid))
            return most - before

        assert attempt(server, member, hold) < 20_000_000


def stop_reading(connection: asyncssh.SSHClientConnection) -> None:
    transport = connection._transport
    assert transport is not None
    transport.pause_reading()


def test_strangers_at_the_door_are_few_and_others_come_in_when_they_have_gone(tmp_path: Path) -> None:
    with running_server(tmp_path / "archive", ssh=True) as server:
        pair = new_ssh_key()
        add_ssh_key(server.forge, server.owner, pair.public)

        async def crowd() -> int:
            writers = [await asyncio.open_connection("127.0.0.1", server.ssh_port) for _ in range(60)]
            said = [await asyncio.wait_for(_first(reader), 20) for reader, _ in writers]
            for _, writer in writers:
                writer.close()
            return sum(map(bool, said))

        assert asyncio.run(crowd()) == 20
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                ended = attempt(server, pair, lambda connection: connection.run("id"))
                break
            except (OSError, asyncssh.Error):
                continue
        assert ended.exit_status == 1


async def _first(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(8)
    except ConnectionError:
        return b""

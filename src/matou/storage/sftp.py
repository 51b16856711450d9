"""Bytes under a key on a machine that is reached by SFTP; the keys are those of `storage.trees`.

asyncssh speaks the protocol, in a thread of its own, since it is asynchronous and all of storage is not.
"""

import asyncio
import io
import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

from matou.errors import Conflict, Invalid, NotFound, Refused, TryLater
from matou.settings import SshSettings
from matou.storage.base import InvalidKey
from matou.storage.chunks import ChunkReader
from matou.storage.files import chunks_of
from matou.storage.trees import key_of_path, path_of_key

if TYPE_CHECKING:
    from types import TracebackType

    from asyncssh import SFTPClient, SFTPName, SSHClientConnection

SCHEME: Final = "sftp"
CONNECT_SECONDS: Final = 30
ALIVE_SECONDS: Final = 15
"""How long the server may be silent before it is asked whether it is there; after four times it is not."""

PIECE_BYTES: Final = 4 * 1024 * 1024
"""What is on its way at once: asyncssh sends it in many requests, and waits for their answers together."""

FOLDERS_AT_ONCE: Final = 32
DEEPEST: Final = 80
LONGEST_MESSAGE: Final = 300
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_STAGING: Final = ".matou-staging"
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?\Z|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\Z")
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}\Z")

Answer = TypeVar("Answer")


class UnusableSftpAddress(Invalid):
    """It does not say where a folder is."""


class SftpRefused(Refused):
    """The server did not take our key, is not the one that is known, or its account may not do this."""


class SftpAway(TryLater):
    """The server does not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """A folder of another machine.

    Attributes:
        host: a name, or a number without brackets.
        path: one without a slash at its beginning is below the user's home.
        user: empty for whoever runs this.
    """

    host: str
    path: str
    user: str = ""
    port: int = 22

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port != 22 else ""
        path = self.path if self.path.startswith("/") else f"/~/{self.path}"
        return f"{SCHEME}://{user}{host}{port}{path}"


def is_sftp_address(text: str) -> bool:
    return text.startswith(f"{SCHEME}://")


def read_sftp_address(text: str) -> SftpAddress:
    """What a person named. Raises UnusableSftpAddress, which shows nothing of it: a password might stand in it."""
    with suppress(ValueError, UnicodeDecodeError):
        parts = urlsplit(text)
        host, user, path = parts.hostname or "", parts.username or "", unquote(parts.path, errors="strict")
        own = path.removeprefix("/~/") if path.startswith("/~/") else path
        is_user = not user or _USER.match(user) is not None
        is_path = own.isprintable() and not {".", ".."} & set(own.split("/")) and bool(own.strip("/"))
        is_plain = parts.password is None and not parts.query and not parts.fragment
        if parts.scheme == SCHEME and _HOST.match(host) and is_user and is_path and is_plain:
            return SftpAddress(host, own.rstrip("/"), user, parts.port or 22)
    raise UnusableSftpAddress(
        "this is no address of a folder that is reached by SFTP",
        advice="It looks like sftp://USER@HOST:PORT/FOLDER, or sftp://HOST/~/FOLDER below the user's home. There is no"
        " password: a key of ssh opens it.",
    )


class SftpStore:
    """A store in a folder of another machine.

    A file gets its name once its last byte is on the disk there, as far as the server can see to that.
    """

    def __init__(self, connection: "SftpConnection", *, root: str, name: str) -> None:
        self._connection = connection
        self._root = root
        self._name = name
        self._folders: set[str] = set()

    def stage(self) -> "StagedTransfer":
        return StagedTransfer(self)

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        path = self._path(key)
        with self._written(key, source) as (staged, size):
            self._run(key, lambda sftp: self._make_folders(sftp, path.rpartition("/")[0]))
            self._run(key, lambda sftp: sftp.posix_rename(staged, path))
        return size

    def put_soon(self, key: str, source: BinaryIO | Iterable[bytes], *, mode: int = 0) -> int:  # noqa: ARG002
        """As `put`. Whatever the mode, nobody but the account there may read it."""
        return self.put(key, source)

    def put_many(self, items: Mapping[str, bytes]) -> None:
        for key in items:
            self._path(key)
        for key, data in items.items():
            self.put(key, [data])

    def create(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._written(key, [data]) as (staged, _size):
            self._run(key, lambda sftp: self._make_folders(sftp, path.rpartition("/")[0]))
            try:
                # Of version 3, which all servers speak: it takes no name that is taken.
                self._run(key, lambda sftp: sftp.rename(staged, path))
            except SftpAway as error:
                if self._run(key, lambda sftp: sftp.lexists(path)):
                    raise Conflict("something stands under the key {key}", key=key) from error
                raise

    def flush(self) -> None:
        """Nothing waits."""

    def make_folder(self, key: str) -> None:
        self._run(key, lambda sftp: self._make_folders(sftp, self._path(key)))

    def remove_folder(self, key: str) -> None:
        path = self._path(key)
        self._folders.discard(path)
        with suppress(NotFound, Refused, TryLater):
            self._run(key, lambda sftp: sftp.rmdir(path))

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        file = self._run(key, lambda sftp: sftp.open(path, "rb"))
        return io.BufferedReader(ChunkReader(self._read(key, file)))

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def size(self, key: str) -> int:
        path = self._path(key)
        found = self._run(key, lambda sftp: sftp.lstat(path))
        if not S_ISREG(found.permissions or 0) or found.size is None:
            raise NotFound("there is nothing under the key {key}", key=key)
        return int(found.size)

    def iterate(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(key for key, _ in self.sizes(prefix)))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Links are passed over, and so is what has a name that no key stands for."""
        below = path_of_key(prefix.rstrip("/")) if prefix else ""
        found = self._run(prefix, lambda sftp: self._listed(sftp, below))
        yield from ((key_of_path(path), size) for path, size in found)

    def delete(self, key: str) -> None:
        path = self._path(key)
        self._run(key, lambda sftp: sftp.remove(path))

    def _path(self, key: str) -> str:
        """Raises InvalidKey."""
        path = path_of_key(key)
        if not key.isascii() or path.startswith(f"{_STAGING}/"):
            raise InvalidKey("{key} cannot be the key of a file", key=repr(key)[:200])
        return f"{self._root}/{path}"

    def _run(self, key: str, task: "Callable[[SFTPClient], Awaitable[Answer]]") -> Answer:
        """Raises NotFound, SftpRefused, SftpAway."""
        with self._translated(key):
            return self._connection.run(task)

    def _wait(self, key: str, task: Awaitable[Answer]) -> Answer:
        """Raises as `_run`."""
        with self._translated(key):
            return self._connection.wait(task)

    @contextmanager
    def _written(self, key: str, source: BinaryIO | Iterable[bytes]) -> Iterator[tuple[str, int]]:
        """A file without a key, which is gone at the end unless it was given one."""
        folder = f"{self._root}/{_STAGING}"
        staged = f"{folder}/{secrets.token_hex(12)}"
        self._run(key, lambda sftp: self._make_folders(sftp, folder))
        try:
            yield staged, self._write(key, staged, source)
        finally:
            with suppress(NotFound, Refused, TryLater):
                self._run(key, lambda sftp: sftp.remove(staged))

    def _write(self, key: str, path: str, source: BinaryIO | Iterable[bytes]) -> int:
        from asyncssh import SFTPAttrs

        attributes = SFTPAttrs(permissions=_PRIVATE_FILE)
        file = self._run(key, lambda sftp: sftp.open(path, "xb", attributes))
        size = 0
        try:
            for piece in _pieces(chunks_of(source)):
                self._wait(key, file.write(piece))
                size += len(piece)
            self._wait(key, _synced(file))
        finally:
            with suppress(NotFound, Refused, TryLater):
                self._wait(key, file.close())
        return size

    def _read(self, key: str, file: Any) -> Iterator[bytes]:
        try:
            while piece := self._wait(key, file.read(PIECE_BYTES)):
                yield piece
        finally:
            with suppress(NotFound, Refused, TryLater):
                self._wait(key, file.close())

    async def _make_folders(self, sftp: "SFTPClient", folder: str) -> None:
        """From the store's own folder on; what leads to that one, too."""
        from asyncssh import SFTPAttrs, SFTPError

        if folder in self._folders or folder in ("", "/"):
            return
        if not await sftp.isdir(folder):
            await self._make_folders(sftp, folder.rpartition("/")[0])
            try:
                await sftp.mkdir(folder, SFTPAttrs(permissions=_PRIVATE_FOLDER))
            except SFTPError:
                if not await sftp.isdir(folder):  # somebody else may have made it meanwhile
                    raise
        self._folders.add(folder)

    async def _listed(self, sftp: "SFTPClient", below: str) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        turns = asyncio.Semaphore(FOLDERS_AT_ONCE)

        async def look(folder: str, depth: int) -> None:
            async with turns:
                entries = await self._entries(sftp, folder)
            folders = []
            for name, entry in entries:
                mode = entry.attrs.permissions or 0
                if S_ISREG(mode) and entry.attrs.size is not None:
                    found.append((f"{folder}{name}", int(entry.attrs.size)))
                elif S_ISDIR(mode) and depth < DEEPEST:
                    folders.append(look(f"{folder}{name}/", depth + 1))
            await asyncio.gather(*folders)

        await look(f"{below}/" if below else "", 0)
        return found

    async def _entries(self, sftp: "SFTPClient", folder: str) -> "list[tuple[str, SFTPName]]":
        """Those whose names are names. A folder that is not there has none."""
        from asyncssh import SFTPNoSuchFile

        try:
            entries = [entry async for entry in sftp.scandir(f"{self._root}/{folder}".rstrip("/"))]
        except SFTPNoSuchFile:
            return []
        named = ((str(entry.filename), entry) for entry in entries)
        return [(name, entry) for name, entry in named if _is_name(name) and (folder or name != _STAGING)]

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        import asyncssh

        try:
            yield
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise NotFound("there is nothing under the key {key}", key=key) from error
        except asyncssh.SFTPPermissionDenied as error:
            raise SftpRefused(
                "{name} may not be written or read by its account",
                name=self._name,
                advice="See whose folder it is there, and that this account may write to it.",
            ) from error
        except (asyncssh.Error, OSError) as error:
            raise SftpAway("{name} does not do it: {reason}", name=self._name, reason=_reason(error)) from error


class StagedTransfer:
    """Bytes that wait for their key on this machine."""

    def __init__(self, store: SftpStore) -> None:
        import tempfile

        self._store = store
        self._file = tempfile.SpooledTemporaryFile(PIECE_BYTES)  # noqa: SIM115 - closed as this is

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)

    def publish(self, key: str, /) -> None:
        self._file.seek(0)
        self._store.put(key, chunks_of(self._file))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._file.close()


class SftpConnection:
    """One connection, made when it is first needed and used by any number of threads; to be closed.

    Args:
        settings: which keys, whose agent and which known hosts; nothing else of the person's ssh is read.
    """

    def __init__(self, address: SftpAddress, settings: SshSettings) -> None:
        self._address = address
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp", daemon=True)
        self._thread.start()
        self._opening = threading.Lock()
        self._client: SFTPClient | None = None
        self._connection: SSHClientConnection | None = None

    def run(self, task: "Callable[[SFTPClient], Awaitable[Answer]]") -> Answer:
        """Raises SftpRefused, SftpAway, and asyncssh's errors of SFTP."""
        client = self._opened()
        return self.wait(task(client))

    def wait(self, task: Awaitable[Answer]) -> Answer:
        async def awaited() -> Answer:
            return await task

        return self._result(awaited())

    def _result(self, task: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result()

    def _opened(self) -> "SFTPClient":
        with self._opening:
            if self._client is None:
                self._client = self._result(self._connected())
            return self._client

    async def _connected(self) -> "SFTPClient":
        import asyncssh

        address, settings = self._address, self._settings
        options: dict[str, Any] = {
            "config": [str(settings.config)] if settings.config else None,
            "known_hosts": str(settings.known_hosts) if settings.known_hosts else (),
            "agent_path": settings.agent or None,
            "connect_timeout": CONNECT_SECONDS,
            "login_timeout": CONNECT_SECONDS,
            "keepalive_interval": ALIVE_SECONDS,
            "keepalive_count_max": 4,
            "password_auth": False,
            "kbdint_auth": False,
        }
        if settings.key is not None:
            options["client_keys"] = [str(settings.key)]
        if address.user:
            options["username"] = address.user
        try:
            self._connection = await asyncssh.connect(address.host, address.port, **options)
            return await self._connection.start_sftp_client()
        except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
            raise SftpRefused(
                "{name} is not known, or not the one that is: {reason}",
                name=str(address),
                reason=_reason(error),
                advice="Nothing was sent. Compare its key with what its owner says, then put it into"
                " ~/.ssh/known_hosts.",
            ) from error
        except asyncssh.PermissionDenied as error:
            raise SftpRefused(
                "{name} does not take our key",
                name=str(address),
                advice="Give it your public key; one with a passphrase has to be in an agent (ssh-add); MATOU_SSH_KEY"
                " may name another one.",
            ) from error
        except (asyncssh.Error, OSError) as error:
            raise SftpAway("{name} cannot be reached: {reason}", name=str(address), reason=_reason(error)) from error

    def close(self) -> None:
        self._result(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _ended(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            await self._connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def open_sftp(address: SftpAddress, settings: SshSettings) -> tuple[SftpStore, SftpConnection]:
    """Nothing is asked of the server yet. Whoever has the connection closes it."""
    connection = SftpConnection(address, settings)
    return SftpStore(connection, root=address.path, name=str(address)), connection


async def _synced(file: Any) -> None:
    """As far as the server can: OpenSSH's can, by an extension."""
    from asyncssh import SFTPOpUnsupported

    with suppress(SFTPOpUnsupported):
        await file.fsync()


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..") and not {"/", "\0"} & set(name)


def _reason(error: Exception) -> str:
    text = " ".join((str(error) or type(error).__name__).split())
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_MESSAGE]

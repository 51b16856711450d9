"""Long answers that many ask for, kept as files: made once for all who wait, and sent again for as long as they hold.

They lie in a folder of this process, which nobody else reads; what processes that ended have left is removed. Whoever
asks has been let in before: a key says what is answered and not who asked, so that nothing may be kept that not
everybody is shown who may read the repository.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.fs import flocked

MOST_BYTES = 4 * 1024**3
SPARE_BYTES = 1024**3
"""Of the disk, left to what matters more."""

SECONDS_IN_USE = 60.0
"""Whoever was told of a file opens it within this time."""

CHUNK_BYTES = 128 * 1024
_SHORT_CHUNK_BYTES = 16 * 1024
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class ResponseKey:
    """What an answer depends on.

    Attributes:
        repository_id: of which repository it is.
        state: of that repository, as far as the answer depends on it; an answer of another state is not sent again.
            None where it depends on what never changes.
        question: everything else.
    """

    repository_id: int
    state: Hashable
    question: Hashable


@dataclass(slots=True)
class _CachedFile:
    path: Path
    size_bytes: int
    used_at: float


Write = Callable[[bytes], Awaitable[None]]
Make = Callable[[Write], Awaitable[None]]


class Making:
    """An answer that is being made, and read by all who wait for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self.readers = 0
        self.task: asyncio.Task[None] | None = None
        self._file = path.open("xb", buffering=0)
        self._gathered = bytearray()
        self._is_done = False
        self._failure: BaseException | None = None
        self._news = asyncio.Event()

    async def write(self, chunk: bytes) -> None:
        """Short pieces are what somebody reads as it comes; others are gathered."""
        self._gathered += chunk
        if len(self._gathered) >= CHUNK_BYTES or len(chunk) < _SHORT_CHUNK_BYTES:
            await self._flush()

    async def finish(self) -> None:
        await self._flush()
        self._end(None)

    def fail(self, failure: BaseException) -> None:
        self._end(failure)

    def _end(self, failure: BaseException | None) -> None:
        self._file.close()
        self._is_done, self._failure = True, failure
        self._tell()

    async def _flush(self) -> None:
        content = bytes(self._gathered)
        self._gathered.clear()
        await asyncio.to_thread(_write_all, self._file, content)
        self.size_bytes += len(content)
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Everything, as it comes. Raises what its making failed with, once all that came before is given."""
        file, position = self.path.open("rb", buffering=0), 0
        with file:
            while True:
                news, size_bytes, is_done = self._news, self.size_bytes, self._is_done
                while position < size_bytes:
                    chunk = await _read(file.fileno(), position)
                    position += len(chunk)
                    yield chunk
                if is_done:
                    break
                await news.wait()
        if self._failure is not None:
            raise self._failure


class ResponseFiles:
    """Files of answers, bounded by their bytes; the least used goes first. For the event loop.

    Args:
        parent: the folder in which each process has one of its own; made where it is missing.
        most_bytes: of all files together, those that are being made not counted.
    """

    def __init__(self, parent: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._parent = parent
        self._most_bytes = most_bytes
        self._bytes = 0
        self._count = 0
        self._folder: Path | None = None
        self._lock: int | None = None
        self._files: OrderedDict[ResponseKey, _CachedFile] = OrderedDict()
        self._making: dict[ResponseKey, Making] = {}

    def prepare(self) -> None:
        """Make the folder and remove what dead processes left, which may take a while; else the first asker waits."""
        self._own_folder()

    def has_room_for(self, size_bytes: int) -> bool:
        """Whether it can be kept, and the disk has room for it while it is made."""
        try:
            free = shutil.disk_usage(self._own_folder()).free
        except OSError:
            return False
        return size_bytes <= self._most_bytes // 2 and free >= SPARE_BYTES + 2 * size_bytes

    def whole(self, key: ResponseKey) -> tuple[Path, int] | None:
        """The file of an answer that is there, which is there for SECONDS_IN_USE at least, and its size."""
        cached = self._files.get(key)
        if cached is None:
            return None
        if not cached.path.exists():  # people may delete the cache whenever they like
            self._drop(key)
            return None
        cached.used_at = asyncio.get_running_loop().time()
        self._files.move_to_end(key)
        return cached.path, cached.size_bytes

    @asynccontextmanager
    async def reading(self, key: ResponseKey, make: Make) -> AsyncIterator[Making]:
        """An answer while it is made: begun here, or by somebody else before; it ends when nobody reads it any more."""
        making = self._making.get(key) or self._begin(key, make)
        making.readers += 1
        try:
            yield making
        finally:
            making.readers -= 1
            if not making.readers and self._making.get(key) is making:
                del self._making[key]
                if making.task is not None:
                    making.task.cancel()

    async def chunks(self, key: ResponseKey, make: Make) -> AsyncGenerator[bytes, None]:
        """All of an answer, from its file or as it is made."""
        whole = self.whole(key)
        if whole is None:
            async with self.reading(key, make) as making, contextlib.aclosing(making.chunks()) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        position = 0
        with await asyncio.to_thread(whole[0].open, "rb", buffering=0) as file:
            while chunk := await _read(file.fileno(), position):
                position += len(chunk)
                yield chunk

    def _begin(self, key: ResponseKey, make: Make) -> Making:
        self._count += 1
        making = self._making[key] = Making(self._own_folder() / str(self._count))
        making.task = asyncio.ensure_future(self._make(key, making, make))
        return making

    async def _make(self, key: ResponseKey, making: Making, make: Make) -> None:
        try:
            await make(making.write)
            await making.finish()
        except BaseException as error:
            making.fail(error)
            making.path.unlink(missing_ok=True)
            if not isinstance(error, Exception):
                raise
        else:
            self._keep(key, making)
        finally:
            if self._making.get(key) is making:
                del self._making[key]

    def _keep(self, key: ResponseKey, making: Making) -> None:
        self._forget_other_states(key)
        if not self._make_room(making.size_bytes):
            making.path.unlink(missing_ok=True)
            return
        self._files[key] = _CachedFile(making.path, making.size_bytes, asyncio.get_running_loop().time())
        self._bytes += making.size_bytes

    def _forget_other_states(self, key: ResponseKey) -> None:
        for other in tuple(self._files):
            is_older = other.repository_id == key.repository_id and None not in (key.state, other.state)
            if is_older and other.state != key.state and self._is_idle(other):
                self._drop(other)

    def _make_room(self, size_bytes: int) -> bool:
        for key in tuple(self._files):
            if self._bytes + size_bytes <= self._most_bytes:
                break
            if self._is_idle(key):
                self._drop(key)
        return self._bytes + size_bytes <= self._most_bytes

    def _is_idle(self, key: ResponseKey) -> bool:
        return asyncio.get_running_loop().time() - self._files[key].used_at > SECONDS_IN_USE

    def _drop(self, key: ResponseKey) -> None:
        dropped = self._files.pop(key)
        self._bytes -= dropped.size_bytes
        dropped.path.unlink(missing_ok=True)

    def _own_folder(self) -> Path:
        if self._folder is None or not self._folder.exists():
            self._unlock()
            self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Another process that begins now waits: what it has made and not locked yet is no leftover.
            with flocked(self._parent):
                remove_leftovers(self._parent)
                self._folder = Path(tempfile.mkdtemp(prefix="", dir=self._parent))
                self._lock = _open_lock(self._folder)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self._folder

    def close(self) -> None:
        """Remove everything."""
        for making in tuple(self._making.values()):
            if making.task is not None:
                making.task.cancel()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_leftovers(parent: Path) -> None:
    """Of processes that have ended without: nobody holds the lock of their folder any more."""
    for folder in parent.iterdir():
        with contextlib.suppress(OSError), flocked(folder / _LOCK, waits=False, creates=True):
            shutil.rmtree(folder, ignore_errors=True)


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


async def _read(descriptor: int, position: int) -> bytes:
    """In a thread, unless the system has it in memory: the way there and back takes longer than the copy."""
    at_hand = _read_at_hand(descriptor, position)
    if at_hand:
        return at_hand
    return await asyncio.to_thread(os.pread, descriptor, CHUNK_BYTES, position)


def _read_at_hand(descriptor: int, position: int) -> bytes | None:
    """None where it would have to be waited for, or the system does not say."""
    without_waiting: int | None = getattr(os, "RWF_NOWAIT", None)
    if without_waiting is None:
        return None
    buffer = bytearray(CHUNK_BYTES)
    try:
        length = os.preadv(descriptor, [buffer], position, without_waiting)
    except OSError:  # not in memory; or a file system that does not know this
        return None
    return bytes(memoryview(buffer)[:length])


def _write_all(file: "object", content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file.fileno(), rest) :]  # type: ignore[attr-defined]

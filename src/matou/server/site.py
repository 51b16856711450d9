"""What one running server holds besides the forge: threads, turns, and the key that signs its links."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from matou.errors import TryLater
from matou.forge.forge import Forge
from matou.git.whole_pack import WholePack
from matou.model.names import ObjectId
from matou.server.lfs_links import Links
from matou.server.whole_files import WholeFiles

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FORGE_THREADS = 8
TRANSFER_THREADS = 32
"""Each holds one LFS upload, at the client's pace; apart from the others, so that slow uploads stop nothing else."""

MOST_WHOLE_PACKS = 10_000
FETCHES_AT_ONCE = 32
PUSHES_AT_ONCE = 16
LONGEST_TURN = timedelta(seconds=60)


class Busy(TryLater):
    """All turns are taken."""


class WholePacks:
    """Which pack answered a clone that wanted these objects. A pack never changes, and neither does what they reach."""

    def __init__(self, most: int = MOST_WHOLE_PACKS) -> None:
        self._most = most
        self._known: dict[Path, tuple[Collection[ObjectId], WholePack]] = {}

    def get(self, git_dir: Path, wanted: Collection[ObjectId]) -> WholePack | None:
        known_for, pack = self._known.get(git_dir, (None, None))
        return pack if pack is not None and known_for == wanted and pack.path.exists() else None

    def put(self, git_dir: Path, wanted: Collection[ObjectId], pack: WholePack) -> None:
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[git_dir] = (wanted, pack)


class Turns:
    """At most so many at once; who waits too long is told to come back."""

    def __init__(self, at_once: int) -> None:
        self._free = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        async with _waiting_for(self._free):
            yield


class Writers:
    """One push at a time for each repository, by its id."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def only(self, repository_id: int) -> AsyncIterator[None]:
        lock = self._locks.get(repository_id) or self._locks.setdefault(repository_id, asyncio.Lock())
        async with _waiting_for(lock):
            yield


@asynccontextmanager
async def _waiting_for(turn: asyncio.Semaphore | asyncio.Lock) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(LONGEST_TURN.total_seconds()):
            await turn.acquire()
    except TimeoutError:
        raise Busy("the server is busy with others' work on this", wait=LONGEST_TURN) from None
    try:
        yield
    finally:
        turn.release()


@dataclass(frozen=True, slots=True)
class Site:
    """One running server. `base_url` is what people type, without a slash at the end; None: what each request says."""

    forge: Forge
    base_url: str | None
    links: Links
    whole_files: WholeFiles = field(default_factory=WholeFiles)
    whole_packs: WholePacks = field(default_factory=WholePacks)
    fetches: Turns = field(default_factory=lambda: Turns(FETCHES_AT_ONCE))
    pushes: Turns = field(default_factory=lambda: Turns(PUSHES_AT_ONCE))
    writers: Writers = field(default_factory=Writers)
    forge_threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(FORGE_THREADS, "forge"))
    transfer_threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(TRANSFER_THREADS, "transfer")
    )

    async def ask(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Do the forge's work in a thread: it may wait for a disk, a database or a password hash."""
        return await asyncio.get_running_loop().run_in_executor(self.forge_threads, partial(work, *args, **kwargs))

    async def ask_quickly(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """As `ask`, for what takes well under a millisecond on SQLite: there a thread costs more than the work.

        Measured for `ls-refs`: docs/decisions/server.md. A database across a network is asked in a thread.
        """
        if self.has_quick_database:
            return work(*args, **kwargs)
        return await self.ask(work, *args, **kwargs)

    @property
    def has_quick_database(self) -> bool:
        return self.forge.database.engine.dialect.name == "sqlite"

    async def transfer(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self.transfer_threads, partial(work, *args, **kwargs))

    def close(self) -> None:
        self.forge_threads.shutdown(wait=False, cancel_futures=True)
        self.transfer_threads.shutdown(wait=False, cancel_futures=True)


def new_key() -> bytes:
    return secrets.token_bytes(32)

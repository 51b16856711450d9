"""What one running server holds besides the forge: threads and turns."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from matou.concurrency import FairLimit
from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.git.operations.pack_reuse import ReusablePack
from matou.git.process.child_counts import ChildCounts
from matou.model.names import ObjectId
from matou.server.expensive_pages import ExpensivePages
from matou.server.fair_queue import FairQueue, RepositoryLocks
from matou.server.git.ref_responses import RefResponseCache
from matou.server.response_files import ResponseFiles
from matou.server.shared_memory import SharedMemory
from matou.server.ssh.address import SshEndpoint
from matou.server.ssh.session_counts import SshSessionCounts
from matou.server.verified_files import VerifiedFiles

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FORGE_THREADS = 8
TRANSFER_THREADS = 32
"""Each holds one LFS upload, at the client's pace; apart from the others, so that slow uploads stop nothing else."""

MOST_WHOLE_PACKS = 10_000
FETCHES_AT_ONCE = 32
FETCHES_OF_ONE = 12
PUSHES_AT_ONCE = 16
PUSHES_OF_ONE = 4
PUSH_THREADS = PUSHES_AT_ONCE
"""Each judges and moves what one push brought, which may take minutes."""

UPLOADS_AT_ONCE = TRANSFER_THREADS * 3 // 4
"""Of LFS objects: each holds a thread. The others are for what does not wait for a client."""

UPLOADS_OF_ONE = TRANSFER_THREADS // 4

STREAM_THREADS = 32
"""Each waits for the next piece of a body that git makes while it is sent."""

STREAMS_AT_ONCE = 64
STREAMS_OF_ONE = 16
"""Each is a git child, for as long as the client takes to receive it."""

ARCHIVES_AT_ONCE = 16
ARCHIVES_OF_ONE = 4
"""They are apart from other streams, since each takes processor time as well."""


class PackReuseCache:
    """Which pack answered a clone that wanted these objects. A pack never changes, and neither does what they reach."""

    def __init__(self, most: int = MOST_WHOLE_PACKS) -> None:
        self._most = most
        self._known: dict[Path, tuple[Collection[ObjectId], ReusablePack]] = {}

    def get(self, git_dir: Path, ids: Collection[ObjectId]) -> ReusablePack | None:
        known_for, pack = self._known.get(git_dir, (None, None))
        return pack if pack is not None and known_for == ids and pack.path.exists() else None

    def put(self, git_dir: Path, ids: Collection[ObjectId], pack: ReusablePack) -> None:
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[git_dir] = (ids, pack)


@dataclass(frozen=True, slots=True)
class ServerState:
    """One running server. `base_url` is what people type, without a slash at the end; None: what each request says.
    `ssh`: where it is reached by SSH, if it is.
    """

    forge: Forge
    base_url: str | None
    response_files: ResponseFiles
    ssh: SshEndpoint | None = None
    shared: SharedMemory = field(default_factory=SharedMemory)
    children: ChildCounts = field(default_factory=ChildCounts)
    ssh_sessions: SshSessionCounts = field(default_factory=SshSessionCounts)
    whole_files: VerifiedFiles = field(default_factory=VerifiedFiles)
    ref_answers: RefResponseCache = field(default_factory=RefResponseCache)
    whole_packs: PackReuseCache = field(default_factory=PackReuseCache)
    fetches: FairQueue = field(init=False)
    pushes: FairQueue = field(init=False)
    uploads: FairQueue = field(init=False)
    streams: FairLimit = field(init=False)
    archives: FairLimit = field(init=False)
    expensive_pages: ExpensivePages = field(default_factory=ExpensivePages)
    writers: RepositoryLocks = field(default_factory=RepositoryLocks)
    forge_threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(FORGE_THREADS, "forge"))
    transfer_threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(TRANSFER_THREADS, "transfer")
    )
    push_threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(PUSH_THREADS, "push"))
    stream_threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(STREAM_THREADS, "pieces"))

    def __post_init__(self) -> None:
        """Each turn is a process or a thread of this machine, of which it takes no more by having more workers."""
        share = self.shared.share_of
        queues = {
            "fetches": FairQueue(share(FETCHES_AT_ONCE), each=share(FETCHES_OF_ONE)),
            "pushes": FairQueue(share(PUSHES_AT_ONCE), each=share(PUSHES_OF_ONE)),
            "uploads": FairQueue(share(UPLOADS_AT_ONCE), each=share(UPLOADS_OF_ONE)),
            "streams": FairLimit(share(STREAMS_AT_ONCE), each=share(STREAMS_OF_ONE)),
            "archives": FairLimit(share(ARCHIVES_AT_ONCE), each=share(ARCHIVES_OF_ONE)),
        }
        for name, queue in queues.items():
            object.__setattr__(self, name, queue)

    async def git_dir(self, repository: Repository) -> Path:
        """Its folder as new as its row, waited for where it has to come from a bucket."""
        at_hand = self.forge.git_dir_at_hand(repository)
        return at_hand if at_hand is not None else await self.run_in_pool(self.forge.git_dir, repository)

    async def run_in_pool(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Do the forge's work in a thread: it may wait for a disk, a database or a password hash."""
        return await asyncio.get_running_loop().run_in_executor(self.forge_threads, in_context(work, *args, **kwargs))

    async def run_inline_if_fast(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """As `run_in_pool`, for what takes well under a millisecond on SQLite: there a thread costs more than the work.

        Measured for `ls-refs`: docs/decisions/server.md. A database across a network is asked in a thread.
        """
        if self.has_quick_database:
            return work(*args, **kwargs)
        return await self.run_in_pool(work, *args, **kwargs)

    @property
    def has_quick_database(self) -> bool:
        return self.forge.database.engine.dialect.name == "sqlite"

    async def run_transfer(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        return await asyncio.get_running_loop().run_in_executor(
            self.transfer_threads, in_context(work, *args, **kwargs)
        )

    def close(self) -> None:
        self.response_files.close()
        self.forge_threads.shutdown(wait=False, cancel_futures=True)
        self.transfer_threads.shutdown(wait=False, cancel_futures=True)
        self.push_threads.shutdown(wait=False, cancel_futures=True)
        self.stream_threads.shutdown(wait=False, cancel_futures=True)


def in_context(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Callable[[], Result]:
    """For a thread: what it logs is about the request that it works for."""
    return partial(copy_context().run, partial(work, *args, **kwargs))

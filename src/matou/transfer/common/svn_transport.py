"""Subversion repositories as git transports see them: `git svn` runs first, and what it has made is served."""

import hashlib
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from matou.concurrency import Cancelled
from matou.credentials import GitCredential
from matou.git.operations.subversion import require_svn_address, update_from_subversion
from matou.git.process.run import GitChild
from matou.git.process.sandbox import DEFAULT_LIMITS, Limits
from matou.http.addresses import require_public

SVN_PREFIX: Final = "svn::"
"""Before the address of a Subversion repository: such an address may be of https, as one of git is."""

_USUAL_PORT: Final = 3690
_HIDDEN: Final = ("transfer.hideRefs", "refs/remotes")


@dataclass(frozen=True, slots=True)
class PipeResponse:
    """What a child writes."""

    stream: IO[bytes]

    def read(self, size: int = -1, /) -> bytes:
        return self.stream.read1(size)  # type: ignore[attr-defined,no-any-return]  # a BufferedReader, as pipes are


@dataclass
class SvnTransport:
    """A `GitTransport` for one credential. May be used by several threads.

    Each repository is brought up to date once, when it is asked for first.

    Attributes:
        folder: where what `git svn` makes stays, for the next run to go on from; it can be made again.
        named: hosts that a person named; any other must be a public one, as for requests over HTTP.
    """

    folder: Path
    credential: GitCredential | None
    named: Collection[str] = ()
    limits: Limits = DEFAULT_LIMITS
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _current: set[str] = field(default_factory=set)
    _children: set[GitChild] = field(default_factory=set)

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator[PipeResponse]:
        """Errors are those of `update_from_subversion` and of git's own."""
        with self._served(url, service, protocol) as child:
            child.feed(body)
            yield PipeResponse(child.stdout)

    def advertise(self, url: str, service: str) -> bytes:
        with self._served(url, service, 2, "--http-backend-info-refs") as child:
            child.end_input()
            said = child.stdout.read()
            child.finish()
        return said

    def cancel(self) -> None:
        self._cancelled.set()
        with self._lock:
            for child in self._children:
                child.kill()

    @contextmanager
    def _served(self, url: str, service: str, protocol: int, *options: str) -> Iterator[GitChild]:
        git_dir = self._brought_up_to_date(url.removeprefix(SVN_PREFIX))
        words = [service.removeprefix("git-"), "--stateless-rpc", *options, str(git_dir)]
        settings = (("safe.directory", str(git_dir)), _HIDDEN)
        version = {"GIT_PROTOCOL": f"version={protocol}"}
        with GitChild(words, environment=version, settings=settings, limits=self.limits, has_input=True) as child:
            yield child

    def _brought_up_to_date(self, url: str) -> Path:
        git_dir = (self.folder / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.git").absolute()
        with self._lock:
            lock = self._locks.setdefault(url, threading.Lock())
        with lock:
            if url not in self._current:
                self._update(git_dir, url)
                self._current.add(url)
        return git_dir

    def _require_reachable(self, url: str) -> None:
        """Raises UnusableSvnAddress, UnsafeAddress; TryLater where its host is not found."""
        require_svn_address(url)
        parts = urlsplit(url)
        if parts.hostname and parts.hostname not in self.named:
            require_public(parts.hostname, parts.port or _USUAL_PORT)

    def _update(self, git_dir: Path, url: str) -> None:
        self._require_reachable(url)
        self.folder.mkdir(parents=True, exist_ok=True)
        children: list[GitChild] = []

        def watch(child: GitChild) -> None:
            children.append(child)
            with self._lock:
                self._children.add(child)
            if self._cancelled.is_set():
                raise Cancelled("the work was interrupted")

        try:
            update_from_subversion(git_dir, url, self.credential, limits=self.limits, started=watch)
        finally:
            with self._lock:
                self._children.difference_update(children)
            if self._cancelled.is_set():
                raise Cancelled("the work was interrupted")

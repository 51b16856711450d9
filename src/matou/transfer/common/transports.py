"""What a backup needs of a platform: each client in `platforms` offers this."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from matou.credentials import GitCredential
from matou.git.wire.transport import GitTransport


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class MissingLfsObject(Protocol):
    @property
    def oid(self) -> str: ...

    @property
    def message(self) -> str: ...


class LfsDownloads(Protocol):
    """The LFS objects of one repository at a source."""

    def download(
        self, objects: Iterable[tuple[str, int]], sink: Callable[[str, int, Readable], None]
    ) -> Sequence[MissingLfsObject]:
        """Hand each object, given as oid and size, to `sink`, which several threads may call at once.

        Returns:
            The objects that could not be had.

        Raises:
            MatouError: no more of them can be had now.
        """

    def lacking(self, objects: Iterable[tuple[str, int]]) -> Sequence[MissingLfsObject]:
        """Those that the source does not give to this repository; nothing is received. Errors as of `download`."""


class SourceTransports(Protocol):
    """The ways to a source's git, all over the same few kept connections. May be used by several threads."""

    def git(self, credential: GitCredential | None) -> GitTransport: ...

    def lfs(self, clone_url: str, credential: GitCredential | None) -> LfsDownloads: ...

    def cancel(self) -> None:
        """End every request that is under way, and refuse new ones."""

"""The ways to a platform's git over HTTP, for both its protocol and its LFS: all over one session's connections."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from matou.credentials import GitCredential
from matou.git.wire.transport import GitTransport
from matou.http.git_http import SmartHttp
from matou.http.lfs.client import LfsClient
from matou.http.lfs.uploads import LfsUploads
from matou.http.session import Session


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


@dataclass(frozen=True, slots=True)
class HttpTransports:
    """See `SourceTransports`.

    Attributes:
        session: its kept connections, and its patience.
    """

    session: Session

    def git(self, credential: GitCredential | None) -> GitTransport:
        return SmartHttp(self.session, credential=credential)

    def lfs(self, clone_url: str, credential: GitCredential | None) -> LfsDownloads:
        return LfsClient(self.session, clone_url, credential=credential)

    def cancel(self) -> None:
        self.session.cancel()


@dataclass(frozen=True, slots=True)
class TargetTransports:
    """The ways to a target's git and its LFS."""

    session: Session

    def git(self, credential: GitCredential) -> SmartHttp:
        return SmartHttp(self.session, credential=credential)

    def lfs(self, clone_url: str, credential: GitCredential) -> LfsUploads:
        return LfsUploads(self.session, clone_url, credential=credential)

    def cancel(self) -> None:
        self.session.cancel()

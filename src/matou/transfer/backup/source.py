"""What a backup needs of a platform: each client in `platforms` offers this."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from matou.credentials import GitCredential
from matou.git.wire.transport import GitTransport
from matou.model.platform import Account, RemoteNamespace, RemoteRepository, Unseen
from matou.model.records import Record

RecordSink: TypeAlias = Callable[[Record], None]
"""Where a client puts each answer as received, before it reads it. Called from several threads."""


class Source(Protocol):
    """An account at a platform, to read from. All methods may be called from several threads.

    A listing that cannot be read to its end raises: what it gave until then is saved, and nothing is concluded
    about the rest. What the credential may not see stands in `unseen` as soon as the listing that misses it ends.
    """

    @property
    def platform(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def unseen(self) -> Sequence[Unseen]: ...

    def account(self) -> Account:
        """Whom the credential stands for; asked before anything else. Raises Refused where it is not good."""

    def namespaces(self) -> Iterable[RemoteNamespace]: ...

    def repositories(self) -> Iterable[RemoteRepository]: ...

    def labels(self, namespace: RemoteNamespace) -> bytes:
        """A document for the archive: JSON that is the same for the same labels."""

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document for the archive: JSON that is the same for the same members."""

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """None where there is none at its address."""

    def git_credential(self) -> GitCredential | None: ...


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

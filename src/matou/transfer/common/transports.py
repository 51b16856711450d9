"""The ways to a platform's git over HTTP, for both its protocol and its LFS: all over one session's connections."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matou.credentials import GitCredential
from matou.git.process.sandbox import DEFAULT_LIMITS, Limits
from matou.git.process.ssh import is_by_ssh
from matou.git.wire.transport import GitHttpResponse, GitTransport
from matou.http.git_http import SmartHttp
from matou.http.lfs.client import LfsClient
from matou.http.lfs.uploads import LfsUploads
from matou.http.session import Session
from matou.transfer.common.ssh_lfs import SshLfs
from matou.transfer.common.ssh_transport import SshTransport
from matou.transfer.common.svn_transport import SVN_PREFIX, SvnTransport


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
class TransportByAddress:
    """Git over HTTP or by ssh, or what `git svn` makes of a Subversion repository, as an address says."""

    http: SmartHttp
    ssh: SshTransport
    svn: SvnTransport | None = None

    def exchange(
        self, url: str, service: str, body: bytes, *, protocol: int = 2
    ) -> AbstractContextManager[GitHttpResponse]:
        return self._to(url).exchange(url, service, body, protocol=protocol)

    def advertise(self, url: str, service: str) -> bytes:
        return self._to(url).advertise(url, service)

    def _to(self, url: str) -> GitTransport:
        if self.svn is not None and url.startswith(SVN_PREFIX):
            return self.svn
        return self.ssh if is_by_ssh(url) else self.http


@dataclass(frozen=True, slots=True)
class HttpTransports:
    """See `SourceTransports`.

    Attributes:
        session: its kept connections, and its patience.
        ssh: for addresses of ssh.
        svn_folder: where what is made of Subversion repositories stays; None where none is read.
        limits: for each child of git.
    """

    session: Session
    ssh: SshTransport = field(default_factory=SshTransport)
    svn_folder: Path | None = None
    limits: Limits = DEFAULT_LIMITS
    _svn: list[SvnTransport] = field(default_factory=list)

    def git(self, credential: GitCredential | None) -> GitTransport:
        svn = None
        if self.svn_folder is not None:
            svn = SvnTransport(self.svn_folder, credential, self.session.named_hosts, self.limits)
            self._svn.append(svn)
        return TransportByAddress(SmartHttp(self.session, credential=credential), self.ssh, svn)

    def lfs(self, clone_url: str, credential: GitCredential | None) -> LfsDownloads:
        if is_by_ssh(clone_url):
            return SshLfs(self.session, self.ssh, clone_url)
        return LfsClient(self.session, clone_url, credential=credential)

    def cancel(self) -> None:
        self.session.cancel()
        self.ssh.cancel()
        for svn in self._svn:
            svn.cancel()


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

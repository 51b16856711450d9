"""The ways to a source's git over HTTP, for both its protocol and its LFS: all over one session's connections."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from matou.credentials import GitCredential
from matou.git.transport import Answer, GitTransport
from matou.remote.git_http import SmartHttp
from matou.remote.lfs import LfsClient
from matou.remote.session import Session
from matou.transfer.source import LfsDownloads


@dataclass(frozen=True, slots=True)
class HttpConnections:
    """See `source.Connections`.

    Attributes:
        session: its kept connections, and its patience.
    """

    session: Session

    def git(self, credential: GitCredential | None) -> GitTransport:
        return _UploadPack(SmartHttp(self.session, credential=credential))

    def lfs(self, clone_url: str, credential: GitCredential | None) -> LfsDownloads:
        return LfsClient(self.session, clone_url, credential=credential)

    def cancel(self) -> None:
        self.session.cancel()


@dataclass(frozen=True, slots=True)
class _UploadPack:
    """Smart HTTP as mirrors ask for it: they name the service, of which a backup has but one."""

    http: SmartHttp

    def exchange(
        self,
        url: str,
        service: str,  # noqa: ARG002 - a source is only ever read
        body: bytes,
        *,
        protocol: int = 2,
    ) -> AbstractContextManager[Answer]:
        return self.http.exchange(url, body, protocol_version=protocol)

    def advertise(self, url: str, service: str) -> bytes:  # noqa: ARG002 - see above
        return self.http.advertise(url)

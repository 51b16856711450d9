"""The ways to a source's git over HTTP, for both its protocol and its LFS: all over one session's connections."""

from collections.abc import Sequence
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
        session: its kept connections, and its patience. Not the one that asks the platform's API: that one's pace
            is a platform's limit on its API, and would make the proof of a thousand repositories take minutes.
        origin: a URL of the origin that the credential belongs to; it is sent nowhere else.
        beside: other sessions that end with this one.
    """

    session: Session
    origin: str
    beside: Sequence[Session] = ()

    def git(self, credential: GitCredential | None) -> GitTransport:
        return _UploadPack(SmartHttp(self.session, credential=credential, origin=self.origin))

    def lfs(self, clone_url: str, credential: GitCredential | None) -> LfsDownloads:
        return LfsClient(self.session, clone_url, credential=credential)

    def cancel(self) -> None:
        for session in (self.session, *self.beside):
            session.cancel()


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

"""The ways to a source's git over HTTP, for both its protocol and its LFS: all over one session's connections."""

from dataclasses import dataclass

from matou.credentials import GitCredential
from matou.git.wire.transport import GitTransport
from matou.http.git_http import SmartHttp
from matou.http.lfs.client import LfsClient
from matou.http.session import Session
from matou.transfer.common.transports import LfsDownloads


@dataclass(frozen=True, slots=True)
class HttpTransports:
    """See `source.SourceTransports`.

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

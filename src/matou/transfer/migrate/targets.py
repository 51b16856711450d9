"""The ways to the git and the LFS of a platform that is written to."""

from dataclasses import dataclass

from matou.credentials import GitCredential
from matou.http.git_http import SmartHttp
from matou.http.lfs.uploads import LfsUploads
from matou.http.session import Session


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

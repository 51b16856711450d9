"""Repositories that a person named, at one server. There is no account and no API: what is listed is what was named."""

from collections.abc import Iterator, Sequence
from typing import Final

from matou.credentials import GitCredential
from matou.git.process.ssh import is_by_ssh
from matou.http.session import Session
from matou.model.platform import (
    Account,
    RemoteNamespace,
    RemoteRepository,
    VersionControl,
    Visibility,
    id_of_team,
)
from matou.platforms.base.source import NO_ROWS, BaseSource
from matou.platforms.git.addresses import RepositoryAddress, repository_address

NOBODY: Final = "anonymous"


class GitSource(BaseSource):
    """See `platforms.base.source.Source`. What each repository is called is read from its address.

    Args:
        urls: of repositories, all of one server; at least one.
        credential: what lets us in; None for what is public.

    Raises:
        UnusableAddress: one of the addresses is not asked.
    """

    platform = "git"

    def __init__(self, session: Session, urls: Sequence[str], credential: GitCredential | None) -> None:
        super().__init__(session)
        self._addresses = [repository_address(url) for url in urls]
        self._credential = credential
        self.url = self._addresses[0].server
        self._host = self._addresses[0].host

    def account(self) -> Account:
        """Whoever the credential names, or the address; whether it is good, the first repository that is asked says."""
        login = self._credential.user if self._credential else self._addresses[0].user or NOBODY
        return Account(
            id=login,
            login=login,
            display_name=login,
            team_id=self._host,
            team=self._host,
            team_display_name=self._host,
        )

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """All folders above the repositories; where one stands at the very top, the server itself."""
        known: dict[str, str] = {}
        for address in self._addresses:
            if not address.above:
                known[id_of_team(self._host)] = ""
            for path in address.above:
                known[path] = "/".join(address.names[: path.count("/") + 1])
        for id_, name in known.items():
            yield RemoteNamespace(id_, name, name or self._host, "", None, None, archived=False)

    def repositories(self) -> Iterator[RemoteRepository]:
        return map(self._repository, self._addresses)

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - git knows of none
        return NO_ROWS

    def members(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - git knows of none
        return NO_ROWS

    def icon(self, namespace: RemoteNamespace) -> bytes | None:  # noqa: ARG002 - git knows of none
        return None

    def git_credential(self) -> GitCredential | None:
        return self._credential

    def _repository(self, address: RepositoryAddress) -> RemoteRepository:
        """Who may read it is not known, so that it is taken for private."""
        return RemoteRepository(
            id=address.id,
            namespace_id=address.above[-1] if address.above else id_of_team(self._host),
            name=address.names[-1],
            description="",
            clone_url=address.url,
            ssh_url=address.url if is_by_ssh(address.url) else "",
            version_control=VersionControl.GIT,
            created_at=None,
            last_push_at=None,
            default_branch=None,
            visibility=Visibility.PRIVATE,
        )

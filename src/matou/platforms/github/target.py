"""An account at GitHub, or at a GitHub Enterprise Server, to write to."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from threading import RLock
from typing import Final

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.addresses import trusted_address
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import PLAIN_RULES, Capacity, NewTargetRepository, TargetRepository, TargetRules
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.platform import Clock
from matou.platforms.github import PLATFORM
from matou.platforms.github.api import GitHubApi, token_of
from matou.platforms.github.calls_writing import GitHubTargetCalls
from matou.platforms.github.source import visibility_of
from matou.platforms.github.wire import GitHubRepository

GITHUB_RULES: Final = replace(PLAIN_RULES, capacity=Capacity(file_bytes=100 * 1024**2, lfs_object_bytes=2 * 1024**3))
"""Of github.com itself (its help: "About large files on GitHub", "About Git Large File Storage"). A paid plan takes LFS
objects of 4 and 5 GB."""

_LONGEST_DESCRIPTION: Final = 350
_EVERYTHING: Final = "repo"
_PUBLIC: Final = "public_repo"


class GitHubTarget:
    """See `MigrationTarget`. A namespace is the token's user or an organization.

    Args:
        session: must name the URL's origin, and keep to GitHub's limits: see `Platform.open_session`.
        url: the API's address.
    """

    platform = "github"

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        self.url = url.rstrip("/")
        self._token = token_of(token.reveal())
        self._calls = GitHubTargetCalls(GitHubApi(session, self.url, self._token, now))
        self._lock = RLock()

    @property
    def rules(self) -> TargetRules:
        return GITHUB_RULES if PLATFORM.is_at(self.url) else PLAIN_RULES

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        own = self._is_own(namespace)
        rows = self._calls.own_repositories() if own else self._calls.repositories_of(namespace)
        for row in rows:
            if row.full_name.partition("/")[0].casefold() == namespace.casefold():
                yield self._repository(row, namespace)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        """What only an enterprise sees begins private: not all organizations have that."""
        fields = {
            "name": new.name,
            "description": " ".join(new.description.split())[:_LONGEST_DESCRIPTION],
            "private": new.visibility is not Visibility.PUBLIC,
        }
        organization = None if self._is_own(new.namespace) else new.namespace
        return self._repository(self._calls.create_repository(organization, fields), new.namespace)

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:  # noqa: ARG002 - whatever its name
        return Phrase("GitHub's API makes no organizations")

    def create_namespace(self, namespace: str) -> None:
        raise NotOffered("GitHub's API makes no organizations, so not {owner}", owner=repr(namespace))

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._calls.update_repository(repository.id, {"default_branch": branch})

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self._calls.update_repository(repository.id, {"private": visibility is not Visibility.PUBLIC})

    def missing_scopes(self, visibilities: Collection[Visibility], *, has_conversation: bool) -> Sequence[str]:  # noqa: ARG002 - both need the same
        """What is public alone needs less than the rest."""
        scopes = self._calls.scopes()
        enough = {_EVERYTHING, _PUBLIC} if set(visibilities) <= {Visibility.PUBLIC} else {_EVERYTHING}
        return () if scopes is None or scopes & enough else (_EVERYTHING,)

    def git_credential(self) -> GitCredential:
        return GitCredential(self.login(), self._token)

    @cached_property
    def _login(self) -> str:
        return self._calls.user().login

    def _is_own(self, namespace: str) -> bool:
        return namespace.casefold() == self.login().casefold()

    def _repository(self, row: GitHubRepository, namespace: str) -> TargetRepository:
        """Raises AddressRefused where GitHub names an address that the token must not be sent to."""
        address = trusted_address(row.clone_url or "", home=self.url, relatives=frozenset({"github.com"}))
        return TargetRepository(row.full_name, namespace, row.name, address, visibility_of(row))

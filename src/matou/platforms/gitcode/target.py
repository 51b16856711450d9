"""An account at GitCode, or at a server that speaks its API, to write to."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from msgspec import UNSET

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.addresses import trusted_address
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import PLAIN_RULES, Capacity, NewTargetRepository, TargetRepository
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.lister import or_nothing
from matou.platforms.base.platform import Clock
from matou.platforms.base.unreadable import require_read
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.api import token_of
from matou.platforms.gitcode.client import GitCode
from matou.platforms.gitcode.enums import RepositoryKind
from matou.platforms.gitcode.source import FAMILIES, visibility_of
from matou.platforms.gitcode.wire import GitCodeRepository

GITCODE_RULES = replace(PLAIN_RULES, capacity=Capacity(file_bytes=10 * 1024**2))
"""Of GitCode itself. Its documents give no size. People who pushed in 2026 tell of 10 MiB and of 100 MiB a file, and no
refusal of its own was seen; a warning too many costs less than one too few. Of a repository nothing is known."""


class GitCodeTarget:
    """See `platforms.base.target.MigrationTarget`. A namespace is the token's user or an organization.

    Args:
        session: must name the URL's origin, and keep to GitCode's limits: see `Platform.open_session`.
        url: the API's address, with or without `/api/v5`.
    """

    platform = "gitcode"
    rules = PLAIN_RULES
    """Those of a server that is not GitCode itself."""

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        if PLATFORM.is_at(url):
            self.rules = GITCODE_RULES
        self._token = token_of(token.reveal())
        self._client = GitCode(self._token, url, session=session, now=now)
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        return self._client.base_url

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        if self._is_own(namespace):
            rows = self._client.my_repositories(kind=RepositoryKind.ALL)
        else:
            rows = self._client.repositories_of_organization(namespace, kind=RepositoryKind.ALL)
        for row in or_nothing(rows):
            if row.full_name.rpartition("/")[0].casefold() == namespace.casefold():
                yield self._repository(row, namespace)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        row = self._client.create_repository(
            new.name,
            organization=None if self._is_own(new.namespace) else new.namespace,
            path=new.name,
            description=new.description or None,
            private=new.visibility is not Visibility.PUBLIC,
        )
        return self._repository(row, new.namespace)

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:  # noqa: ARG002 - whatever its name
        """GitCode's API lists organizations and makes none (its OpenAPI document of 2026)."""
        return Phrase("GitCode's API makes no organizations")

    def create_namespace(self, namespace: str) -> None:
        raise NotOffered("GitCode's API makes no organizations, so not {owner}", owner=repr(namespace))

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._client.update_repository(repository.id, default_branch=branch)

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self._client.update_repository(repository.id, private=visibility is not Visibility.PUBLIC)

    def git_credential(self) -> GitCredential:
        return GitCredential(self.login(), self._token)

    @cached_property
    def _login(self) -> str:
        return self._client.user().login

    def _is_own(self, namespace: str) -> bool:
        return namespace.casefold() == self.login().casefold()

    def _repository(self, row: GitCodeRepository, namespace: str) -> TargetRepository:
        """One whose visibility cannot be read is none that anything may be sent to.

        Raises:
            AddressRefused: the platform names an address that the token must not be sent to.
            UnknownShape: nobody knows who may see it.
        """
        require_read(row, "private", "public", "internal", "visibility")
        address = row.http_url_to_repo
        return TargetRepository(
            id=row.full_name,
            namespace=namespace,
            name=row.full_name.rpartition("/")[2] if row.path is UNSET else str(row.path),
            clone_url=trusted_address(address or "", home=self.url, relatives=FAMILIES),
            visibility=visibility_of(row),
        )

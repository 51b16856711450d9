"""All namespaces and repositories that a token sees; what it may not see is noted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from matou.errors import MatouError, Phrase
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import AccountListing, Gathering
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.client import GitCode
from matou.platforms.gitcode.enums import RepositoryKind
from matou.platforms.gitcode.wire import GitCodeNamespace, GitCodeOrganization, GitCodeRepository

ORGANIZATIONS = frozenset({"group", "enterprise", "organization"})
"""The types of namespaces that are no user's."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NamespaceDetails:
    """A namespace, with what its organization tells of itself, if it is one and does."""

    namespace: GitCodeNamespace
    organization: GitCodeOrganization | None = None

    @property
    def is_organization(self) -> bool:
        return self.organization is not None or {self.namespace.type, self.namespace.kind} & ORGANIZATIONS != set()


GitCodeListing: TypeAlias = AccountListing[NamespaceDetails, GitCodeRepository]


@dataclass(frozen=True, slots=True)
class GitCodeLister:
    """Lists for one token.

    Args:
        note: is told of everything that exists and may not be seen.
    """

    client: GitCode
    note: Callable[[Inaccessible], None]

    @property
    def _gathering(self) -> Gathering:
        return Gathering(self.note)

    def list_all(self) -> GitCodeListing:
        """Read namespaces and repositories. A part that fails is left out, and its fault stands in what is found.

        Raises:
            CredentialRefused, Cancelled: nothing more can be asked.
        """
        listing = GitCodeListing()
        namespaces: dict[int, GitCodeNamespace] = {}
        organizations: dict[str, GitCodeOrganization] = {}
        what = Phrase("this account's namespaces")
        rows = self._if_there(self.client.namespaces())
        listing.namespaces_fault = self._gathering.take(what, rows, namespaces, lambda row: row.id)
        what = Phrase("this account's organizations")
        fault = self._gathering.take(what, self._if_there(self.client.organizations()), organizations, _path_of)
        listing.namespaces_fault = listing.namespaces_fault or fault
        for namespace in namespaces.values():
            listing.namespaces[namespace.id] = NamespaceDetails(namespace, organizations.get(namespace.path))
        listing.repositories_fault = self._repositories(listing, organizations)
        for repository in listing.repositories.values():
            namespace = repository.namespace
            listing.namespaces.setdefault(namespace.id, NamespaceDetails(namespace, organizations.get(namespace.path)))
        return listing

    def _repositories(
        self, listing: GitCodeListing, organizations: dict[str, GitCodeOrganization]
    ) -> MatouError | None:
        paths = {
            namespace.namespace.path: None for namespace in listing.namespaces.values() if namespace.is_organization
        }
        return self._gathering.take_repositories(
            self.client.my_repositories(kind=RepositoryKind.ALL),
            [*paths, *(path for path in organizations if path not in paths)],
            self._of_organization,
            listing.repositories,
            lambda row: row.id,
        )

    def _if_there(self, rows: Iterator[T]) -> Iterator[T]:
        """Servers that speak the 38 need not have these lists: there one's own list of repositories says it all."""
        try:
            yield from rows
        except RemoteNotFound:
            if PLATFORM.is_at(self.client.base_url):
                raise

    def _of_organization(self, path: str) -> Iterator[GitCodeRepository]:
        yield from self.client.repositories_of_organization(path, kind=RepositoryKind.ALL)


def _path_of(organization: GitCodeOrganization) -> str:
    return organization.path or organization.login

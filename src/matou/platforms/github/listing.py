"""All that an account at GitHub sees: repositories, gists, and who owns them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from matou.errors import MatouError, Phrase
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import AccountListing, Gathering, first_fault
from matou.platforms.base.errors import ActionRefused, RemoteNotFound
from matou.platforms.github.calls import GitHubCalls
from matou.platforms.github.wire import GitHubAccount, GitHubGist, GitHubOrganization, GitHubRepository

T = TypeVar("T")


@dataclass
class GitHubListing(AccountListing[GitHubAccount, GitHubRepository | GitHubGist]):
    """Everything that was read.

    Attributes:
        organizations: by login, those that the account belongs to.
        gists: by id.
    """

    organizations: dict[str, GitHubOrganization] = field(default_factory=dict)
    gists: dict[str, GitHubGist] = field(default_factory=dict)

    def rows(self) -> Iterator[GitHubRepository | GitHubGist]:
        yield from super().rows()
        yield from self.gists.values()


@dataclass(frozen=True, slots=True)
class GitHubLister:
    """Lists for one token.

    Attributes:
        note: is told of everything that exists and may not be seen.
        lists: which others than the account's own are read, too.
    """

    calls: GitHubCalls
    note: Callable[[Inaccessible], None]
    lists: Sequence[str] = ()

    def list_all(self) -> GitHubListing:
        """A part that fails is left out, and its fault stands in what is found. Raises what ends everything."""
        gathering, listing = Gathering(self.note), GitHubListing()
        listing.namespaces_fault = gathering.take(
            Phrase("this account's organizations"),
            self.calls.organizations(),
            listing.organizations,
            lambda row: row.login,
        )
        fault = gathering.take_repositories(
            self.calls.repositories(),
            listing.organizations,
            self.calls.repositories_of_organization,
            listing.repositories,
            _number,
        )
        gists = _if_there(self.calls.gists())
        of_gists = gathering.take(Phrase("this account's gists"), gists, listing.gists, lambda row: row.id)
        others = [self._others(name, gathering, listing) for name in self.lists]
        listing.repositories_fault = first_fault((fault, of_gists, *others))
        for organization in listing.organizations.values():
            account = GitHubAccount(id=organization.id, login=organization.login, type="Organization")
            listing.namespaces.setdefault(organization.id, account)
        for row in listing.rows():
            listing.namespaces.setdefault(row.owner.id, row.owner)
        return listing

    def _others(self, name: str, gathering: Gathering, listing: GitHubListing) -> MatouError | None:
        """What is the account's own as well stands there already."""
        what = Phrase("repositories that are {list}", list=name)
        return gathering.take(what, self.calls.other_repositories(name), listing.repositories, _number)


def _if_there(rows: Iterator[T]) -> Iterator[T]:
    """Other servers that speak this API need not have any; neither has a token that is for some repositories alone."""
    try:
        yield from rows
    except (RemoteNotFound, ActionRefused):
        return


def _number(row: GitHubRepository | GitHubGist) -> int:
    """Of a repository; a gist's id is no number."""
    return int(row.id)

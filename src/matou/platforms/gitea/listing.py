"""All that an account at a Gitea sees: repositories, and who owns them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from matou.concurrency import Cancelled
from matou.errors import MatouError, Phrase
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import AccountListing, Gathering, first_fault
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.gitea.calls import GiteaCalls
from matou.platforms.gitea.wire import GiteaAccount, GiteaOrganization, GiteaRepository

ENDS_EVERYTHING: Final = (CredentialRefused, Cancelled)
"""No list can be read after these, and none that was cut short by one is worth giving."""


@dataclass
class GiteaListing(AccountListing[GiteaAccount, GiteaRepository]):
    """Everything that was read.

    Attributes:
        organizations: by login, those that the account belongs to.
    """

    organizations: dict[str, GiteaOrganization] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GiteaLister:
    """Lists for one token.

    Attributes:
        note: is told of everything that exists and may not be seen.
    """

    calls: GiteaCalls
    note: Callable[[Inaccessible], None]

    def list_all(self) -> GiteaListing:
        """A part that fails is left out, and its fault stands in what is found. Raises what ends everything."""
        gathering, listing = Gathering(self.note, ENDS_EVERYTHING), GiteaListing()
        listing.namespaces_fault = gathering.take(
            Phrase("this account's organizations"),
            self.calls.organizations(),
            listing.organizations,
            lambda row: row.login,
        )
        listing.repositories_fault = first_fault(list(self._faults(gathering, listing)))
        for organization in listing.organizations.values():
            account = GiteaAccount(id=organization.id, login=organization.login, full_name=organization.full_name)
            listing.namespaces.setdefault(organization.id, account)
        for row in listing.repositories.values():
            listing.namespaces.setdefault(row.owner.id, row.owner)
        return listing

    def _faults(self, gathering: Gathering, listing: GiteaListing) -> Iterator[MatouError | None]:
        """What one belongs to by membership of its organization alone may be missing from one's own list."""
        what = Phrase("this account's repositories")
        yield gathering.take(what, self.calls.repositories(), listing.repositories, lambda row: row.id)
        for login in listing.organizations:
            what = Phrase("repositories of the organization {organization}", organization=repr(login))
            rows = self.calls.repositories_of_organization(login)
            yield gathering.take(what, rows, listing.repositories, lambda row: row.id)

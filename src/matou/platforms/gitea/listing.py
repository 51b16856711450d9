"""All that an account at a Gitea sees: repositories, and who owns them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from matou.errors import Phrase
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import AccountListing, Gathering
from matou.platforms.gitea.calls import GiteaCalls
from matou.platforms.gitea.wire import GiteaAccount, GiteaOrganization, GiteaRepository


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
        gathering, listing = Gathering(self.note), GiteaListing()
        listing.namespaces_fault = gathering.take(
            Phrase("this account's organizations"),
            self.calls.organizations(),
            listing.organizations,
            lambda row: row.login,
        )
        listing.repositories_fault = gathering.take_repositories(
            self.calls.repositories(),
            listing.organizations,
            self.calls.repositories_of_organization,
            listing.repositories,
            lambda row: row.id,
        )
        for organization in listing.organizations.values():
            account = GiteaAccount(id=organization.id, login=organization.login, full_name=organization.full_name)
            listing.namespaces.setdefault(organization.id, account)
        for row in listing.repositories.values():
            listing.namespaces.setdefault(row.owner.id, row.owner)
        return listing

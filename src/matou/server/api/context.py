"""What every handler is given: who asks, for what, and how to name things in the answer."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Refused
from matou.forge.access import Authorized, Identity, Right
from matou.forge.forge import Forge
from matou.server.api.links import Links
from matou.server.origin import caller_of

R_co = TypeVar("R_co", bound=Right, covariant=True)


class NotSignedIn(Refused):
    """The request brought no credential, and what it asks for needs one."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request whose credential was looked at.

    Attributes:
        path: the route's parameters, each decoded once.
        address: where the request comes from.
    """

    forge: Forge
    identity: Identity
    links: Links
    path: Mapping[str, str]
    address: str

    @property
    def caller(self) -> Hashable:
        """Whom this counts for: the account, or the address without one."""
        return caller_of(self.identity, self.address)

    @property
    def user(self) -> User:
        """Raises NotSignedIn."""
        if self.identity.user is None:
            raise NotSignedIn("a token is needed")
        return self.identity.user


@dataclass(frozen=True, slots=True)
class RepositoryContext(RequestContext, Generic[R_co]):
    """A request about one repository, to which this identity has the route's right."""

    granted: Authorized[Repository, R_co]

    @property
    def repository(self) -> Repository:
        return self.granted.subject

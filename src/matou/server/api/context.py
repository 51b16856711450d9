"""What every handler is given: who asks, for what, and how to name things in the answer."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Refused
from matou.forge.access import Authorized, Identity, Right
from matou.forge.forge import Forge
from matou.server.api.links import Links
from matou.server.origin import caller_of
from matou.server.streaming import Header, header

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
    headers: Sequence[Header]
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

    def header(self, name: bytes) -> str:
        return header(self.headers, name).decode("latin-1")

    def of(self, granted: Authorized[Repository, Right]) -> "RepositoryContext[Right]":
        return RepositoryContext(self.forge, self.identity, self.links, self.path, self.headers, self.address, granted)


@dataclass(frozen=True, slots=True)
class RepositoryContext(RequestContext, Generic[R_co]):
    """A request about one repository, to which this identity has the route's right."""

    granted: Authorized[Repository, R_co]

    @property
    def repository(self) -> Repository:
        return self.granted.subject

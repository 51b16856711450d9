"""What every handler is given: who asks, for what, and how to name things in the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Refused
from matou.forge.access import Authorized, Identity, Right
from matou.forge.forge import Forge
from matou.server.dialects.gitee_v3.parameters import FormFields

R_co = TypeVar("R_co", bound=Right, covariant=True)

PREFIX = "/api/v3"
PORTRAIT = ("assets", "no_portrait.png")


class NotSignedIn(Refused):
    """The request brought no token, or the e-mail and password are nobody's."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request whose credential was looked at.

    Attributes:
        path: what stands in the URL in place of the route's parameters, each decoded once.
        base: what links begin with, without a slash at the end.
        address: of the client.
        client: what it calls itself; often nothing.
    """

    forge: Forge
    identity: Identity
    path: Mapping[str, str]
    given: FormFields
    base: str
    address: str
    client: str

    @property
    def user(self) -> User:
        """Raises NotSignedIn."""
        if self.identity.user is None:
            raise NotSignedIn("a token is needed")
        return self.identity.user

    @property
    def portrait(self) -> str:
        """Everybody's: apps load it unasked and fail where there is none."""
        return self.url(*PORTRAIT)

    def url(self, *segments: str) -> str:
        """Below the API's root."""
        return "/".join((f"{self.base}{PREFIX}", *(quote(segment, safe="") for segment in segments)))


@dataclass(frozen=True, slots=True)
class RepositoryContext(RequestContext, Generic[R_co]):
    """A request about one project, to which this identity has the route's right."""

    granted: Authorized[Repository, R_co]

    @property
    def repository(self) -> Repository:
        return self.granted.subject

"""What every handler is given: who asks, for what, and how to name things in the answer."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository, RepositoryId
from matou.db.users import User
from matou.errors import Refused
from matou.forge.access import Authorized, Identity, Right
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.model.platform import VersionControl, Visibility
from matou.server.api.links import Links
from matou.server.origin import caller_of
from matou.server.streaming import Header, header

R_co = TypeVar("R_co", bound=Right, covariant=True)

PROJECT_REPOSITORY = "issues"
"""What a project is called where it stands for a repository; its own addresses say PROJECT_SEGMENT."""

PROJECT_SEGMENT = "-"
"""No repository is called so."""


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

    def of(self, granted: "Authorized[Repository, Right] | Authorized[Namespace, Right]") -> "RepositoryContext[Right]":
        kind = ProjectContext if isinstance(granted.subject, Namespace) else RepositoryContext
        return kind(self.forge, self.identity, self.links, self.path, self.headers, self.address, granted)


@dataclass(frozen=True, slots=True)
class RepositoryContext(RequestContext, Generic[R_co]):
    """A request about one repository, to which this identity has the route's right."""

    granted: Authorized[Any, R_co]

    @property
    def repository(self) -> Repository:
        found: Repository = self.granted.subject
        return found


@dataclass(frozen=True, slots=True)
class ProjectContext(RepositoryContext[R_co]):
    """A request about a project, by what was said around it as a whole: a repository that has no code."""

    @property
    def project(self) -> Namespace:
        found: Namespace = self.granted.subject
        return found

    @property
    def repository(self) -> Repository:
        """It has the project's id, which no repository is to be looked up by."""
        project = self.project
        return Repository(
            id=RepositoryId(-project.id),
            namespace_id=project.id,
            path=RepositoryPath(project.path, PROJECT_REPOSITORY),
            true_name=PROJECT_REPOSITORY,
            description=project.description,
            visibility=Visibility.PRIVATE,
            default_branch=None,
            archived=project.archived,
            read_only_source=project.source,
            source_id=project.source_id,
            version_control=VersionControl.GIT,
            size_bytes=0,
            created_at=project.created_at,
            updated_at=project.updated_at,
            last_push_at=None,
            creator_id=project.creator_id,
        )

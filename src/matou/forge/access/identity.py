"""Who asks, and what their credential is good for."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from matou.db.repositories import RepositoryId
from matou.db.users import User
from matou.errors import Refused
from matou.model.names import NamespacePath


class Scope(StrEnum):
    """What a token may be used for. `…:write` includes `…:read` of the same noun."""

    USER_READ = "user:read"
    TEAM_READ = "team:read"
    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    REPOSITORY_READ = "repository:read"
    REPOSITORY_WRITE = "repository:write"
    METRICS_READ = "metrics:read"


ALL_SCOPES = frozenset(Scope) - {Scope.METRICS_READ}
"""All that people need. What a program that watches the server needs is no part of it: nobody has it by accident."""


@dataclass(frozen=True, slots=True)
class DeployKey:
    """A key that opens one repository, told by its id whatever it is called; `writes`: for pushes too."""

    repository_id: RepositoryId
    fingerprint: str
    writes: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what their credential is good for.

    Attributes:
        user: None for nobody in particular.
        scopes: of the token; all of them for a password or a session.
        only_below: nothing outside this namespace; None for no such bound.
        only_repositories: for the token of nobody in particular: the folded paths of the repositories that it reads, as
            somebody with the role REPORTER would, and nothing besides, open or not; None for no such bound.
        only_projects: the same of namespaces: what was said around each as a whole, and nothing of its repositories.
        reads_confidential: False for a token of that kind that is not to see what is marked so.
        deploy_key: for a key of one repository, which is nobody in particular: nothing but that repository's code.
        is_operator: whoever runs the server, at its command line: an administrator without an account. Nothing that
            comes over the network is.
    """

    user: User | None
    scopes: frozenset[Scope]
    only_below: NamespacePath | None = None
    only_repositories: frozenset[str] | None = None
    only_projects: frozenset[str] = frozenset()
    reads_confidential: bool = True
    deploy_key: DeployKey | None = None
    is_operator: bool = False


ANONYMOUS = Identity(user=None, scopes=ALL_SCOPES)
OPERATOR = Identity(user=None, scopes=ALL_SCOPES, is_operator=True)


class MissingScope(Refused):
    """The token was not made for this."""


def require_scope(identity: Identity, *any_of: Scope) -> None:
    """For what has no subject, such as "who am I". Raises MissingScope."""
    if identity.scopes.isdisjoint(any_of):
        raise missing_scope(identity, any_of)


def require_every_scope(identity: Identity) -> None:
    """For what lets somebody in later, when the token is gone. Raises MissingScope."""
    if not identity.scopes >= ALL_SCOPES:
        raise MissingScope("this takes a token with every scope, since what it makes stays when the token is gone")


def missing_scope(identity: Identity, any_of: Collection[Scope]) -> MissingScope:
    """In the words of what they came with."""
    if identity.deploy_key is not None and not identity.deploy_key.writes:
        return MissingScope("this deploy key may only read, since it was added without the right to push")
    return MissingScope("the token has none of the scopes {scopes}", scopes=", ".join(sorted(any_of)))

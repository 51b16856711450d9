"""Which team a request is about: the one that the Host names, else the credential's own."""

from collections.abc import Iterator

from matou.db.namespaces import Namespace, NamespaceKind
from matou.forge.access import Authorized, Identity, MaySee, NoSuchNamespace
from matou.forge.accounts.members import own_role
from matou.forge.accounts.namespaces import find_namespace, visible_children
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, folded

MOST_TEAMS_LOOKED_AT = 100
"""Whoever can see more than these names the team by the Host."""


def team_of(forge: Forge, identity: Identity, host: str) -> Namespace:
    """The team; in that order:

    1. the outermost organization that the first label of the Host names, if the identity may see it;
    2. the one that a project's token belongs to;
    3. the first by name in which the user has a role, then the first in one of whose projects, then the first at all;
    4. the user's own namespace.

    Raises:
        NoSuchNamespace: there is none of these.
    """
    named = _named_by(forge, identity, host)
    if named is not None:
        return named
    if identity.only_below is not None:
        return find_namespace(forge, NamespacePath(identity.only_below.segments[:1]))
    return next(_own_teams(forge, identity))


def _named_by(forge: Forge, identity: Identity, host: str) -> Namespace | None:
    label, dot, _ = host.partition(".")
    if not dot or not label:
        return None
    teams, _ = visible_children(forge, identity, None, name_filter=label)
    return next((team for team in _organizations(teams) if folded(team.name) == folded(label)), None)


def _own_teams(forge: Forge, identity: Identity) -> Iterator[Namespace]:
    visible, _ = visible_children(forge, identity, None, limit=MOST_TEAMS_LOOKED_AT)
    teams = tuple(_organizations(visible))
    yield from (team for team in teams if _has_role(forge, identity, team))
    yield from (team for team in teams if _has_role_below(forge, identity, team))
    yield from teams
    if identity.user is None:
        raise NoSuchNamespace("this credential belongs to no team")
    yield find_namespace(forge, NamespacePath((identity.user.name,)))


def _organizations(listed: tuple[Authorized[Namespace, MaySee], ...]) -> Iterator[Namespace]:
    return (one.subject for one in listed if one.subject.kind is NamespaceKind.ORGANIZATION)


def _has_role(forge: Forge, identity: Identity, namespace: Namespace) -> bool:
    return own_role(forge, identity, namespace) is not None


def _has_role_below(forge: Forge, identity: Identity, team: Namespace) -> bool:
    projects, _ = visible_children(forge, identity, team, limit=MOST_TEAMS_LOOKED_AT)
    return any(_has_role(forge, identity, project.subject) for project in projects)

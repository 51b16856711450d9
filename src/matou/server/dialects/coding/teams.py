"""Which team a request is about: the one that the Host names, else the credential's own."""

from collections.abc import Iterator
from typing import Final

from matou.db.namespaces import Namespace, NamespaceKind
from matou.forge.access import Identity, NoSuchNamespace
from matou.forge.accounts.members import memberships_of
from matou.forge.accounts.namespaces import find_namespace, visible_children
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, folded

ORGANIZATIONS: Final = (NamespaceKind.ORGANIZATION,)


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
    teams, _ = visible_children(forge, identity, None, kinds=ORGANIZATIONS, name_filter=label)
    return next((team.subject for team in teams if folded(team.subject.name) == folded(label)), None)


def _own_teams(forge: Forge, identity: Identity) -> Iterator[Namespace]:
    """Its own come from what it was given: others see so many that its own may stand far down any list of them."""
    user = identity.user
    paths = [path for path, _ in memberships_of(forge, user)] if user else []
    for path in (*(path for path in paths if path.parent is None), *(path for path in paths if path.parent)):
        outermost = find_namespace(forge, NamespacePath(path.segments[:1]))
        if outermost.kind is NamespaceKind.ORGANIZATION:
            yield outermost
    first, _ = visible_children(forge, identity, None, kinds=ORGANIZATIONS, limit=1)
    yield from (team.subject for team in first)
    if user is None:
        raise NoSuchNamespace("this credential belongs to no team")
    yield find_namespace(forge, NamespacePath((user.name,)))

"""Which names may be taken: none that a person reads as another one's, and none that the server's own paths have."""

from collections.abc import Iterable

from matou.db.engine import Connection
from matou.db.namespaces import NamespaceId, names_in
from matou.model.lookalikes import skeleton
from matou.model.names import InvalidName, folded

ROUTES = frozenset(
    [
        "about",
        "admin",
        "api",
        "assets",
        "attachments",
        "avatar",
        "avatars",
        "captcha",
        "dashboard",
        "error",
        "explore",
        "favicon.ico",
        "ghost",
        "groups",
        "health",
        "healthz",
        "help",
        "import",
        "issues",
        "join",
        "livez",
        "login",
        "logout",
        "manifest.json",
        "metrics",
        "new",
        "notifications",
        "oauth",
        "open-api",
        "org",
        "organizations",
        "orgs",
        "password",
        "profile",
        "projects",
        "pulls",
        "raw",
        "readyz",
        "register",
        "repo",
        "repos",
        "robots.txt",
        "search",
        "session",
        "sessions",
        "settings",
        "signin",
        "signout",
        "signup",
        "sitemap.xml",
        "static",
        "swagger",
        "user",
        "users",
        "v2",
        "v3",
        "v5",
        "v8",
        "webhooks",
    ]
)
"""What the outermost part of a path means, or may come to mean, to the server; folded. `-` no name begins with."""


class ReservedName(InvalidName):
    """A name that is, or looks like, a path of the server's own."""


class LookalikeName(InvalidName):
    """A name that people would read as another one which is there."""


def require_clear_name(
    connection: Connection, parent_id: NamespaceId | None, name: str, *, instead_of: str | None = None
) -> None:
    """For a namespace, an account or a repository that is made or gets another name.

    Two names in plain ASCII are told apart by whoever reads them (`modern`, `modem`): only what is in other letters, or
    stands beside a name that is, is compared by how it looks.

    Args:
        parent_id: where it is to stand; None for what is outermost, and may be no route.
        instead_of: the name that it has now in the same place.

    Raises:
        ReservedName, LookalikeName.
    """
    if parent_id is None:
        _require_no_route(name)
    others = names_in(connection, parent_id, beyond_ascii=name.isascii())
    if _looks_like_one_of(name, (other for other in others if other != instead_of)):
        raise LookalikeName(
            "the name {name} cannot be used: in other letters it looks like a name that is taken", name=repr(name)
        )


def _require_no_route(name: str) -> None:
    if folded(name) in ROUTES or (not name.isascii() and _looks_like_one_of(name, ROUTES)):
        raise ReservedName(
            "the name {name} cannot be used: it is, or looks like, one of the server's own paths", name=repr(name)
        )


def _looks_like_one_of(name: str, others: Iterable[str]) -> bool:
    """One that is the same, letter case and width aside, is taken and does not look so."""
    key = folded(name)
    rivals = [folded(other) for other in others]
    rivals = [other for other in rivals if other != key and not (other.isascii() and key.isascii())]
    return bool(rivals) and skeleton(key) in map(skeleton, rivals)

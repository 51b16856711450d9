"""What stands behind the question mark of a URL that a git or LFS client or a browser asks for."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.types import Scope

from matou.errors import Invalid, UnknownShape

MOST_FIELDS = 20
LONGEST_QUERY_BYTES = 4096
"""Of a page: room for every filter of a list. Pages repeat it in their links."""


class UnusableQuery(UnknownShape):
    """More fields than any client sends."""


class QueryTooLong(Invalid):
    """More stands behind the question mark than any page of ours has there."""


def is_short(scope: Scope) -> bool:
    return len(scope["query_string"]) <= LONGEST_QUERY_BYTES


def require_short(scope: Scope) -> None:
    """Raises QueryTooLong."""
    if not is_short(scope):
        raise QueryTooLong("this address is longer than any that a page of this server leads to")


def read_fields(scope: Scope) -> Mapping[str, Sequence[str]]:
    """Every field with all that was said for it. Raises UnusableQuery."""
    query: bytes = scope["query_string"]
    try:
        return parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnusableQuery("the query of a request", bytes(query[:100])) from None

"""What stands behind the question mark of a URL that a git or LFS client asks for."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.types import Scope

from matou.errors import UnknownShape

MOST_FIELDS = 20


class UnusableQuery(UnknownShape):
    """More fields than any client sends."""


def read_fields(scope: Scope) -> Mapping[str, Sequence[str]]:
    """Every field with all that was said for it. Raises UnusableQuery."""
    query: bytes = scope["query_string"]
    try:
        return parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnusableQuery("the query of a request", bytes(query[:100])) from None

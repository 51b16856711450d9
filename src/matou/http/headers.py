"""What may stand in a header that we send."""

import re
from collections.abc import Mapping

from matou.errors import MatouError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e\t]*", re.ASCII)


class InvalidHeader(MatouError):
    """A header that would say more than one thing; the value is not quoted, since it may be a secret."""


def is_valid_header(name: str, value: str) -> bool:
    """RFC 9110, section 5: a token, and a value of one line; we send ASCII only."""
    return bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))


def require_valid_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not is_valid_header(name, value):
            raise InvalidHeader("the header {name} cannot be sent as it is", name=repr(name)[:100])

"""The members of a namespace as a document of the archive: JSON, the same bytes for the same state."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

NO_ROWS: Final = b"[]\n"


class MemberLine(msgspec.Struct, frozen=True):
    """`role` is the platform's own word; empty where it says none."""

    id: str
    login: str
    display_name: str
    role: str


def members_document(lines: Iterable[MemberLine]) -> bytes:
    """Ordered by login; whoever comes twice has the first line."""
    by_login: dict[str, MemberLine] = {}
    for line in lines:
        by_login.setdefault(line.login, line)
    return document([by_login[login] for login in sorted(by_login)])


def document(lines: Sequence[msgspec.Struct]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(lines), indent=1) + b"\n"

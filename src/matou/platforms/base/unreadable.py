"""What cannot be read of an answer: a field that no backup needs is left out, a row is told by its name.

Strict on what is needed (an id, a path, a namespace, an address), lenient on the rest; the records have all of it.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from matou.errors import MatouError, UnknownShape

T = TypeVar("T")

LeftOut: TypeAlias = list[UnknownShape]
"""Takes what was left out, in the order in which it was met."""

_LEFT_OUT: Final = "left_out"
_NAMES: Final = ("full_name", "path_with_namespace", "HttpsUrl", "Name", "path", "name", "login", "Id", "id")


def keep_left_out(value: Any, faults: Sequence[UnknownShape]) -> None:
    """Remember with an object what is not in it; only for its reader, before anybody else has seen it."""
    if faults:
        value.__dict__[_LEFT_OUT] = tuple(faults)


def left_out_of(value: Any) -> tuple[UnknownShape, ...]:
    """The fields of an object that came and could not be read."""
    faults: tuple[UnknownShape, ...] = getattr(value, "__dict__", {}).get(_LEFT_OUT, ())
    return faults


def readable_or_none(read: Callable[[], T | None], left_out: LeftOut) -> T | None:
    """What is read, or None for what cannot be: a field that no backup needs."""
    try:
        return read()
    except UnknownShape as fault:
        left_out.append(fault)
        return None


def require_read(value: object, *fields: str) -> None:
    """Raises UnknownShape where one of these fields of an object came and could not be read."""
    for fault in left_out_of(value):
        where, _, _ = str(fault.values.get("where", "")).partition(" (")
        if where.rpartition(".")[2] in fields:
            raise fault


class UnreadableRow(UnknownShape):
    """One row of a list that nobody can read.

    Attributes:
        name: what a person may know it by.
        key: tells it from every other row, and not from itself when the list is read again.
    """

    name: str
    key: Hashable

    @classmethod
    def of(cls, fault: UnknownShape, value: object, seen: MutableMapping[bytes, int]) -> "UnreadableRow":
        """`seen` counts the odd rows of one page, some of which may be the same to the last byte."""
        row = cls.__new__(cls)
        _say_as(row, fault)
        digest = hashlib.sha256(msgspec.json.encode(value, order="deterministic")).digest()
        row.name, row.key = name_of(value), (digest, seen.get(digest, 0))
        seen[digest] = seen.get(digest, 0) + 1
        return row


class UnreadableRows(UnknownShape):
    """A list came to its end, and not all of its rows could be read: `rows` are those; the text is the first's."""

    def __init__(self, rows: Iterable[UnreadableRow]) -> None:
        self.rows = tuple(rows)
        _say_as(self, self.rows[0])


def _say_as(error: MatouError, fault: MatouError) -> None:
    values: dict[str, Any] = dict(fault.values)
    MatouError.__init__(error, fault.template, **values)


def require_readable(rows: Iterable[object]) -> None:
    """Raises UnreadableRows."""
    odd = [row for row in rows if isinstance(row, UnreadableRow)]
    if odd:
        raise UnreadableRows(odd)


def name_of(value: object) -> str:
    if isinstance(value, Mapping):
        for key in _NAMES:
            name = value.get(key)
            if isinstance(name, str | int) and name not in ("", None):
                return repr(name)[:200]
    return repr(value)[:80]

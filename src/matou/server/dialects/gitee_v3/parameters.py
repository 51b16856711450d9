"""Reading what a client sent: query, form or JSON, as loosely as extensions of ten years have written them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from matou.errors import MatouError

LARGEST_BODY_BYTES = 256 * 1024
MOST_FIELDS = 200
LARGEST_NUMBER = 2**31
DEFAULT_PER_PAGE = 20
LARGEST_PER_PAGE = 100
ROWS_AT_ONCE = 100
"""Of a list that is made ahead: the questions to the database are the same for one page and for five."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_NUMBER = len(str(LARGEST_NUMBER))


class UnreadableBody(MatouError):
    """Neither a form nor a JSON object."""


class InvalidParameter(MatouError):
    """A parameter is of the wrong kind, or out of its bounds."""


class MissingParameter(MatouError):
    """A parameter that the request cannot do without is not there, or is empty."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a list; counted from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def with_neighbours(self, most_rows: int) -> "tuple[PageRequest, ...]":
        """The pages that are made together with this one: always the same ones, and itself where it is as large."""
        count = max(1, most_rows // self.size)
        first = (self.number - 1) // count * count + 1
        return tuple(PageRequest(number, self.size) for number in range(first, first + count))


@dataclass(frozen=True, slots=True)
class FormFields:
    """What a request says besides its path; the body goes before the query."""

    values: Mapping[str, object]

    def text(self, *names: str) -> str:
        """Of the first of these names that says something; empty where none does. Raises InvalidParameter."""
        for name in names:
            text = _text(name, self.values.get(name))
            if text:
                return text
        return ""

    def path(self, *names: str) -> str:
        """As `text`, of a file, a branch or a tag: what is not UTF-8 in the query is kept by `surrogateescape`."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value and "\0" not in value:
                return value
        return self.text(*names)

    def required(self, *names: str) -> str:
        """As `text`; raises MissingParameter, with the first name, where nothing is said."""
        text = self.text(*names)
        if not text:
            raise MissingParameter('"{name}" not given', name=names[0])
        return text

    def whole_number(self, name: str) -> int | None:
        """None where nothing is said. Raises InvalidParameter."""
        text = self.text(name).strip()
        digits = text.removeprefix("-")
        if not text:
            return None
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER):
            raise InvalidParameter('"{name}" is not a number', name=name)
        return int(text)

    def page(self, default_size: int = DEFAULT_PER_PAGE) -> PageRequest:
        """Nothing, 0 and less mean the first page; a page has at most LARGEST_PER_PAGE. Raises InvalidParameter."""
        number, size = self.whole_number("page") or 1, self.whole_number("per_page") or default_size
        return PageRequest(min(max(number, 1), LARGEST_NUMBER), min(max(size, 1), LARGEST_PER_PAGE))


def read_query(query: bytes) -> dict[str, object]:
    """Raises UnreadableBody. What has no `=`, such as the `?null` of one extension, says nothing."""
    return _read_form(query)


def read_body(body: bytes, content_type: str) -> dict[str, object]:
    """A JSON object or a form, told by how it begins: curl calls everything that it posts a form.

    Raises:
        UnreadableBody: it is neither.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if text.startswith(b"{") or (text and "json" in content_type.lower()):
        return _read_json(text)
    return _read_form(text)


def _read_form(text: bytes) -> dict[str, object]:
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, errors="surrogateescape", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnreadableBody("the request is not a form in UTF-8") from None
    return dict(pairs)


def _read_json(text: bytes) -> dict[str, object]:
    try:
        read = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableBody("the body is not JSON") from None
    if not isinstance(read, dict):
        raise UnreadableBody("the body is not a JSON object")
    return read


def _text(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int():
            return str(value) if abs(value) <= LARGEST_NUMBER else "?"
        case str() if "\0" not in value and _is_unicode(value):
            return value
    raise InvalidParameter('"{name}" is not a text', name=name)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

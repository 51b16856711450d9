"""The fields of a query and of a body, form, multipart or JSON, in every spelling that real clients use."""

import asyncio
import re
from binascii import a2b_qp
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from matou.errors import Invalid
from matou.server.streaming import SHORT_BODY_BYTES

MOST_FIELDS = 200
MOST_JSON_VALUES = 50_000
"""Each takes some sixty bytes of memory, however few of the body; contents are Base64, which has no comma."""

MOST_STRAY_PERCENTS = 1000

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORM = "application/x-www-form-urlencoded"
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BOUNDARY = re.compile(r"boundary=(\"[^\"]{1,70}\"|[^;,\s]{1,70})", re.IGNORECASE)


class UnreadableBody(Invalid):
    """The body is not of the kind that its Content-Type says."""


class FormFile(msgspec.Struct, frozen=True):
    """A file in a multipart body."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class BodyRules:
    """How loosely a platform's clients write.

    Attributes:
        is_form_unless_json: what neither begins like a JSON object nor is called JSON is a form, whatever it is called.
        needs_values: in a body that is a form each name has a value, and both are UTF-8.
    """

    is_form_unless_json: bool = False
    needs_values: bool = False


STRICT = BodyRules()


def read_query(query: bytes) -> dict[str, object]:
    """Raises UnreadableBody. What has no `=`, such as the `?null` of one extension, says nothing."""
    return _read_form(query, "the query") if query else {}


async def read_body(body: bytes, content_type: str, rules: BodyRules) -> dict[str, object]:
    """The fields of a body: multipart where there is a boundary, JSON, or a form; an empty body has none.

    curl calls everything that it posts a form, so what begins like a JSON object is read as one; and it keeps a
    Content-Type of JSON on a multipart body, with the boundary added.

    Raises:
        UnreadableBody: it is none of these.
    """
    if len(body) > SHORT_BODY_BYTES:
        return await asyncio.to_thread(read_long_body, body, content_type, rules)
    return await _read(body, content_type, rules)


def read_long_body(body: bytes, content_type: str, rules: BodyRules) -> dict[str, object]:
    """As `read_body`, in a thread of its own, so that it takes nobody else's time.

    A multipart body is read by what waits, so that the thread needs a loop of its own for it.
    """
    return asyncio.run(_read(body, content_type, rules))


async def _read(body: bytes, content_type: str, rules: BodyRules) -> dict[str, object]:
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if not text:
        return {}
    boundary = _BOUNDARY.search(content_type)
    if boundary is not None:
        return await _read_multipart(body, boundary[1].strip('"'))
    kind = content_type.partition(";")[0].strip().lower()
    is_form = "json" not in content_type.lower() if rules.is_form_unless_json else kind == _FORM
    if is_form and not text.startswith(b"{"):
        return _read_form(text, "the body", needs_values=rules.needs_values)
    return _read_json(text)


def _read_form(text: bytes, subject: str, *, needs_values: bool = False) -> dict[str, object]:
    parts = [part for part in text.split(b"&", MOST_FIELDS) if part]
    if text.count(b"&") >= MOST_FIELDS or (needs_values and not all(b"=" in part for part in parts)):
        raise UnreadableBody("{what} is not a form", what=subject)
    pairs = (part.partition(b"=") for part in parts)
    # Whether a value must be UTF-8 is otherwise for the field to say.
    errors = "strict" if needs_values else "surrogateescape"
    try:
        return {_unquoted(name).decode(): _unquoted(value).decode("utf-8", errors) for name, _, value in pairs}
    except ValueError:
        raise UnreadableBody("{what} is not a form", what=subject) from None


def _unquoted(text: bytes) -> bytes:
    """As `urllib.parse` does it, which takes 90 bytes of memory for each escape and a second for three millions.

    Quoted-printable differs from this in its sign alone, and C reads it.
    """
    plain = text.replace(b"+", b" ")
    if b"%" not in plain:
        return plain
    whole, strays = _STRAY_PERCENT.subn(b"%25", plain, MOST_STRAY_PERCENTS)
    if strays == MOST_STRAY_PERCENTS:
        raise ValueError
    return a2b_qp(whole.replace(b"=", b"=3D").replace(b"%", b"="))


def _read_json(text: bytes) -> dict[str, object]:
    if text.count(b",") > MOST_JSON_VALUES:
        raise UnreadableBody("the body has more than {most} values", most=MOST_JSON_VALUES)
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableBody("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise UnreadableBody("the body is not a JSON object")
    return _flattened(fields)


def _flattened(fields: Mapping[str, object]) -> dict[str, object]:
    """`{"author": {"name": …}}` is what others write as `author[name]`."""
    flat = dict(fields)
    for name, value in fields.items():
        if isinstance(value, dict):
            flat.update({f"{name}[{inner}]": below for inner, below in value.items()})
    return flat


async def _read_multipart(body: bytes, boundary: str) -> dict[str, object]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    if f"--{boundary}--".encode() not in body[-len(boundary) - 100 :]:
        raise UnreadableBody("the body is not multipart")
    headers = Headers({"content-type": f"multipart/form-data; boundary={boundary}"})
    parser = MultiPartParser(headers, stream(), max_files=MOST_FIELDS, max_fields=MOST_FIELDS, max_part_size=len(body))
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeError) as error:
        raise UnreadableBody("the body is not multipart") from error
    try:
        return {name: await _part(value) for name, value in form.multi_items()}
    finally:
        await form.close()


async def _part(value: UploadFile | str) -> object:
    return value if isinstance(value, str) else FormFile(value.filename or "", await value.read())

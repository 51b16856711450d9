"""Reading what a client sent: query, form, multipart or JSON, in every spelling that real clients use."""

import re
import types
from binascii import a2b_qp
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from matou.errors import MatouError
from matou.model.decoding_faults import fault_of_shape

MOST_FIELDS = 200
MOST_JSON_VALUES = 50_000
"""Each takes some sixty bytes of memory, however few of the body; contents are Base64, which has no comma."""

MOST_STRAY_PERCENTS = 1000
LARGEST_PER_PAGE = 100
LARGEST_PAGE = 2**31

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORM = "application/x-www-form-urlencoded"
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BOUNDARY = re.compile(r"boundary=(\"[^\"]{1,70}\"|[^;,\s]{1,70})", re.IGNORECASE)

Number = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
"""Of something that is counted; 0 where it is optional means "not said"."""


AnyText = Annotated[str, msgspec.Meta(extra={"may_be_empty": True})]
"""A required one may be empty, if it is there."""

PathText = Annotated[str, msgspec.Meta(extra={"may_be_bytes": True})]
"""Of a file, a branch or a tag: in the query it may hold bytes that are not UTF-8, kept by `surrogateescape`."""


class UnreadableBody(MatouError):
    """The body is not of the kind that its Content-Type says."""


class InvalidParameter(MatouError):
    """A parameter is of the wrong kind, or out of its bounds."""


class MissingParameter(MatouError):
    """A parameter that the request cannot do without is not there, or is empty."""


class Upload(msgspec.Struct, frozen=True):
    """A file in a multipart body."""

    name: str
    content: bytes


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a route reads besides its path. On the wire a field has its own name unless `msgspec.field(name=…)` says
    another; a field without a default is required."""


class Nothing(Parameters, frozen=True, kw_only=True):
    """For routes without parameters."""


class Paged(Parameters, frozen=True, kw_only=True):
    """`page` counts from 1; more than LARGEST_PER_PAGE a page is cut to that, and 0 means "not said"."""

    page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = 20

    @property
    def offset(self) -> int:
        return (max(self.page, 1) - 1) * self.limit

    @property
    def limit(self) -> int:
        return min(self.per_page or 20, LARGEST_PER_PAGE)


P = TypeVar("P", bound=Parameters)


def read_query(query: bytes) -> dict[str, object]:
    """Raises UnreadableBody."""
    return _pairs(query, "the query")


async def read_body(body: bytes, content_type: str) -> dict[str, object]:
    """The fields of a body: multipart where there is a boundary, JSON, or a form; an empty body has none.

    curl calls everything that it posts a form, so what begins like a JSON object is read as one; and it keeps a
    Content-Type of JSON on a multipart body, with the boundary added.

    Raises:
        UnreadableBody: it is none of these.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if not text:
        return {}
    boundary = _BOUNDARY.search(content_type)
    if boundary is not None:
        return await _read_multipart(body, boundary[1].strip('"'))
    kind = content_type.partition(";")[0].strip().lower()
    if text.startswith(b"{") or kind != _FORM:
        return _read_json(text)
    return _pairs(text, "the body")


def _pairs(text: bytes, what: str) -> dict[str, object]:
    if not text.isascii() or text.count(b"&") >= MOST_FIELDS:
        raise UnreadableBody("{what} is not a form", what=what)
    pairs = (part.partition(b"=") for part in text.split(b"&") if part)
    try:
        return {_unquoted(name).decode(): _text_in(_unquoted(value)) for name, _, value in pairs}
    except ValueError:
        raise UnreadableBody("{what} is not a form", what=what) from None


def _text_in(value: bytes) -> str:
    """Whether it must be UTF-8 is for the field to say. Raises ValueError for what is half a character even so."""
    return value.decode("utf-8", "surrogateescape")


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
        parameters = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableBody("the body is not JSON") from None
    if not isinstance(parameters, dict):
        raise UnreadableBody("the body is not a JSON object")
    return _flattened(parameters)


def _flattened(parameters: Mapping[str, object]) -> dict[str, object]:
    """`{"author": {"name": …}}` is what others write as `author[name]`."""
    flat = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, dict):
            flat.update({f"{name}[{inner}]": below for inner, below in value.items()})
    return flat


async def _read_multipart(body: bytes, boundary: str) -> dict[str, object]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    if f"--{boundary}--".encode() not in body[-len(boundary) - 100 :]:
        raise UnreadableBody("the body is not multipart")
    headers = Headers({"content-type": f"multipart/form-data; boundary={boundary}"})
    try:
        parser = MultiPartParser(
            headers, stream(), max_files=MOST_FIELDS, max_fields=MOST_FIELDS, max_part_size=len(body)
        )
        form = await parser.parse()
    except (MultiPartException, UnicodeError) as error:
        raise UnreadableBody("the body is not multipart") from error
    async with _closing(form.multi_items()):
        return {name: await _part(value) for name, value in form.multi_items()}


class _closing:  # noqa: N801 - used as a statement
    def __init__(self, items: Iterable[tuple[str, UploadFile | str]]) -> None:
        self._items = items

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None:
        for _name, value in self._items:
            if isinstance(value, UploadFile):
                await value.close()


async def _part(value: UploadFile | str) -> object:
    if isinstance(value, str):
        return value
    return Upload(value.filename or "", await value.read())


def read_parameters(kind: type[P], given: Mapping[str, object]) -> P:
    """Read a route's parameters.

    Raises:
        MissingParameter: a required one is missing or empty; the first is named.
        InvalidParameter: one is of the wrong kind or out of its bounds.
    """
    taken: dict[str, object] = {}
    for field in _fields(kind):
        value = given.get(field.name)
        if value is None or (value == "" and not field.is_text):
            if field.is_required:
                raise MissingParameter("{name} must not be null", name=field.name)
            continue
        taken[field.name] = _plain(field, value)
        if field.is_required and value == "" and not field.may_be_empty:
            raise MissingParameter("{name} must not be blank", name=field.name)
    try:
        return msgspec.convert(taken, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter("a parameter is of the wrong kind: {reason}", reason=fault_of_shape(error)) from None


@dataclass(frozen=True, slots=True)
class _Field:
    """What is read of one parameter; `name` is the one on the wire."""

    name: str
    is_required: bool
    is_text: bool
    is_file: bool
    may_be_empty: bool
    may_be_bytes: bool


def _plain(field: _Field, value: object) -> object:
    """What the field's own reading may look at: no file for a text, no NUL and no half of a character in a text."""
    if isinstance(value, Upload) and not field.is_file:
        value = _text_of(field.name, value)
    if isinstance(value, str) and ("\0" in value or not (field.may_be_bytes or is_unicode(value))):
        raise InvalidParameter("{name} holds a character that is not allowed", name=field.name)
    if field.is_text and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _text_of(name: str, upload: Upload) -> str:
    try:
        return upload.content.decode()
    except UnicodeDecodeError:
        raise InvalidParameter("{name} is not text", name=name) from None


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _fields(kind: type[Parameters]) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            name=field.encode_name,
            is_required=field.required,
            is_text=str in _alternatives(field.type),
            is_file=Upload in _alternatives(field.type),
            may_be_empty=_is_marked(field.type, "may_be_empty"),
            may_be_bytes=_is_marked(field.type, "may_be_bytes"),
        )
        for field in msgspec.structs.fields(kind)
    )


def _is_marked(annotation: Any, mark: str) -> bool:
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return any(mark in (meta.extra or {}) for meta in marks)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(found for part in get_args(annotation) for found in _alternatives(part))
    return (annotation,)

"""Reading what a client sent: the action's name, and the parameters of one action, in every form that is in use."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from matou.errors import MatouError, UnknownShape
from matou.platforms.coding.wire_requests import Request, read_request

MOST_FORM_FIELDS = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORM = "application/x-www-form-urlencoded"

Q = TypeVar("Q", bound=Request)


class MissingParameter(MatouError):
    """A parameter that the action cannot do without is not there, or is empty."""


class InvalidParameter(MatouError):
    """The body, or a parameter, is of the wrong kind."""


class InvalidParameterValue(MatouError):
    """A parameter is of the right kind and has a value that the action does not take."""


def read_body(body: bytes, content_type: str) -> dict[str, object]:
    """Read the parameters: JSON, or a form where it is called one; an empty body has none.

    curl calls everything that it posts a form, so what begins like a JSON object is read as one.

    Raises:
        InvalidParameter: it is neither.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if not text:
        return {}
    if content_type.partition(";")[0].strip().lower() == _FORM and not text.startswith(b"{"):
        return _read_form(text)
    try:
        parameters = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidParameter("the body is not JSON") from None
    if not isinstance(parameters, dict):
        raise InvalidParameter("the body is not a JSON object")
    return parameters


def _read_form(text: bytes) -> dict[str, object]:
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FORM_FIELDS
        )
    except ValueError:
        raise InvalidParameter("the body is not a form") from None
    return dict(pairs)


def find(parameters: Mapping[str, object], name: str) -> object:
    """A parameter whatever the case of its key; one that is spelled exactly so goes first. None where it is missing."""
    if name in parameters:
        return parameters[name]
    return next((value for key, value in parameters.items() if key.lower() == name.lower()), None)


def read_parameters(kind: type[Q], parameters: Mapping[str, object]) -> Q:
    """Read one action's parameters.

    Raises:
        MissingParameter: a required one is missing or empty; the first is named.
        InvalidParameter: one is of the wrong kind.
        InvalidParameterValue: a text holds a NUL, which a database may refuse.
    """
    for field in msgspec.structs.fields(kind):
        value = find(parameters, field.encode_name)
        if field.required and value in (None, ""):
            raise MissingParameter("the parameter {name} is missing", name=field.encode_name)
        if isinstance(value, str) and "\0" in value:
            raise InvalidParameterValue("the parameter {name} holds a NUL", name=field.encode_name)
    try:
        return read_request(kind, parameters)
    except UnknownShape as error:
        raise InvalidParameter(
            "{where} was {value}, which is of the wrong kind", where=error.values["where"], value=error.values["value"]
        ) from None

"""How CODING fails: which code means which of our six kinds. A failure comes with status 200."""

from enum import StrEnum

import msgspec

from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater
from matou.http.tokens import BadCredential
from matou.platforms.coding import SCOPES_TO_READ

SCOPE_REFUSED = "The current scope does not support access to this API"
"""The message, seen with more than one code, for a token without the scope and for one who is no administrator."""


class ErrorCode(StrEnum):
    """Declared by the vendor's document (`x-tcapi-errorcodes`), most used first."""

    INVALID_PARAMETER = "InvalidParameter"
    INTERNAL_ERROR = "InternalError"
    INVALID_PARAMETER_VALUE = "InvalidParameterValue"
    FAILED_OPERATION = "FailedOperation"
    UNSUPPORTED_OPERATION = "UnsupportedOperation"
    UNKNOWN_PARAMETER = "UnknownParameter"
    UNAUTHORIZED_OPERATION = "UnauthorizedOperation"
    MISSING_PARAMETER = "MissingParameter"
    RESOURCE_NOT_FOUND = "ResourceNotFound"
    LIMIT_EXCEEDED = "LimitExceeded"
    AUTH_FAILURE = "AuthFailure"
    DRY_RUN_OPERATION = "DryRunOperation"
    RESOURCE_IN_USE = "ResourceInUse"
    REQUEST_LIMIT_EXCEEDED = "RequestLimitExceeded"
    RESOURCE_INSUFFICIENT = "ResourceInsufficient"
    RESOURCE_UNAVAILABLE = "ResourceUnavailable"
    OPERATION_DENIED = "OperationDenied"
    RESOURCES_SOLD_OUT = "ResourcesSoldOut"
    EMAIL_NOT_FOUND_ACCOUNT = "InvalidParameterValue.EmailNotFoundAccount"


class Error(msgspec.Struct, rename="pascal", kw_only=True):
    code: str
    message: str = ""


class CredentialRefused(BadCredential):
    """CODING does not know the token, or it has expired."""


class ActionRefused(Refused):
    """The token is good, and may not do this."""


class ScopeMissing(ActionRefused):
    """The token lacks a scope, or its owner is no administrator."""


class Busy(TryLater):
    """CODING asks us to come again later."""


class NotThere(NotFound):
    """CODING says that there is no such thing."""


class NoOpenAPI(NotFound):
    """What answers at the address that was given is no Open API."""


class InTheWay(Conflict):
    """CODING says that it is there already, or in use."""


class CodingFailed(MatouError):
    """CODING failed in a way that none of the six kinds covers."""


_KINDS: dict[str, type[MatouError]] = {
    ErrorCode.AUTH_FAILURE: CredentialRefused,
    ErrorCode.UNAUTHORIZED_OPERATION: ActionRefused,
    ErrorCode.OPERATION_DENIED: ActionRefused,
    ErrorCode.RESOURCE_NOT_FOUND: NotThere,
    ErrorCode.EMAIL_NOT_FOUND_ACCOUNT: NotThere,
    ErrorCode.REQUEST_LIMIT_EXCEEDED: Busy,
    ErrorCode.LIMIT_EXCEEDED: Busy,
    ErrorCode.INTERNAL_ERROR: Busy,
    ErrorCode.RESOURCE_UNAVAILABLE: Busy,
    ErrorCode.RESOURCE_IN_USE: InTheWay,
}

# What the other codes mean is in their message only. Seen: "Title Duplicated" and "团队成员不存在".
_MESSAGES: tuple[tuple[str, type[MatouError]], ...] = (
    ("not exist", NotThere),
    ("not_exist", NotThere),
    ("not found", NotThere),
    ("不存在", NotThere),
    ("duplicated", InTheWay),
    ("already exist", InTheWay),
    ("已存在", InTheWay),
)


def failure_of(error: Error) -> MatouError:
    """The exception to raise for what stands in `Response.Error`; it carries code and message as they came."""
    if SCOPE_REFUSED.lower() in error.message.lower():
        return ScopeMissing(
            "coding answered {code}: {message}",
            code=error.code,
            message=error.message,
            scopes=", ".join(SCOPES_TO_READ),
            advice="give the token the scopes {scopes}; its owner must be an owner or administrator of the team",
        )
    return _kind_of(error)("coding answered {code}: {message}", code=error.code, message=error.message)


def _kind_of(error: Error) -> type[MatouError]:
    # `AuthFailure.TokenFailure` and its like are the vendor's cloud's own: a kind, and after the dot what of it.
    kind = _KINDS.get(error.code) or _KINDS.get(error.code.partition(".")[0])
    if kind is not None:
        return kind
    message = error.message.lower()
    return next((kind for part, kind in _MESSAGES if part in message), CodingFailed)

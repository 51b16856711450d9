"""How CODING fails: which code means which of our kinds. A failure comes with status 200."""

from enum import StrEnum

import msgspec

from matou.errors import MatouError, NotFound
from matou.platforms.base.errors import (
    ActionRefused,
    AlreadyExists,
    CredentialRefused,
    NotOffered,
    PlatformBusy,
    PlatformFailed,
    RemoteNotFound,
)
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


class ScopeMissing(ActionRefused):
    """The token lacks a scope, or its owner is no administrator."""


class NoOpenAPI(NotFound):
    """What answers at the address that was given is no Open API."""


_KINDS: dict[str, type[MatouError]] = {
    ErrorCode.AUTH_FAILURE: CredentialRefused,
    ErrorCode.UNAUTHORIZED_OPERATION: ActionRefused,
    ErrorCode.OPERATION_DENIED: ActionRefused,
    # Of servers that speak a part of this API: an action that they do not have is nothing that could be refused.
    "InvalidAction": NotOffered,
    ErrorCode.RESOURCE_NOT_FOUND: RemoteNotFound,
    ErrorCode.EMAIL_NOT_FOUND_ACCOUNT: RemoteNotFound,
    ErrorCode.REQUEST_LIMIT_EXCEEDED: PlatformBusy,
    ErrorCode.LIMIT_EXCEEDED: PlatformBusy,
    ErrorCode.INTERNAL_ERROR: PlatformBusy,
    ErrorCode.RESOURCE_UNAVAILABLE: PlatformBusy,
    ErrorCode.RESOURCE_IN_USE: AlreadyExists,
}

# What the other codes mean is in their message only. Seen: "Title Duplicated" and "团队成员不存在".
_MESSAGES: tuple[tuple[str, type[MatouError]], ...] = (
    ("not exist", RemoteNotFound),
    ("not_exist", RemoteNotFound),
    ("not found", RemoteNotFound),
    ("不存在", RemoteNotFound),
    ("duplicated", AlreadyExists),
    ("already exist", AlreadyExists),
    ("已存在", AlreadyExists),
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
    return next((kind for part, kind in _MESSAGES if part in message), PlatformFailed)

"""The one table from the kinds of failure to CODING's codes, and the envelope of every answer.

A failure comes with HTTP status 200, but for want of room on the disk, which is 507, and what is no POST.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from matou.errors import Refused
from matou.platforms.coding import wire
from matou.platforms.coding.errors import SCOPE_REFUSED, Error, ErrorCode
from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import JSON, NO_STORE, ApiResponse
from matou.server.errors import DISK_FULL, NO_ROOM
from matou.server.watch.requests import request_id

UNKNOWN_ACTION = "InvalidAction"
"""Not among the codes that CODING declares for its actions; it is what Tencent Cloud's gateways, whose protocol this
is, answer for a name that is no action's."""


class ScopeRefused(Refused):
    """What is asked for is for administrators, or for members, of the team only."""

    def __init__(self) -> None:
        super().__init__(SCOPE_REFUSED)


@dataclass(frozen=True, slots=True)
class CodingError:
    """How a kind of failure is told. `message` is None where our own sentence is."""

    code: str
    message: str | None = None
    status: int = 200


FAILURES: Mapping[FailureKind, CodingError] = {
    FailureKind.NO_SUCH_ROUTE: CodingError(UNKNOWN_ACTION),
    FailureKind.WRONG_METHOD: CodingError(
        ErrorCode.UNSUPPORTED_OPERATION, "this is CODING's Open API: send a POST request", 405
    ),
    FailureKind.NOT_SIGNED_IN: CodingError(ErrorCode.AUTH_FAILURE),
    FailureKind.RATE_LIMITED: CodingError(ErrorCode.REQUEST_LIMIT_EXCEEDED),
    FailureKind.TOO_MANY_LOGINS: CodingError(ErrorCode.REQUEST_LIMIT_EXCEEDED),
    FailureKind.MISSING_PARAMETER: CodingError(ErrorCode.MISSING_PARAMETER),
    FailureKind.INVALID_VALUE: CodingError(ErrorCode.INVALID_PARAMETER_VALUE),
    FailureKind.INVALID_PARAMETER: CodingError(ErrorCode.INVALID_PARAMETER),
    FailureKind.UNREADABLE_BODY: CodingError(ErrorCode.INVALID_PARAMETER),
    FailureKind.BODY_TOO_LARGE: CodingError(ErrorCode.INVALID_PARAMETER),
    FailureKind.INVALID_NAME: CodingError(ErrorCode.INVALID_PARAMETER_VALUE),
    FailureKind.INVALID_PATH: CodingError(ErrorCode.INVALID_PARAMETER_VALUE),
    FailureKind.AMBIGUOUS_REVISION: CodingError(ErrorCode.INVALID_PARAMETER_VALUE),
    FailureKind.TOO_LARGE_TO_READ: CodingError(ErrorCode.UNSUPPORTED_OPERATION),
    # CODING has one sentence for every token that is not good for an action; tools look for it.
    FailureKind.MISSING_SCOPE: CodingError(ErrorCode.UNAUTHORIZED_OPERATION, SCOPE_REFUSED),
    FailureKind.DISK_FULL: CodingError(ErrorCode.FAILED_OPERATION, str(NO_ROOM), DISK_FULL),
    FailureKind.FAULT: CodingError(ErrorCode.FAILED_OPERATION, "this server has a fault; its log says more"),
    FailureKind.TRY_LATER: CodingError(ErrorCode.RESOURCE_UNAVAILABLE),
    FailureKind.REFUSED: CodingError(ErrorCode.UNAUTHORIZED_OPERATION),
    FailureKind.NOT_FOUND: CodingError(ErrorCode.RESOURCE_NOT_FOUND),
    FailureKind.CONFLICT: CodingError(ErrorCode.RESOURCE_IN_USE),
    FailureKind.INVALID: CodingError(ErrorCode.INVALID_PARAMETER_VALUE),
}


class SavedAnswer(wire.Response, kw_only=True):
    """An answer of rows that have what was told besides, too, which no struct has."""

    values: Mapping[str, object]


def encode(answer: wire.Response) -> bytes:
    """Give it the number of its request."""
    answer.request_id = request_id()
    if isinstance(answer, SavedAnswer):
        return msgspec.json.encode({"Response": {**answer.values, "RequestId": answer.request_id}})
    return wire.encode_response(answer)


def write_failure(failure: ApiFailure[CodingError]) -> ApiResponse:
    row = failure.row
    error = Error(code=row.code, message=failure.text if row.message is None else row.message)
    body = wire.encode_response(wire.ErrorResponse(request_id=failure.id, error=error))
    return ApiResponse(row.status, (JSON, NO_STORE, *failure.headers), body)

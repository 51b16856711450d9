"""The one table from the kinds of failure to the answers of our own API: a status, and a sentence in `message`."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import ApiResponse, json_response
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE, TOO_MANY


class MatouErrorBody(msgspec.Struct, kw_only=True):
    """What a failure answers."""

    message: str


class MatouApiError(NamedTuple):
    """How a kind of failure is told; `message` is None where our own sentence is."""

    status: int
    message: str | None = None


FAILURES: Final[Mapping[FailureKind, MatouApiError]] = {
    FailureKind.NOT_SIGNED_IN: MatouApiError(401),
    FailureKind.RATE_LIMITED: MatouApiError(TOO_MANY),
    FailureKind.TOO_MANY_LOGINS: MatouApiError(TOO_MANY),
    FailureKind.BODY_TOO_LARGE: MatouApiError(TOO_LARGE),
    FailureKind.UNREADABLE_BODY: MatouApiError(400),
    FailureKind.NO_SUCH_ROUTE: MatouApiError(404, "there is nothing here"),
    FailureKind.WRONG_METHOD: MatouApiError(405),
    FailureKind.AMBIGUOUS_REVISION: MatouApiError(409),
    FailureKind.TOO_LARGE_TO_READ: MatouApiError(403),
    FailureKind.DISK_FULL: MatouApiError(DISK_FULL, str(NO_ROOM)),
    FailureKind.FAULT: MatouApiError(500, "this server has a fault; its log says more"),
    FailureKind.TRY_LATER: MatouApiError(503),
    FailureKind.REFUSED: MatouApiError(403),
    FailureKind.NOT_FOUND: MatouApiError(404),
    FailureKind.CONFLICT: MatouApiError(409),
    FailureKind.INVALID: MatouApiError(422),
    FailureKind.OTHER: MatouApiError(400),
}


def write_failure(failure: ApiFailure[MatouApiError]) -> ApiResponse:
    body = MatouErrorBody(message=failure.text if failure.row.message is None else failure.row.message)
    return json_response(failure.row.status, body, *failure.headers)

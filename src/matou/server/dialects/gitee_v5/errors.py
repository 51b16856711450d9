"""The one table from the kinds of failure to the answers of Gitee's API v5: a status, and a sentence in `message`."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import ApiResponse, json_response
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE


class GiteeV5ErrorBody(msgspec.Struct, kw_only=True):
    """What a failure answers."""

    message: str


@dataclass(frozen=True, slots=True)
class GiteeV5Error:
    """How a kind of failure is told. `message` is None where our own sentence is."""

    status: int
    message: str | None = None


FAILURES: Mapping[FailureKind, GiteeV5Error] = {
    FailureKind.NOT_SIGNED_IN: GiteeV5Error(401, "401 Unauthorized: Access token does not exist"),
    FailureKind.RATE_LIMITED: GiteeV5Error(403, "403 Forbidden (Rate Limit Exceeded)"),
    FailureKind.TOO_MANY_LOGINS: GiteeV5Error(429),
    FailureKind.BODY_TOO_LARGE: GiteeV5Error(TOO_LARGE),
    FailureKind.NO_SUCH_ROUTE: GiteeV5Error(404),
    FailureKind.WRONG_METHOD: GiteeV5Error(405),
    FailureKind.NO_SUCH_REPOSITORY: GiteeV5Error(404, "404 Project Not Found"),
    FailureKind.AMBIGUOUS_REVISION: GiteeV5Error(409),
    FailureKind.DISK_FULL: GiteeV5Error(DISK_FULL, str(NO_ROOM)),
    FailureKind.FAULT: GiteeV5Error(500, "this server has a fault; its log says more"),
    FailureKind.TRY_LATER: GiteeV5Error(503),
    FailureKind.REFUSED: GiteeV5Error(403),
    FailureKind.NOT_FOUND: GiteeV5Error(404),
    FailureKind.OTHER: GiteeV5Error(400),
}


def write_failure(failure: ApiFailure[GiteeV5Error]) -> ApiResponse:
    row = failure.row
    text = failure.text if row.message is None else row.message
    return json_response(row.status, GiteeV5ErrorBody(message=text), *failure.headers)

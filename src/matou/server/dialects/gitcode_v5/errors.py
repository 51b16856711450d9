"""The one table from the kinds of failure to GitCode's answers: HTTP status, error_code, error_code_name."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import ApiResponse, json_response
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE


class GitCodeErrorBody(msgspec.Struct, kw_only=True):
    """What a failure answers. GitCode sends no `message`; a client that reads only that prints ours."""

    error_code: int
    error_code_name: str
    error_message: str
    trace_id: str
    message: str


@dataclass(frozen=True, slots=True)
class GitCodeError:
    """How a kind of failure is told. `message` is None where our own sentence is."""

    status: int
    code: int
    name: str
    message: str | None = None


FAILURES: Mapping[FailureKind, GitCodeError] = {
    FailureKind.NOT_SIGNED_IN: GitCodeError(401, 401, "UNAUTHORIZED", "401, token not found"),
    FailureKind.RATE_LIMITED: GitCodeError(429, 429, "TOO_MANY_REQUESTS"),
    FailureKind.TOO_MANY_LOGINS: GitCodeError(429, 429, "TOO_MANY_REQUESTS"),
    FailureKind.MISSING_PARAMETER: GitCodeError(400, 1000, "PARAMETER_ERROR"),
    FailureKind.INVALID_PARAMETER: GitCodeError(400, 400, "BAD_REQUEST"),
    FailureKind.UNREADABLE_BODY: GitCodeError(
        400, 400, "BAD_REQUEST", "Request body parsing error, please check if the header content-type matches"
    ),
    FailureKind.BODY_TOO_LARGE: GitCodeError(TOO_LARGE, TOO_LARGE, "BAD_REQUEST"),
    FailureKind.NO_SUCH_ROUTE: GitCodeError(404, 404, "NOT_FOUND"),
    FailureKind.WRONG_METHOD: GitCodeError(405, 405, "METHOD_NOT_ALLOWED"),
    FailureKind.NO_SUCH_REPOSITORY: GitCodeError(404, 404, "UN_KNOW", "Project not found"),
    FailureKind.NO_SUCH_NAMESPACE: GitCodeError(404, 404, "UN_KNOW", "404 Namespace Not Found"),
    FailureKind.NO_SUCH_COMMIT: GitCodeError(400, 404, "UN_KNOW", "404 Not Found Commit"),
    FailureKind.AMBIGUOUS_REVISION: GitCodeError(409, 409, "CONFLICT"),
    FailureKind.TOO_LARGE_TO_READ: GitCodeError(400, 400, "UN_KNOW"),
    FailureKind.HOSTILE_PATH: GitCodeError(400, 400, "UN_KNOW"),
    FailureKind.INVALID_NAME: GitCodeError(400, 400, "UN_KNOW"),
    FailureKind.EMPTY_UPLOAD: GitCodeError(400, 1000, "PARAMETER_ERROR", "文件内容不能为空"),
    FailureKind.DISK_FULL: GitCodeError(DISK_FULL, DISK_FULL, "FAIL", str(NO_ROOM)),
    FailureKind.FAULT: GitCodeError(500, 500, "FAIL", "this server has a fault; its log says more"),
    FailureKind.TRY_LATER: GitCodeError(503, 503, "TRY_LATER"),
    FailureKind.REFUSED: GitCodeError(403, 403, "FORBIDDEN"),
    FailureKind.NOT_FOUND: GitCodeError(404, 404, "UN_KNOW"),
    FailureKind.CONFLICT: GitCodeError(400, 400, "UN_KNOW"),
    FailureKind.OTHER: GitCodeError(400, 400, "BAD_REQUEST"),
}


def write_failure(failure: ApiFailure[GitCodeError]) -> ApiResponse:
    row = failure.row
    text = failure.text if row.message is None else row.message
    body = GitCodeErrorBody(
        error_code=row.code,
        error_code_name=row.name,
        error_message=text,
        trace_id=failure.id.replace("-", ""),
        message=text,
    )
    return json_response(row.status, body, *failure.headers)

"""The one table from the kinds of failure to Gitee's answers.

`message` is always a text: extensions crash on anything else, and one app looks in it for the word `Unauthorized`.
403 makes an extension log in anew, so what may not be seen is 404, as if it were not there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from matou.platforms.gitee import wire_v3 as wire
from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import ApiResponse, json_response
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE

UNAUTHORIZED = "401 Unauthorized"
_BAD_REQUEST = "400 (Bad request) {reason}"


@dataclass(frozen=True, slots=True)
class GiteeError:
    """How a kind of failure is told. `{reason}` in the message is our own sentence."""

    status: int
    message: str = "{reason}"
    write: Callable[[str], msgspec.Struct] = lambda message: wire.Failure(message=message)


FAILURES: Mapping[FailureKind, GiteeError] = {
    FailureKind.NOT_SIGNED_IN: GiteeError(401, UNAUTHORIZED),
    # The only words for this that an extension tells from a failure to log in.
    FailureKind.RATE_LIMITED: GiteeError(403, "API rate limit exceeded: {reason}"),
    FailureKind.TOO_MANY_LOGINS: GiteeError(429, "429 Too Many Requests: {reason}"),
    FailureKind.BODY_TOO_LARGE: GiteeError(TOO_LARGE),
    FailureKind.NO_SUCH_ROUTE: GiteeError(404, write=lambda _: wire.UnknownRoute()),
    FailureKind.WRONG_METHOD: GiteeError(405, write=lambda _: wire.UnknownRoute(error="405 Not Allowed")),
    FailureKind.NO_SUCH_REPOSITORY: GiteeError(404, "404 Project Not Found"),
    FailureKind.NO_SUCH_NAMESPACE: GiteeError(404, "404 Namespace Not Found"),
    FailureKind.NO_SUCH_USER: GiteeError(404, "404 User Not Found"),
    FailureKind.NO_SUCH_BRANCH: GiteeError(404, "404 Branch Not Found"),
    FailureKind.NO_SUCH_COMMIT: GiteeError(404, "404 Commit Not Found"),
    FailureKind.NO_SUCH_REVISION: GiteeError(404, "404 Commit Not Found"),
    FailureKind.NO_SUCH_FILE: GiteeError(404, "404 File Not Found"),
    FailureKind.NO_SUCH_OBJECT: GiteeError(404, "404 Tree Not Found"),
    FailureKind.AMBIGUOUS_REVISION: GiteeError(409, "409 Conflict: {reason}"),
    FailureKind.TOO_LARGE_TO_READ: GiteeError(400, _BAD_REQUEST),
    FailureKind.NAME_TAKEN: GiteeError(200, wire.NAME_TAKEN, lambda message: wire.GiteeV3Outcome(message=message)),
    FailureKind.DISK_FULL: GiteeError(DISK_FULL, str(NO_ROOM)),
    FailureKind.FAULT: GiteeError(500, "500 Internal Server Error"),
    FailureKind.TRY_LATER: GiteeError(503),
    FailureKind.REFUSED: GiteeError(403, "403 Forbidden: {reason}"),
    FailureKind.NOT_FOUND: GiteeError(404, "404 Not Found"),
    FailureKind.OTHER: GiteeError(400, _BAD_REQUEST),
}


def write_failure(failure: ApiFailure[GiteeError]) -> ApiResponse:
    row = failure.row
    return json_response(row.status, row.write(row.message.replace("{reason}", failure.text)), *failure.headers)

"""The one table from the kinds of failure to GitHub's answers: a status, and a sentence in `message`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.responses import ApiResponse, json_response
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE

NOT_FOUND: Final = "Not Found"
DOCUMENTATION: Final = "https://docs.github.com/rest"


class GitHubErrorBody(msgspec.Struct, kw_only=True):
    """What a failure answers."""

    message: str
    documentation_url: str = DOCUMENTATION
    status: str


class GitHubFieldError(msgspec.Struct, kw_only=True):
    """One of `errors` of a request that cannot be used."""

    resource: str
    code: str
    message: str


class GitHubInvalidBody(GitHubErrorBody, kw_only=True):
    """What a request answers that cannot be used: GitHub's own sentence, and ours below it."""

    errors: list[GitHubFieldError]


@dataclass(frozen=True, slots=True)
class GitHubError:
    """How a kind of failure is told. `message` is None where our own sentence is; `is_invalid` adds `errors`."""

    status: int
    message: str | None = None
    is_invalid: bool = False


_INVALID: Final = GitHubError(422, "Validation Failed", is_invalid=True)

FAILURES: Mapping[FailureKind, GitHubError] = {
    FailureKind.NOT_SIGNED_IN: GitHubError(401, "Bad credentials"),
    FailureKind.RATE_LIMITED: GitHubError(403, "API rate limit exceeded"),
    FailureKind.TOO_MANY_LOGINS: GitHubError(429),
    FailureKind.BODY_TOO_LARGE: GitHubError(TOO_LARGE),
    FailureKind.UNREADABLE_BODY: GitHubError(400, "Problems parsing JSON"),
    FailureKind.NO_SUCH_ROUTE: GitHubError(404, NOT_FOUND),
    FailureKind.WRONG_METHOD: GitHubError(405),
    FailureKind.AMBIGUOUS_REVISION: GitHubError(409),
    FailureKind.TOO_LARGE_TO_READ: GitHubError(403),
    FailureKind.DISK_FULL: GitHubError(DISK_FULL, str(NO_ROOM)),
    FailureKind.FAULT: GitHubError(500, "Server Error"),
    FailureKind.TRY_LATER: GitHubError(503),
    FailureKind.REFUSED: GitHubError(403),
    FailureKind.NOT_FOUND: GitHubError(404, NOT_FOUND),
    FailureKind.CONFLICT: GitHubError(409),
    FailureKind.INVALID: _INVALID,
    FailureKind.OTHER: GitHubError(400),
}


def write_failure(failure: ApiFailure[GitHubError]) -> ApiResponse:
    row = failure.row
    text, status = failure.text if row.message is None else row.message, str(row.status)
    if row.is_invalid:
        errors = [GitHubFieldError(resource="Request", code="custom", message=failure.text)]
        body: GitHubErrorBody = GitHubInvalidBody(message=text, status=status, errors=errors)
    else:
        body = GitHubErrorBody(message=text, status=status)
    return json_response(row.status, body, *failure.headers)

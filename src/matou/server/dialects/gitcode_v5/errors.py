"""The one table from our failures to GitCode's: HTTP status, error_code, error_code_name.

The message is our own sentence about what was asked for, or GitCode's where clients look at its words; never what git,
the database or Python said.
"""

from dataclasses import dataclass
from uuid import uuid4

import msgspec
import structlog

from matou.errors import Conflict, Damaged, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.forge.access import MissingScope, NoSuchNamespace, NoSuchRepository
from matou.forge.accounts.users import TooManyFailures
from matou.forge.content.abbreviations import AmbiguousRevision
from matou.forge.content.history import NoSuchCommit
from matou.forge.content.uploads import EmptyUpload
from matou.git.odb.objects import TooLargeToRead
from matou.git.operations.archives import HostilePath
from matou.git.process.run import GitFailed
from matou.model.names import InvalidName
from matou.server.api.context import NotSignedIn
from matou.server.api.params import InvalidParameter, MissingParameter, UnreadableBody
from matou.server.api.responses import JSON, NO_STORE, Response
from matou.server.api.router import NoSuchRoute, WrongMethod
from matou.server.authentication import UnknownCredential, UnreadableCredential
from matou.server.errors import DISK_FULL, TOO_LARGE, is_disk_full
from matou.server.errors import NO_ROOM as NO_ROOM_LEFT
from matou.server.rate_limit import TooManyCalls
from matou.server.streaming import BodyTooLarge, Header
from matou.storage.files import DiskFull, WriteFailed

log = structlog.get_logger(__name__)


class ErrorBody(msgspec.Struct, kw_only=True):
    """What a failure answers. GitCode sends no `message`; a client that reads only that prints ours."""

    error_code: int
    error_code_name: str
    error_message: str
    trace_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """How a kind of failure is told. `message` is None where our own sentence is."""

    status: int
    code: int
    name: str
    message: str | None = None


FAULT_OF_OURS = Failure(500, 500, "FAIL", "this server has a fault; its log says more")
NO_ROOM = Failure(DISK_FULL, DISK_FULL, "FAIL", NO_ROOM_LEFT)

FAILURES: tuple[tuple[type[MatouError], Failure], ...] = (
    (NotSignedIn, Failure(401, 401, "UNAUTHORIZED", "401, token not found")),
    (UnknownCredential, Failure(401, 401, "UNAUTHORIZED", "401, token not found")),
    (UnreadableCredential, Failure(401, 401, "UNAUTHORIZED", "401, token not found")),
    (TooManyCalls, Failure(429, 429, "TOO_MANY_REQUESTS")),
    (MissingParameter, Failure(400, 1000, "PARAMETER_ERROR")),
    (InvalidParameter, Failure(400, 400, "BAD_REQUEST")),
    (
        UnreadableBody,
        Failure(
            400,
            400,
            "BAD_REQUEST",
            "Request body parsing error, please check if the header content-type matches",
        ),
    ),
    (BodyTooLarge, Failure(TOO_LARGE, TOO_LARGE, "BAD_REQUEST")),
    (NoSuchRepository, Failure(404, 404, "UN_KNOW", "Project not found")),
    (NoSuchNamespace, Failure(404, 404, "UN_KNOW", "404 Namespace Not Found")),
    (NoSuchCommit, Failure(400, 404, "UN_KNOW", "404 Not Found Commit")),
    (AmbiguousRevision, Failure(409, 409, "CONFLICT")),
    (TooLargeToRead, Failure(400, 400, "UN_KNOW")),
    (HostilePath, Failure(400, 400, "UN_KNOW")),
    (WrongMethod, Failure(405, 405, "METHOD_NOT_ALLOWED")),
    (NoSuchRoute, Failure(404, 404, "NOT_FOUND")),
    (MissingScope, Failure(403, 403, "FORBIDDEN")),
    (InvalidName, Failure(400, 400, "UN_KNOW")),
    (DiskFull, NO_ROOM),
    (WriteFailed, FAULT_OF_OURS),
    (GitFailed, FAULT_OF_OURS),
    (EmptyUpload, Failure(400, 1000, "PARAMETER_ERROR", "文件内容不能为空")),
    (TooManyFailures, Failure(429, 429, "TOO_MANY_REQUESTS")),
    (TryLater, Failure(503, 503, "TRY_LATER")),
    (Refused, Failure(403, 403, "FORBIDDEN")),
    (NotFound, Failure(404, 404, "UN_KNOW")),
    (Conflict, Failure(400, 400, "UN_KNOW")),
    (UnknownShape, Failure(400, 400, "BAD_REQUEST")),
    (Damaged, FAULT_OF_OURS),
    (MatouError, Failure(400, 400, "BAD_REQUEST")),
)
"""The first that fits."""


def answer_to(error: Exception) -> Response:
    """Log what is ours to mend; say to the client what is the client's to know."""
    failure = _failure_of(error)
    trace_id = uuid4().hex
    if failure.status >= 500 and not isinstance(error, TryLater):
        log.error("request_failed", trace_id=trace_id, exc_info=error)
    text = _unicode(str(error)) if failure.message is None else failure.message
    body = ErrorBody(
        error_code=failure.code, error_code_name=failure.name, error_message=text, trace_id=trace_id, message=text
    )
    return Response(failure.status, (JSON, NO_STORE, *_headers(error)), msgspec.json.encode(body))


def _unicode(text: str) -> str:
    """A name of a branch or file may hold bytes that are no text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _failure_of(error: Exception) -> Failure:
    if is_disk_full(error):
        return NO_ROOM
    return next((failure for kind, failure in FAILURES if isinstance(error, kind)), FAULT_OF_OURS)


def _headers(error: Exception) -> tuple[Header, ...]:
    if isinstance(error, WrongMethod):
        return ((b"allow", str(error.values["methods"]).encode()),)
    wait = error.wait if isinstance(error, TryLater) else None
    return () if wait is None else ((b"retry-after", b"%d" % max(1, round(wait.total_seconds()))),)

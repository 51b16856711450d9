"""The one table from our failures to Gitee's answers.

`message` is always a text: extensions crash on anything else, and one app looks in it for the word `Unauthorized`.
403 makes an extension log in anew, so what may not be seen is 404, as if it were not there.
"""

from dataclasses import dataclass

import structlog

from matou.errors import Damaged, MatouError, NotFound, Refused, TryLater
from matou.forge.access import NoSuchNamespace, NoSuchRepository
from matou.forge.accounts.users import NameTaken, TooManyFailures
from matou.forge.content.abbreviations import AmbiguousRevision
from matou.forge.content.branches import NoSuchRevision
from matou.forge.content.history import NoSuchCommit
from matou.forge.repositories.lifecycle import NoSuchBranch
from matou.forge.repositories.repository_lists import NoSuchUser
from matou.git.odb.objects import MissingObject, MissingPath, TooLargeToRead
from matou.git.process.run import GitFailed
from matou.platforms.gitee import wire_v3 as wire
from matou.server.authentication import UnknownCredential, UnreadableCredential
from matou.server.dialects.gitee_v3.answers import Response, encode
from matou.server.dialects.gitee_v3.context import NotSignedIn
from matou.server.dialects.gitee_v3.routing import NoSuchRoute, WrongMethod
from matou.server.errors import DISK_FULL, NO_ROOM, TOO_LARGE, is_disk_full
from matou.server.rate_limit import TooManyCalls
from matou.server.streaming import BodyTooLarge, Header
from matou.storage.files import WriteFailed

log = structlog.get_logger(__name__)

UNAUTHORIZED = "401 Unauthorized"


@dataclass(frozen=True, slots=True)
class Told:
    """How a kind of failure is told. `{reason}` in the message is our own sentence."""

    status: int
    message: str = "{reason}"


FAULT_OF_OURS = Told(500, "500 Internal Server Error")
OUT_OF_ROOM = Told(DISK_FULL, NO_ROOM)

FAILURES: tuple[tuple[type[MatouError], Told], ...] = (
    (NotSignedIn, Told(401, UNAUTHORIZED)),
    (UnknownCredential, Told(401, UNAUTHORIZED)),
    (UnreadableCredential, Told(401, UNAUTHORIZED)),
    (TooManyFailures, Told(429, "429 Too Many Requests: {reason}")),
    # The only words for this that an extension tells from a failure to log in.
    (TooManyCalls, Told(403, "API rate limit exceeded: {reason}")),
    (BodyTooLarge, Told(TOO_LARGE)),
    (NoSuchRepository, Told(404, "404 Project Not Found")),
    (NoSuchNamespace, Told(404, "404 Namespace Not Found")),
    (NoSuchUser, Told(404, "404 User Not Found")),
    (NoSuchBranch, Told(404, "404 Branch Not Found")),
    (NoSuchCommit, Told(404, "404 Commit Not Found")),
    (NoSuchRevision, Told(404, "404 Commit Not Found")),
    (AmbiguousRevision, Told(409, "409 Conflict: {reason}")),
    (MissingPath, Told(404, "404 File Not Found")),
    (MissingObject, Told(404, "404 Tree Not Found")),
    (TooLargeToRead, Told(400, "400 (Bad request) {reason}")),
    (WriteFailed, FAULT_OF_OURS),
    (GitFailed, FAULT_OF_OURS),
    (Damaged, FAULT_OF_OURS),
    (TryLater, Told(503)),
    (Refused, Told(403, "403 Forbidden: {reason}")),
    (NotFound, Told(404, "404 Not Found")),
    (MatouError, Told(400, "400 (Bad request) {reason}")),
)
"""The first that fits."""


def answer_to(error: Exception) -> Response:
    """Log what is ours to mend; say to the client what is the client's to know."""
    match error:
        case NoSuchRoute():
            return encode(wire.NoSuchRoute(), 404)
        case WrongMethod():
            return _with(encode(wire.NoSuchRoute(error="405 Not Allowed"), 405), (b"allow", error.allowed.encode()))
        case NameTaken():
            return encode(wire.Outcome(message=wire.NAME_TAKEN), 200)
    told = _told(error)
    if told.status >= 500 and not isinstance(error, TryLater):
        log.error("request_failed", exc_info=error)
    # A name of a branch or file may hold bytes that are no text.
    reason = str(error).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    answer = encode(wire.Failure(message=told.message.replace("{reason}", reason)), told.status)
    wait = error.wait if isinstance(error, TryLater) else None
    return answer if wait is None else _with(answer, (b"retry-after", b"%d" % max(1, round(wait.total_seconds()))))


def _told(error: Exception) -> Told:
    if is_disk_full(error):
        return OUT_OF_ROOM
    return next((told for kind, told in FAILURES if isinstance(error, kind)), FAULT_OF_OURS)


def _with(answer: Response, header: Header) -> Response:
    return Response(answer.status, (*answer.headers, header), answer.body)

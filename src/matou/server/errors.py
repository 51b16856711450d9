"""What a failure becomes for a client: one table from the seven kinds to HTTP, for git, LFS and pages alike.

A client is told our own sentence about what it asked for. It is never told what git, the database or Python said.
"""

from dataclasses import dataclass

import structlog

from matou import fs
from matou.errors import Conflict, Damaged, Invalid, MatouError, NotFound, Phrase, Refused, TryLater, UnknownShape
from matou.forge.accounts.users import TooManyFailures
from matou.fs import DiskFull, WriteFailed
from matou.model.names import InvalidName
from matou.server.expensive_pages import TooManyExpensivePages
from matou.server.queries import QueryTooLong
from matou.server.rate_limit import TooManyCalls
from matou.server.streaming import BodyTooLarge, Header

log = structlog.get_logger(__name__)

TOO_LARGE = 413
TOO_LONG = 414
TOO_MANY = 429
FAULT_OF_OURS = 500
DISK_FULL = 507
NO_ROOM = Phrase("this server has no room left; nothing was changed")

STATUS_OF_KIND: tuple[tuple[type[MatouError], int], ...] = (
    (BodyTooLarge, TOO_LARGE),
    (QueryTooLong, TOO_LONG),
    (InvalidName, 422),
    (TooManyFailures, TOO_MANY),
    (TooManyCalls, TOO_MANY),
    (TooManyExpensivePages, TOO_MANY),
    (TryLater, 503),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (WriteFailed, FAULT_OF_OURS),
    (Invalid, 400),
    (UnknownShape, 400),
    (Damaged, FAULT_OF_OURS),
)
"""The first that fits; a kind that is not here is a fault of ours."""


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """What to tell the client. `text` is one sentence, without a secret and without a trace of our insides.

    A Phrase can be said in the person's language.
    """

    status: int
    text: str
    headers: tuple[Header, ...] = ()


def answer_for(error: Exception) -> HttpFailure:
    """Log what is ours to mend; say to the client what is the client's to know."""
    if is_disk_full(error):
        log.error("disk_full", exc_info=error)
        return HttpFailure(DISK_FULL, NO_ROOM)
    status = _status_of(error)
    if status == FAULT_OF_OURS:
        log.error("request_failed", exc_info=error)
        return HttpFailure(status, Phrase("this server has a fault; its log says more"))
    wait = error.wait if isinstance(error, TryLater) else None
    headers = () if wait is None else ((b"retry-after", b"%d" % max(1, round(wait.total_seconds()))),)
    return HttpFailure(status, error.fact if isinstance(error, MatouError) else str(error), headers)


def is_disk_full(error: Exception) -> bool:
    return isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in fs.NO_ROOM)


def _status_of(error: Exception) -> int:
    for kind, status in STATUS_OF_KIND:
        if isinstance(error, kind):
            return status
    return FAULT_OF_OURS

"""What an answer is wrapped in, and the one table from our failures to CODING's codes.

A failure comes with HTTP status 200, but for want of room on the disk, which is 507. The client is told our own
sentence about what it asked for; never what git, the database or Python said.
"""

import structlog

from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater
from matou.forge.access import MissingScope
from matou.forge.accounts.users import TooManyFailures
from matou.forge.content.abbreviations import AmbiguousRevision
from matou.git.odb.objects import InvalidTreePath, TooLargeToRead
from matou.model.names import InvalidName
from matou.platforms.coding.errors import SCOPE_REFUSED, Error, ErrorCode
from matou.platforms.coding.wire import ErrorResponse
from matou.server.authentication import UnknownCredential, UnreadableCredential
from matou.server.dialects.coding.parameters import InvalidParameter, InvalidParameterValue, MissingParameter
from matou.server.errors import NO_ROOM
from matou.server.rate_limit import TooManyCalls
from matou.server.streaming import BodyTooLarge

log = structlog.get_logger(__name__)

UNKNOWN_ACTION = "InvalidAction"
"""Not among the codes that CODING declares for its actions; it is what Tencent Cloud's gateways, whose protocol this
is, answer for a name that is no action's."""

FAULT_OF_OURS = "this server has a fault; its log says more"


class UnknownAction(MatouError):
    """No action has this name."""


class NotSignedIn(MatouError):
    """The request brought no credential; every action needs one."""


class ScopeRefused(Refused):
    """What is asked for is for administrators, or for members, of the team only."""

    def __init__(self) -> None:
        super().__init__(SCOPE_REFUSED)


CODE_OF_KIND: tuple[tuple[type[MatouError], str], ...] = (
    (UnknownAction, UNKNOWN_ACTION),
    (NotSignedIn, ErrorCode.AUTH_FAILURE),
    (UnknownCredential, ErrorCode.AUTH_FAILURE),
    (UnreadableCredential, ErrorCode.AUTH_FAILURE),
    (TooManyCalls, ErrorCode.REQUEST_LIMIT_EXCEEDED),
    (TooManyFailures, ErrorCode.REQUEST_LIMIT_EXCEEDED),
    (MissingParameter, ErrorCode.MISSING_PARAMETER),
    (InvalidParameter, ErrorCode.INVALID_PARAMETER),
    (BodyTooLarge, ErrorCode.INVALID_PARAMETER),
    (InvalidParameterValue, ErrorCode.INVALID_PARAMETER_VALUE),
    (InvalidName, ErrorCode.INVALID_PARAMETER_VALUE),
    (AmbiguousRevision, ErrorCode.INVALID_PARAMETER_VALUE),
    (InvalidTreePath, ErrorCode.INVALID_PARAMETER_VALUE),
    (TooLargeToRead, ErrorCode.UNSUPPORTED_OPERATION),
    (TryLater, ErrorCode.RESOURCE_UNAVAILABLE),
    (Refused, ErrorCode.UNAUTHORIZED_OPERATION),
    (NotFound, ErrorCode.RESOURCE_NOT_FOUND),
    (Conflict, ErrorCode.RESOURCE_IN_USE),
)
"""The first that fits. A kind that is not here, `Damaged` among them, is a fault of ours."""


def failure(error: MatouError, request_id: str) -> ErrorResponse:
    """Log what is ours to mend; say to the client what is the client's to know."""
    code = next((code for kind, code in CODE_OF_KIND if isinstance(error, kind)), None)
    if code is None:
        log.error("coding_action_failed", request=request_id, exc_info=error)
        return ErrorResponse(request_id=request_id, error=Error(code=ErrorCode.FAILED_OPERATION, message=FAULT_OF_OURS))
    return ErrorResponse(request_id=request_id, error=Error(code=code, message=_message(error)))


def no_room(error: Exception, request_id: str) -> ErrorResponse:
    log.error("coding_action_failed", request=request_id, exc_info=error)
    return ErrorResponse(request_id=request_id, error=Error(code=ErrorCode.FAILED_OPERATION, message=NO_ROOM))


def _message(error: MatouError) -> str:
    """CODING has one sentence for every token that is not good for an action; tools look for it."""
    return SCOPE_REFUSED if isinstance(error, MissingScope) else str(error)

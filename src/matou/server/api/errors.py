"""What went wrong, as far as any dialect tells it apart: each has one table from these kinds to its own answers.

The client is told our own sentence about what it asked for, or the platform's where clients look at its words; never
what git, the database or Python said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

import structlog

from matou.errors import Conflict, Damaged, Invalid, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.forge.access import MissingScope, NoSuchNamespace, NoSuchRepository
from matou.forge.accounts.users import NameTaken, TooManyFailures
from matou.forge.content.abbreviations import AmbiguousRevision
from matou.forge.content.branch_refs import NoSuchBranch
from matou.forge.content.history import NoSuchCommit
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.content.uploads import EmptyUpload
from matou.forge.repositories.repository_lists import NoSuchUser
from matou.fs import WriteFailed
from matou.git.odb.objects import InvalidTreePath, MissingObject, MissingPath, TooLargeToRead
from matou.git.operations.archives import HostilePath
from matou.git.process.limits import GitFailed
from matou.model.names import InvalidName
from matou.server.api.body import UnreadableBody
from matou.server.api.context import NotSignedIn
from matou.server.api.params import InvalidParameter, InvalidParameterValue, MissingParameter
from matou.server.api.router import NoSuchRoute, WrongMethod
from matou.server.authentication import UnknownCredential, UnreadableCredential
from matou.server.errors import is_disk_full
from matou.server.rate_limit import TooManyCalls
from matou.server.streaming import BodyTooLarge, Header
from matou.server.watch.requests import request_id

log = structlog.get_logger(__name__)


class FailureKind(Enum):
    """Told apart in this order, from what one class of errors means to what its kind does."""

    def __init__(self, meaning: str, *classes: type[MatouError]) -> None:
        self.meaning = meaning
        self.classes = classes

    NOT_SIGNED_IN = (
        "no credential, or one that is unknown or unreadable",
        NotSignedIn,
        UnknownCredential,
        UnreadableCredential,
    )
    RATE_LIMITED = "somebody has asked too often within one window of time", TooManyCalls
    TOO_MANY_LOGINS = "too many failures to log in, for this account or from this address", TooManyFailures
    MISSING_PARAMETER = "a parameter that the request cannot do without is not there, or is empty", MissingParameter
    INVALID_VALUE = "a parameter has a value that the action does not take", InvalidParameterValue
    INVALID_PARAMETER = "a parameter is of the wrong kind, or out of its bounds", InvalidParameter
    UNREADABLE_BODY = "the body is not of the kind that its Content-Type says", UnreadableBody
    BODY_TOO_LARGE = "the body is beyond its limit", BodyTooLarge
    NO_SUCH_ROUTE = "the API has nothing at this path, or no such action", NoSuchRoute
    WRONG_METHOD = "the API has something at this path, and not for this method", WrongMethod
    NO_SUCH_REPOSITORY = "there is no such repository, or it may not be seen", NoSuchRepository
    NO_SUCH_NAMESPACE = "there is no such namespace, or it may not be seen", NoSuchNamespace
    NO_SUCH_USER = "there is no such user", NoSuchUser
    NO_SUCH_BRANCH = "there is no such branch", NoSuchBranch
    NO_SUCH_COMMIT = "there is no such commit", NoSuchCommit
    NO_SUCH_REVISION = "nothing has this name in the repository", NoSuchRevision
    NO_SUCH_FILE = "there is nothing at this path in the commit", MissingPath
    NO_SUCH_OBJECT = "there is no such object", MissingObject
    AMBIGUOUS_REVISION = "an abbreviation stands for several objects", AmbiguousRevision
    TOO_LARGE_TO_READ = "what is asked for is too large to be answered", TooLargeToRead
    HOSTILE_PATH = "an archive would hold a path that must not be unpacked", HostilePath
    MISSING_SCOPE = "the token lacks a scope", MissingScope
    INVALID_NAME = "a name that nothing may have", InvalidName
    INVALID_PATH = "a path that nothing in a tree may have", InvalidTreePath
    NAME_TAKEN = "somebody else has this name", NameTaken
    EMPTY_UPLOAD = "a file without content was uploaded", EmptyUpload
    DISK_FULL = ("this server has no room left",)
    FAULT = "a fault of ours", WriteFailed, GitFailed, Damaged
    TRY_LATER = "waiting may help", TryLater
    REFUSED = "this credential may not", Refused
    NOT_FOUND = "it is not there, or may not be seen", NotFound
    CONFLICT = "it is there already, or changed meanwhile", Conflict
    UNKNOWN_SHAPE = "what came is not what its documentation describes", UnknownShape
    INVALID = "what was given cannot be used", Invalid
    OTHER = "any other failure that a person can be told about", MatouError


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ApiFailure(Generic[Row]):
    """A failure as a dialect is to tell it.

    Attributes:
        row: of the dialect's table.
        text: our own sentence, whatever bytes it quotes.
        headers: what a client is to know besides: when to come back, which methods there are.
        id: of the request, under which our log says more where it is a fault of ours.
    """

    row: Row
    text: str
    headers: tuple[Header, ...]
    id: str


def failure_of(error: Exception, table: Mapping[FailureKind, Row], *, event: str) -> ApiFailure[Row]:
    """Find its row, and log what is ours to mend, as `event`. What is no kind that the table has is a fault of ours."""
    fitting = (kind for kind in FailureKind if isinstance(error, kind.classes) and kind in table)
    kind, number = FailureKind.DISK_FULL if is_disk_full(error) else next(fitting, FailureKind.FAULT), request_id()
    if kind in (FailureKind.DISK_FULL, FailureKind.FAULT):
        log.error(event, request_id=number, exc_info=error)
    # A name of a branch or file may hold bytes that are no text.
    text = str(error).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return ApiFailure(table[kind], text, _headers(error), number)


def _headers(error: Exception) -> tuple[Header, ...]:
    if isinstance(error, WrongMethod):
        return ((b"allow", str(error.values["methods"]).encode()),)
    wait = error.wait if isinstance(error, TryLater) else None
    return () if wait is None else ((b"retry-after", b"%d" % max(1, round(wait.total_seconds()))),)

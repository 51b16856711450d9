"""What another server answered, as a value and as an error."""

from collections.abc import Mapping
from dataclasses import dataclass

from matou.errors import Conflict, Invalid, MatouError, NotFound, Refused, TryLater, UnknownShape

TEMPLATE = "{request}: answered {status}: {said}"
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have their names in lower case; `body` is as it was before the server compressed it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class FailedAnswer:
    """An error that has the server's answer with it; the body is redacted and holds at most 64 KiB."""

    answer: Answer


class AnsweredTryLater(FailedAnswer, TryLater):
    """408, 425, 429, 500, 502, 503, 504, and a limit of requests that is told with 402 or 403."""


class AnsweredRefused(FailedAnswer, Refused):
    """401, 403."""


class AnsweredNotFound(FailedAnswer, NotFound):
    """404, 410."""


class AnsweredConflict(FailedAnswer, Conflict):
    """409, 412."""


class AnsweredOtherwise(FailedAnswer, MatouError):
    """Any other status that is not 2xx."""


class RedirectRefused(FailedAnswer, Refused):
    """A redirect to another origin, of a request other than GET, or one too many."""


class ConnectionFailed(TryLater):
    """No answer, or none that came to its end: not reached, cut off, too slow."""


class NotReached(ConnectionFailed):
    """Nobody was met at the address: no such host, a closed port, or a port where another protocol is spoken."""


class WebPage(FailedAnswer, NotFound):
    """A page for people came where an API was asked."""


class NoApiThere(FailedAnswer, Invalid):
    """What stands at an address takes no question of the kind that its API would take: it is another API's, perhaps."""


class UntrustedServer(Invalid):
    """The server did not prove who it is (TLS): the user trusts its authority, or names another address."""


class AnswerTooLong(UnknownShape):
    """More bytes than the caller is ready to take, as they came or once inflated."""

    def __init__(self, request: str, limit_bytes: int) -> None:
        MatouError.__init__(
            self, "the answer to {request} is longer than {limit} bytes", request=request, limit=limit_bytes
        )


Answered = AnsweredTryLater | AnsweredRefused | AnsweredNotFound | AnsweredConflict | AnsweredOtherwise
"""An answer that is a failure by its status, whatever it says."""

ANY_ANSWERED = (AnsweredTryLater, AnsweredRefused, AnsweredNotFound, AnsweredConflict, AnsweredOtherwise)
"""The same, to be caught."""

_ERRORS: dict[int, type[AnsweredTryLater | AnsweredRefused | AnsweredNotFound | AnsweredConflict]] = {
    **dict.fromkeys((408, 425, 429, 500, 502, 503, 504), AnsweredTryLater),
    **dict.fromkeys((401, 403), AnsweredRefused),
    **dict.fromkeys((404, 410), AnsweredNotFound),
    **dict.fromkeys((409, 412), AnsweredConflict),
}


TOO_MANY = 429

TAKES_NO_SUCH_QUESTION = frozenset({405, 501})
"""There is something, and it is not asked in this way (RFC 9110, 15.5.6 and 15.6.2)."""

_REFUSALS_BY_COUNT = (402, 403)
_RATE_LIMIT = b"rate limit"
"""`403 Rate Limit Exceeded`, `Application has exceeded the rate limit`, `API rate limit exceeded`."""


def failed(answer: Answer, request: str) -> Answered:
    """Make the error that an answer stands for; what it quotes must be redacted already."""
    error = _kind_of(answer)(TEMPLATE, request=request, status=answer.status, said=quoted(answer.body))
    error.answer = answer
    return error


def _kind_of(answer: Answer) -> type[Answered]:
    return AnsweredTryLater if is_rate_limit(answer) else _ERRORS.get(answer.status, AnsweredOtherwise)


def is_rate_limit(answer: Answer) -> bool:
    """Whether an answer says that there were too many requests, by its status or in the place of a refusal."""
    if answer.status not in _REFUSALS_BY_COUNT:
        return answer.status == TOO_MANY
    is_used_up = answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
    return is_used_up or _RATE_LIMIT in answer.body.lower()


def quoted(body: bytes) -> str:
    """The beginning of a body on one line, with nothing in it that a terminal obeys."""
    text = " ".join(body[: 4 * LONGEST_QUOTE].decode("utf-8", "replace").split())
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return shown[:LONGEST_QUOTE] or "nothing"

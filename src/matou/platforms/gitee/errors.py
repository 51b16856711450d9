"""How Gitee fails: which answer means which of our kinds. v5 has five places for its words, v3 one."""

from collections.abc import Iterable, Iterator, Mapping

from matou.errors import MatouError, UnknownShape
from matou.http.responses import Answered, AnsweredTryLater
from matou.platforms.base.decoder import AnswerBrokeOff, Decoder
from matou.platforms.base.errors import (
    ActionRefused,
    AlreadyExists,
    CredentialRefused,
    PlatformBusy,
    PlatformFailed,
    RemoteNotFound,
)

DECODER = Decoder("gitee", null_is_absent=False, converts_first=True)
"""Numbers and truths in quotes pass, as msgspec takes them."""

TEMPLATE = "gitee answered {status}: {message}"
LONGEST_MESSAGE = 500


_BY_STATUS: Mapping[int, type[MatouError]] = {
    401: CredentialRefused,
    403: ActionRefused,
    404: RemoteNotFound,
    409: AlreadyExists,
    410: RemoteNotFound,
    412: AlreadyExists,
}

# The first three come with 402, 403 and 404 as well; the others with 400 and 422.
_BY_MESSAGE: tuple[tuple[str, type[MatouError]], ...] = (
    ("access token is expired", CredentialRefused),
    ("access token is required", CredentialRefused),
    ("access token does not exist", CredentialRefused),
    ("已存在", AlreadyExists),
    ("has already been taken", AlreadyExists),
)


def failure_of(answered: Answered) -> MatouError:
    """The exception to raise for an answer with a status of 400 and above; it carries what Gitee said."""
    status, message = answered.answer.status, message_in(answered.answer.body)
    if isinstance(answered, AnsweredTryLater):
        return PlatformBusy("{fault}", wait=answered.wait, fault=answered.fact)
    if not message:
        return _kind_of(status, "")("{fault}", fault=answered.fact)
    return _kind_of(status, message.lower())(TEMPLATE, status=status, message=message)


def message_in(body: bytes) -> str:
    """What Gitee says in words, on one line; empty where the body is nothing that Gitee writes."""
    try:
        value = DECODER.parse(body)
    except (AnswerBrokeOff, UnknownShape):
        return ""
    if not isinstance(value, Mapping):
        return ""
    keys = ("message", "messages", "error", "error_description")
    message = "; ".join(" ".join(text.split()) for key in keys for text in _texts(value.get(key)))
    return "".join(character if character.isprintable() else "�" for character in message)[:LONGEST_MESSAGE]


def _texts(value: object) -> Iterator[str]:
    """`error` is a text or an object of lists; `messages` a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _all_texts(value.values())
    elif isinstance(value, list):
        yield from _all_texts(value)


def _all_texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)


def _kind_of(status: int, message: str) -> type[MatouError]:
    by_words = (kind for words, kind in _BY_MESSAGE if words in message)
    return next(by_words, None) or _BY_STATUS.get(status, PlatformFailed)

"""How Gitea fails: which answer means which of our kinds."""

from collections.abc import Mapping
from typing import Final

import msgspec

from matou.errors import MatouError, Refused, UnknownShape
from matou.http.responses import Answered, AnsweredTryLater
from matou.platforms.base.decoder import AnswerBrokeOff, Decoder
from matou.platforms.base.errors import (
    ActionRefused,
    AlreadyExists,
    CredentialRefused,
    KindSwitchedOff,
    PlatformBusy,
    PlatformFailed,
    RemoteNotFound,
)

DECODER: Final = Decoder("gitea", null_is_absent=False, converts_first=True)

TEMPLATE: Final = "Gitea answered {status}: {message}"
LONGEST_MESSAGE: Final = 500

_BY_STATUS: Final[Mapping[int, type[MatouError]]] = {
    401: CredentialRefused,
    403: ActionRefused,
    404: RemoteNotFound,
    409: AlreadyExists,
    410: KindSwitchedOff,  # "Issues are disabled for this repo"
    412: AlreadyExists,
    451: Refused,  # taken down by a court or a rights holder
}


class GiteaFailure(msgspec.Struct, frozen=True):
    """What comes with a status of 400 and above."""

    message: str = ""


def failure_of(answered: Answered) -> MatouError:
    """The exception to raise for an answer with a status of 400 and above; it carries what Gitea said."""
    if isinstance(answered, AnsweredTryLater):
        return PlatformBusy("{fault}", wait=answered.wait, fault=answered.fact)
    status, message = answered.answer.status, _message_in(answered.answer.body)
    kind = _BY_STATUS.get(status, PlatformFailed)
    if not message:
        return kind("{fault}", fault=answered.fact)
    return kind(TEMPLATE, status=status, message=message)


def _message_in(body: bytes) -> str:
    """On one line; empty where the body is nothing that Gitea writes."""
    try:
        said = DECODER.read(GiteaFailure, DECODER.parse(body)).message
    except (AnswerBrokeOff, UnknownShape):
        return ""
    text = " ".join(said.split())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)[
        :LONGEST_MESSAGE
    ]

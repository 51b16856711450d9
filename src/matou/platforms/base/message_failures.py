"""How platforms fail that answer with a status and one message, as GitHub and its kin do."""

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


class MessageBody(msgspec.Struct, frozen=True):
    """What comes with a status of 400 and above."""

    message: str = ""

    @property
    def text(self) -> str:
        return self.message


def failure_with_message(
    answered: Answered, decoder: Decoder, *, platform: str, form: type[MessageBody] = MessageBody
) -> MatouError:
    """The exception to raise for an answer with a status of 400 and above; it carries what the platform said.

    Args:
        form: of the body, where the message stands under another name.
    """
    if isinstance(answered, AnsweredTryLater):
        return PlatformBusy("{fault}", wait=answered.wait, fault=answered.fact)
    status, message = answered.answer.status, _message_in(answered.answer.body, decoder, form)
    if not message:
        return _BY_STATUS.get(status, PlatformFailed)("{fault}", fault=answered.fact)
    return _BY_STATUS.get(status, PlatformFailed)(
        "{platform} answered {status}: {message}", platform=platform, status=status, message=message
    )


def _message_in(body: bytes, decoder: Decoder, form: type[MessageBody]) -> str:
    """On one line; empty where the body is nothing that the platform writes."""
    try:
        said = decoder.read(form, decoder.parse(body)).text
    except (AnswerBrokeOff, UnknownShape):
        return ""
    text = " ".join(said.split())
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return shown[:LONGEST_MESSAGE]

"""What GitHub finds fault with: the list of errors that comes with a status of 422 says more than its message."""

from typing import Final

import msgspec

from matou.errors import MatouError, UnknownShape
from matou.http.responses import Answered
from matou.platforms.base.decoder import AnswerBrokeOff, Decoder
from matou.platforms.base.errors import AlreadyExists, PlatformFailed
from matou.platforms.base.message_failures import failure_with_message

UNPROCESSABLE: Final = 422
_MOST_NAMED: Final = 3
_ALREADY: Final = "already"
"""`already_exists`, `name already exists on this account`, `A pull request already exists for harbour:mend.`"""


class GitHubFault(msgspec.Struct, frozen=True):
    """One of `errors`: what is wrong with which field; a bare text in some answers."""

    resource: str | None = None
    field: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def text(self) -> str:
        return self.message or " ".join(part for part in (self.resource, self.field, self.code) if part)


class GitHubFaults(msgspec.Struct, frozen=True):
    message: str = ""
    errors: list[GitHubFault | str] | None = None

    @property
    def texts(self) -> list[str]:
        return [fault if isinstance(fault, str) else fault.text for fault in self.errors or ()]


def failure_of(answered: Answered, decoder: Decoder, *, platform: str) -> MatouError:
    """The exception to raise for an answer with a status of 400 and above."""
    if answered.answer.status != UNPROCESSABLE:
        return failure_with_message(answered, decoder, platform=platform)
    try:
        faults = decoder.read(GitHubFaults, decoder.parse(answered.answer.body))
    except (AnswerBrokeOff, UnknownShape):
        return failure_with_message(answered, decoder, platform=platform)
    kind = AlreadyExists if any(_ALREADY in text for text in faults.texts) else PlatformFailed
    said = "; ".join([faults.message, *faults.texts[:_MOST_NAMED]])
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in said)
    return kind("{platform} answered {status}: {message}", platform=platform, status=UNPROCESSABLE, message=shown[:500])

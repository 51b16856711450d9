"""What can be a token at all."""

import re

from matou.credentials import Secret
from matou.errors import MatouError, Refused
from matou.http.responses import AnsweredRefused

_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


class BadCredential(Refused):
    """A credential is not good, or no longer: nothing more is to be asked with it."""


FORBIDDEN = 403


def is_dead(error: MatouError) -> bool:
    """Whether an error says that the credential is not good any more: 403 may be about this one thing alone."""
    cause = error.__cause__
    is_about_this = isinstance(cause, AnsweredRefused) and cause.answer.status == FORBIDDEN
    return isinstance(error, BadCredential) and not is_about_this


class UnusableToken(Refused):
    """What was given as a token cannot be one. The text of the error does not hold it."""


def usable_token(text: str, *, platform: str) -> Secret:
    """Raises UnusableToken."""
    if not _PRINTABLE.match(text.strip()):
        raise UnusableToken(
            "the token for {platform} is empty or holds a character that no token has", platform=platform
        )
    return Secret(text.strip())

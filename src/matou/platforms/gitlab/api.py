"""GitLab's API v4: its headers, its pages, and what its failures mean."""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Final

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder
from matou.platforms.base.message_failures import MessageBody, failure_with_message
from matou.platforms.gitlab import PLATFORM

DECODER: Final = Decoder("gitlab", null_is_absent=False, converts_first=True)


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


class GitLabFailure(MessageBody, frozen=True):
    """What comes with a status of 400 and above.

    Attributes:
        message: a text, or what is wrong with each field; where what was asked does not reach so far, `error`.
    """

    message: object = ""  # type: ignore[assignment]  # wider than what the others say
    error: object = ""
    error_description: object = ""

    @property
    def text(self) -> str:
        return " ".join(_texts_in(self.message or self.error_description or self.error))


def _texts_in(said: object) -> Iterator[str]:
    """Those of a list, and of an object with the name of each."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, list):
        yield from (text for each in said for text in _texts_in(each))
    elif isinstance(said, Mapping):
        for name, each in said.items():
            yield from (f"{name} {text}" for text in _texts_in(each))


class GitLabApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total", "x-total-pages")

    sudo: str = ""
    """The name of another account that is asked for: an administrator's token may."""

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        agent = {"User-Agent": f"Matou/{matou.__version__}"}
        return {**agent, "Sudo": self.sudo} if self.sudo else agent

    def as_account(self, username: str) -> "GitLabApi":
        """Asks in the name of somebody else."""
        other = copy(self)
        other.sudo = username
        return other

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_with_message(answered, DECODER, platform=PLATFORM.title, form=GitLabFailure)

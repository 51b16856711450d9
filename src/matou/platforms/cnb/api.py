"""CNB's Open API: its headers, its pages, and what its failures mean."""

from collections.abc import Mapping
from typing import Final

import msgspec

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder, integer, text_or_number
from matou.platforms.base.message_failures import MessageBody, failure_with_message
from matou.platforms.cnb import PLATFORM

DECODER: Final = Decoder("cnb", scalars={str: text_or_number, int: integer})
"""Ids are numbers in some answers and texts in others: its own help shows both."""

MEDIA_TYPE: Final = "application/vnd.cnb.api+json"
"""Without it, or plain JSON, the API answers 406, whatever the method."""


class CnbFailure(MessageBody, frozen=True):
    """What comes with a status of 400 and above: `{"errcode": 10010, "errmsg": "…"}`."""

    message: str = msgspec.field(default="", name="errmsg")


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


class CnbApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    # Pages are counted by none of its headers.
    totals = ("x-cnb-total", "x-cnb-total-pages")
    size_parameter = "page_size"
    unasked_page_size = 10

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        return {"Accept": MEDIA_TYPE, "User-Agent": f"Matou/{matou.__version__}"}

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_with_message(answered, DECODER, platform=PLATFORM.title, form=CnbFailure)

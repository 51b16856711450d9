"""GitLab's API v4: its headers, its pages, and what its failures mean."""

from collections.abc import Mapping
from typing import Final

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder
from matou.platforms.base.message_failures import failure_with_message
from matou.platforms.gitlab import PLATFORM

DECODER: Final = Decoder("gitlab", null_is_absent=False, converts_first=True)


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


class GitLabApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total", "x-total-pages")

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        return {"User-Agent": f"Matou/{matou.__version__}"}

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_with_message(answered, DECODER, platform=PLATFORM.title)

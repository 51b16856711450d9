"""GitCode's API: its headers, and what its failures mean."""

from collections.abc import Mapping

from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answer, Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import NOTHING, ApiClient
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.errors import failure_of, failure_within
from matou.platforms.gitcode.wire_base import DECODER


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


class GitCodeApi(ApiClient):
    """The token goes into the headers Authorization and PRIVATE-TOKEN and nowhere else."""

    platform = PLATFORM
    decoder = DECODER

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        """Some of GitCode's gateways ask for this one besides: "Invalid header parameter: private-token, required"."""
        return {"PRIVATE-TOKEN": self.token.reveal()} if self.token else NOTHING

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_of(answered)

    def parsed(self, answer: Answer) -> object:
        value = super().parsed(answer)
        failure = failure_within(value)
        if failure is not None:
            raise failure
        return value

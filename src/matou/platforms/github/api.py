"""GitHub's REST API: its headers, and what its failures mean."""

from collections.abc import Mapping
from copy import copy
from typing import Final

import msgspec

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder
from matou.platforms.github import PLATFORM
from matou.platforms.github.failures import failure_of

DECODER: Final = Decoder("github", null_is_absent=False, converts_first=True)

VERSION: Final = "2022-11-28"
"""Of the API (https://docs.github.com/rest/about-the-rest-api/api-versions); older servers do not look at it."""


IMPORTING: Final = "import/issues"
"""Below a repository's path: not part of what is described, and asked for by a media type of its own."""

RENDERING: Final = "/markdown"
"""Answers with HTML, as the only one that we ask."""


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


GRAPHQL: Final = "/graphql"


class GitHubApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total-count", "x-total-pages")
    unasked_page_size = 30

    def headers(self, path: str) -> Mapping[str, str]:
        return {
            "Accept": _media_type(path),
            "X-GitHub-Api-Version": VERSION,
            # Who says nothing is refused.
            "User-Agent": f"Matou/{matou.__version__}",
        }

    def partition_of(self, path: str) -> str:
        """Those about a repository, and each list of the account: a 304 costs nothing of what GitHub grants."""
        parts = path.split("/")
        return "/".join(parts[: 4 if parts[1:2] == ["repos"] else 3])

    def query(
        self, text: str, variables: Mapping[str, object], *, name: str, parameters: Mapping[str, object]
    ) -> bytes:
        """What GraphQL answers, which stands beside REST: at an Enterprise Server at `/api/graphql`.

        Args:
            name, parameters: as in a `Record`.

        Raises:
            MatouError: as `request` does.
        """
        there = copy(self)
        there.url = self.url.removesuffix("/v3")
        answer = there.request(
            "POST",
            GRAPHQL,
            content=msgspec.json.encode({"query": text, "variables": variables}),
            content_type="application/json",
            repeatable=True,
            name=name,
            parameters=parameters,
            # GraphQL is counted by itself.
            pace=f"{self._pace} graphql" if self._pace else "",
        )
        return answer.body

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_of(answered, DECODER, platform=PLATFORM.title)


def _media_type(path: str) -> str:
    if path == RENDERING:
        return "text/html"
    return (
        "application/vnd.github.golden-comet-preview+json" if f"/{IMPORTING}" in path else "application/vnd.github+json"
    )

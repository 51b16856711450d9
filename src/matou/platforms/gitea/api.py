"""Gitea's API v1: its headers, its pages, and what its failures mean."""

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.redaction import redact_bytes
from matou.http.responses import Answered, AnsweredTryLater, failed
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder
from matou.platforms.base.message_failures import failure_with_message
from matou.platforms.gitea import PLATFORM
from matou.platforms.gitea.wire import GiteaVersion

DECODER: Final = Decoder("gitea", null_is_absent=False, converts_first=True)


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


_NUMBER: Final = re.compile(r"(\d+)\.(\d+)(?:[.\-].*)?")


class GiteaApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total-count", "x-total-pages")
    size_parameter = "limit"
    # A server gives 50 at most, unless it is set otherwise (`[api] MAX_RESPONSE_ITEMS`); rows are counted, so that one
    # that gives fewer is read whole all the same.
    page_size = 50
    unasked_page_size = 30

    def authorization(self, path: str) -> Secret | None:  # noqa: ARG002 - the same for all
        """`token`: older servers take no Bearer."""
        return Secret(f"token {self.token.reveal()}") if self.token else None

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        return {"User-Agent": f"Matou/{matou.__version__}"}

    def redacted(self, answered: Answered, sent: tuple[Secret, ...]) -> Answered:
        """Without the token of ours that an import was given, should the server repeat it."""
        if not sent:
            return answered
        body = redact_bytes(answered.answer.body, sent)
        failure = failed(replace(answered.answer, body=body), str(answered.values["request"]))
        if isinstance(failure, AnsweredTryLater) and isinstance(answered, AnsweredTryLater):
            failure.wait = answered.wait
        return failure

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_with_message(answered, DECODER, platform=PLATFORM.title)


class ServerVersion:
    """Which Gitea answers. Asked once, when it is needed. For several threads."""

    def __init__(self, api: GiteaApi) -> None:
        self._api = api
        self._lock = threading.Lock()

    @property
    def lists_tell_files(self) -> bool:
        """Whether lists of issues name the files that belong to each, as Gitea does since 1.23.

        A Forgejo says what it grew from behind a `+`, and is taken for one that does not.
        """
        with self._lock:
            return self._number is not None and self._number >= (1, 23)

    @cached_property
    def _number(self) -> tuple[int, int] | None:
        try:
            text = self._api.get(GiteaVersion, "/version").version
        except MatouError:
            return None
        found = _NUMBER.fullmatch(text)
        return None if found is None or "+" in text else (int(found[1]), int(found[2]))

"""GitCode's API: its headers, what its failures mean, and what each group of calls stands on.

A conflict comes with status 400, and more does.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import UNSET

from matou.credentials import Secret
from matou.errors import MatouError, UnknownShape
from matou.http.responses import Answer, Answered, AnsweredTryLater
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import NOTHING, ApiClient
from matou.platforms.base.decoder import AnswerBrokeOff
from matou.platforms.base.errors import (
    ActionRefused,
    AlreadyExists,
    CredentialRefused,
    PlatformBusy,
    PlatformFailed,
    RemoteNotFound,
)
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.wire import ErrorBody
from matou.platforms.gitcode.wire_base import DECODER

T = TypeVar("T")

TEMPLATE = "GitCode answered {status} {code}: {message}"
BAD_REQUEST = 400

_BY_STATUS: Mapping[int, type[MatouError]] = {
    401: CredentialRefused,
    403: ActionRefused,
    404: RemoteNotFound,
    409: AlreadyExists,
    410: RemoteNotFound,
    412: AlreadyExists,
}

# 404 with the first was how an unknown token was told until about May 2026. The rest come with 400.
_BY_MESSAGE: tuple[tuple[str, type[MatouError]], ...] = (
    ("token not found", CredentialRefused),
    ("401 unauthorized", CredentialRefused),
    ("403 forbidden", ActionRefused),
    ("already exist", AlreadyExists),
    ("has already been taken", AlreadyExists),
    ("已存在", AlreadyExists),
    ("404 not found", RemoteNotFound),
    # A Matou's own words, which come with 400 as well.
    ("there already", AlreadyExists),
    ("is taken", AlreadyExists),
    ("changed meanwhile", AlreadyExists),
)


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


class GitCodeCalls:
    """Calls one API for one token. A repository is named `owner/name` throughout."""

    def __init__(self, api: GitCodeApi) -> None:
        self._api = api

    def _set(self, kind: type[T], path: str, body: Mapping[str, object]) -> T:
        """PUT what may be put twice."""
        return self._api.read(kind, self._api.send_json("PUT", path, body, repeatable=True))


def failure_of(answered: Answered) -> MatouError:
    """The exception to raise for an answer with a status of 400 and above; it carries what GitCode said."""
    said = error_body(answered.answer.body)
    if said is None:
        return _without_words(answered)
    return _failure(answered.answer.status, said, wait_of=answered)


def failure_within(value: object) -> MatouError | None:
    """The failure that an answer with status 200 is, where it is one."""
    if not isinstance(value, Mapping) or "error_code" not in value or "error_message" not in value:
        return None
    said = DECODER.read(ErrorBody, value)
    return _failure(said.code if isinstance(said.code, int) else BAD_REQUEST, said)


def error_body(body: bytes) -> ErrorBody | None:
    """None where the body is nothing that GitCode writes: a gateway's page, a firewall's."""
    try:
        said = DECODER.read(ErrorBody, DECODER.parse(body))
    except (AnswerBrokeOff, UnknownShape):
        return None
    return said if said.text or said.message else None


def _failure(status: int, said: ErrorBody, wait_of: Answered | None = None) -> MatouError:
    message = said.text or said.message or ""
    code = said.name if said.code in (UNSET, status) else f"{said.code} {said.name or ''}".strip()
    if isinstance(wait_of, AnsweredTryLater):
        return PlatformBusy(TEMPLATE, wait=wait_of.wait, status=status, code=code or "", message=message)
    kind = _kind_of(status, said, message.lower())
    return kind(TEMPLATE, status=status, code=code or "", message=message)


def _kind_of(status: int, said: ErrorBody, message: str) -> type[MatouError]:
    for words, kind in _BY_MESSAGE:
        if words in message:
            return kind
    code = said.code if isinstance(said.code, int) else status
    return _BY_STATUS.get(status) or _BY_STATUS.get(code) or PlatformFailed


def _without_words(answered: Answered) -> MatouError:
    status = answered.answer.status
    if isinstance(answered, AnsweredTryLater):
        return PlatformBusy("{fault}", wait=answered.wait, fault=answered.fact)
    return _BY_STATUS.get(status, PlatformFailed)("{fault}", fault=answered.fact)

"""Gitee's API, v3 and v5: its headers, its forms, and what its failures mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from urllib.parse import urlencode

import msgspec

import matou
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.addresses import Parameter, texts_of
from matou.http.redaction import redact, redact_bytes
from matou.http.responses import Answer, Answered, AnsweredTryLater, failed
from matou.http.session import Session
from matou.http.tokens import usable_token
from matou.model.platform import Record
from matou.platforms.base.api_client import Answers, ApiClient, no_record
from matou.platforms.base.platform import Clock
from matou.platforms.gitee import PLATFORM
from matou.platforms.gitee.errors import DECODER, failure_of, message_in
from matou.platforms.gitee.wire_v3 import Failure

TOOL = f"Matou.{matou.__version__}"
"""Ours: this is no extension of an editor."""

FORM = "application/x-www-form-urlencoded"

V3 = "/api/v3"
V5 = "/api/v5"

Form = Mapping[str, Parameter | Secret]


class Extension(StrEnum):
    """The values that Gitee's document knows (2017-02-22)."""

    VISUAL_STUDIO_14 = "VS.14"
    VISUAL_STUDIO_15 = "VS.15"
    INTELLIJ = "JB.Intellij"
    RUBYMINE = "JB.Rubymine"
    WEBSTORM = "JB.WebStorm"
    ANDROID_STUDIO = "JB.AndroidStudio"
    ECLIPSE = "EC"
    VISUAL_STUDIO_CODE = "VSC"


def user_agent(extension: str) -> str:
    """What Gitee asks a caller to say of itself; CC is Code Cloud."""
    return f"CC/1.0-{extension}"


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


class GiteeApi(ApiClient):
    """The token goes into a header and nowhere else: PRIVATE-TOKEN in v3, Authorization in v5. Paths name the version.

    Args:
        extension: of which editor, see `user_agent`.
    """

    platform = PLATFORM
    decoder = DECODER
    keeps_cause = False
    """A token that has expired is told with 403 too, in words that are certain."""

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret | None,
        now: Clock,
        record: Callable[[Record], None] = no_record,
        extension: str = TOOL,
        answers: Answers | None = None,
    ) -> None:
        super().__init__(session, url, token, now, record, answers)
        self._extension = extension

    def authorization(self, path: str) -> Secret | None:
        return None if path.startswith(V3) else super().authorization(path)

    def headers(self, path: str) -> Mapping[str, str]:
        headers = {"User-Agent": user_agent(self._extension)}
        if self.token and path.startswith(V3):
            headers["PRIVATE-TOKEN"] = self.token.reveal()
        return headers

    def send_form(self, method: str, path: str, form: Form, *, repeatable: bool) -> Answer:
        """Put a request with a form; what is None is left out."""
        return self.request(
            method,
            path,
            content=_encoded(form),
            content_type=FORM,
            repeatable=repeatable,
            secrets=tuple(_secrets_in(form)),
        )

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_of(answered)

    def redacted(self, answered: Answered, sent: tuple[Secret, ...]) -> Answered:
        """The same failure, whatever the server repeats of what it was told.

        A password may come back in any of JSON's spellings, so that only the words of such an answer are kept.
        """
        secrets = (*sent, *((self.token,) if self.token else ()))
        body = answered.answer.body
        if sent:
            body = msgspec.json.encode(Failure(message=redact(message_in(body), secrets)))
        failure = failed(replace(answered.answer, body=redact_bytes(body, secrets)), str(answered.values["request"]))
        if isinstance(failure, AnsweredTryLater) and isinstance(answered, AnsweredTryLater):
            failure.wait = answered.wait
        return failure


def _secrets_in(form: Form) -> Sequence[Secret]:
    return [value for value in form.values() if isinstance(value, Secret)]


def _encoded(form: Form) -> bytes:
    """Spaces, `+`, `&` and `%` in a password survive this; extensions that did not encode locked people out."""
    shown = {name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}
    return urlencode(texts_of(shown)).encode()

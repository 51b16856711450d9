"""One request to Gitee's API, v3 or v5: how it is put, kept, and read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from matou.credentials import Secret
from matou.http.redaction import redact, redact_bytes
from matou.http.responses import ANY_ANSWERED, Answer, Answered, AnsweredTryLater, failed
from matou.http.session import Session
from matou.http.tokens import usable_token
from matou.http.url_parts import Parameter, texts_of, with_query
from matou.http.web_pages import require_api
from matou.model.records import Record
from matou.platforms.base.decoder import require_whole
from matou.platforms.gitee import PLATFORM
from matou.platforms.gitee.errors import DECODER, failure_of, message_in
from matou.platforms.gitee.user_agents import TOOL, user_agent
from matou.platforms.gitee.wire_v3 import Failure

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

V3 = "/api/v3"
V5 = "/api/v5"

Form = Mapping[str, Parameter | Secret]
T = TypeVar("T")


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform="gitee")


def forget(_record: Record) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks one server for one token; threads may share it.

    Attributes:
        url: the server's address, before `/api/v3` or `/api/v5`, without a slash at its end.
        token: goes into a header and nowhere else, PRIVATE-TOKEN in v3 and Authorization in v5; None to ask as nobody.
        record: is given each answer as received, before it is read.
        extension: see `agents`.
    """

    session: Session
    url: str
    token: Secret | None
    now: Callable[[], datetime]
    record: Callable[[Record], None] = forget
    extension: str = TOOL

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        form: Form | None = None,
        repeatable: bool,
    ) -> Answer:
        """Put a request with a form, if any; parameters that are None are left out.

        Args:
            path: with `/api/v3` or `/api/v5`.

        Raises:
            MatouError: of the kind that says what can be done.
        """

        def came(answer: Answer) -> None:
            self._keep(method, path, query, answer)
            require_whole(answer, platform="gitee")

        try:
            answer = self.session.request(
                method,
                with_query(f"{self.url}{path}", query),
                repeatable=repeatable,
                headers={**self._headers(path), **(FORM if form else {})},
                authorization=self._authorization(path),
                body=_encoded(form) if form else None,
                limit_bytes=LARGEST_ANSWER_BYTES,
                pace=self._pace,
                check=came,
            )
        except ANY_ANSWERED as answered:
            told = self._without_secrets(answered, _secrets_in(form))
            self._keep(method, path, query, told.answer)
            self._require_api(told)
            raise failure_of(told) from None
        return answer

    def get(self, kind: type[T], path: str, query: Mapping[str, Parameter] | None = None) -> T:
        return DECODER.read(kind, DECODER.parse(self.ask("GET", path, query=query, repeatable=True).body))

    def unrecorded(self) -> "Asking":
        """For answers that hold a secret."""
        return replace(self, record=forget)

    def _without_secrets(self, answered: Answered, sent: Sequence[Secret]) -> Answered:
        """The same failure, whatever the server repeats of what it was told: the session knows of Authorization alone.

        A password may come back in any of JSON's spellings, so that only the words of such an answer are kept.
        """
        secrets = (*sent, *((self.token,) if self.token else ()))
        body = answered.answer.body
        if sent:
            body = msgspec.json.encode(Failure(message=redact(message_in(body), secrets)))
        told = failed(replace(answered.answer, body=redact_bytes(body, secrets)), str(answered.values["request"]))
        if isinstance(told, AnsweredTryLater) and isinstance(answered, AnsweredTryLater):
            told.wait = answered.wait
        return told

    def _headers(self, path: str) -> Mapping[str, str]:
        headers = {"Accept": "application/json", "User-Agent": user_agent(self.extension)}
        if self.token and path.startswith(V3):
            headers["PRIVATE-TOKEN"] = self.token.reveal()
        return headers

    def _authorization(self, path: str) -> Secret | None:
        return Secret(f"Bearer {self.token.reveal()}") if self.token and not path.startswith(V3) else None

    @property
    def _pace(self) -> str:
        return f"gitee {self.url}" if PLATFORM.is_at(self.url) else ""

    def _require_api(self, answered: Answered) -> None:
        spoke_before = self.session.has_answered(self.url)
        require_api(answered, PLATFORM.name, self.url, example=PLATFORM.address, spoke_before=spoke_before)

    def _keep(self, method: str, path: str, query: Mapping[str, Parameter] | None, answer: Answer) -> None:
        self.record(Record(self.now(), f"{method} {path}", texts_of(query or {}), answer.status, answer.body))


def _secrets_in(form: Form | None) -> Sequence[Secret]:
    return [value for value in (form or {}).values() if isinstance(value, Secret)]


def _encoded(form: Form) -> bytes:
    """Spaces, `+`, `&` and `%` in a password survive this; extensions that did not encode locked people out."""
    shown = {name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}
    return urlencode(texts_of(shown)).encode()

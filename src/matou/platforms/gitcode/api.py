"""One request to GitCode's API: how it is put, kept, and read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from matou.credentials import Secret
from matou.http.responses import ANY_ANSWERED, Answer, Answered
from matou.http.session import Session
from matou.http.streams import Stream
from matou.http.tokens import usable_token
from matou.http.url_parts import Parameter, texts_of, with_query
from matou.http.web_pages import require_api
from matou.model.records import Record
from matou.platforms.base.decoder import require_whole
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.errors import failure_of, failure_within
from matou.platforms.gitcode.wire_base import DECODER

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024

T = TypeVar("T")


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform="gitcode")


def forget(_record: Record) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks one API for one token; threads may share it.

    Attributes:
        url: with `/api/v5`, without a slash at its end.
        token: goes into the headers Authorization and PRIVATE-TOKEN and nowhere else; None to ask as nobody.
        record: is given each answer as received, before it is read.
    """

    session: Session
    url: str
    token: Secret | None
    now: Callable[[], datetime]
    record: Callable[[Record], None] = forget

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        body: Mapping[str, object] | None = None,
        repeatable: bool,
    ) -> Answer:
        """Put a request with a JSON body, if any; parameters that are None are left out.

        Raises:
            MatouError: of the kind that says what can be done.
        """
        content = None if body is None else msgspec.json.encode(_given(body))
        headers = {} if content is None else {"Content-Type": "application/json"}
        return self.send(method, path, query=query, headers=headers, content=content, repeatable=repeatable)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        headers: Mapping[str, str],
        content: bytes | None,
        repeatable: bool,
    ) -> Answer:
        """As `ask`, with a body of any form."""

        def came(answer: Answer) -> None:
            self._keep(method, path, query, answer)
            require_whole(answer, platform="gitcode")

        try:
            answer = self.session.request(
                method,
                with_query(f"{self.url}{path}", query),
                repeatable=repeatable,
                headers={"Accept": "application/json", **self._token_header, **headers},
                authorization=self._authorization,
                body=content,
                limit_bytes=LARGEST_ANSWER_BYTES,
                pace=self._pace,
                check=came,
            )
        except ANY_ANSWERED as answered:
            self._keep(method, path, query, answered.answer)
            self._require_api(answered)
            raise failure_of(answered) from answered
        return answer

    @contextmanager
    def stream(self, path: str, *, query: Mapping[str, Parameter]) -> Iterator[Stream]:
        """GET what is read as it comes. Raises as `ask` does."""
        try:
            with self.session.open(
                "GET",
                with_query(f"{self.url}{path}", query),
                repeatable=True,
                headers=self._token_header,
                authorization=self._authorization,
                pace=self._pace,
            ) as stream:
                yield stream
        except ANY_ANSWERED as answered:
            raise failure_of(answered) from answered

    def get(self, kind: type[T], path: str, query: Mapping[str, Parameter] | None = None) -> T:
        return read_answer(kind, self.ask("GET", path, query=query, repeatable=True))

    def set(self, kind: type[T], path: str, body: Mapping[str, object]) -> T:
        """PUT what may be put twice."""
        return read_answer(kind, self.ask("PUT", path, body=body, repeatable=True))

    @property
    def _authorization(self) -> Secret | None:
        return Secret(f"Bearer {self.token.reveal()}") if self.token else None

    @property
    def _token_header(self) -> Mapping[str, str]:
        """Some of GitCode's gateways ask for this one besides: "Invalid header parameter: private-token, required"."""
        return {"PRIVATE-TOKEN": self.token.reveal()} if self.token else {}

    @property
    def _pace(self) -> str:
        return f"gitcode {self.url}" if PLATFORM.is_at(self.url) else ""

    def _require_api(self, answered: Answered) -> None:
        spoke_before = self.session.has_answered(self.url)
        require_api(answered, PLATFORM.name, self.url, example=PLATFORM.address, spoke_before=spoke_before)

    def _keep(self, method: str, path: str, query: Mapping[str, Parameter] | None, answer: Answer) -> None:
        self.record(Record(self.now(), f"{method} {path}", texts_of(query or {}), answer.status, answer.body))


def read_answer(kind: type[T], answer: Answer) -> T:
    """Raises UnknownShape, AnswerBrokeOff, or what a failure with status 200 stands for."""
    return DECODER.read(kind, parsed(answer))


def parsed(answer: Answer) -> object:
    """The answer's JSON. Raises as `read_answer` does."""
    value = DECODER.parse(answer.body)
    failure = failure_within(value)
    if failure is not None:
        raise failure
    return value


def _given(values: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in values.items() if value is not None}

"""Asks a platform's API: how a request is put, paced, kept, read, and what its failures mean."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Final, Protocol, Self, TypeVar

import msgspec

from matou.credentials import Secret
from matou.errors import MatouError, Phrase
from matou.http.addresses import Parameter, texts_of, with_query
from matou.http.known_answers import KnownPartition
from matou.http.paging import Page
from matou.http.request import TransferLimits
from matou.http.responses import ANY_ANSWERED, Answer, Answered, FailedAnswer
from matou.http.session import Session
from matou.http.streams import Stream
from matou.http.web_pages import require_api
from matou.model.platform import Record
from matou.platforms.base.decoder import Decoder, require_whole
from matou.platforms.base.lister import NumberedList, counts_in, page_of
from matou.platforms.base.platform import Clock, Platform

LARGEST_ANSWER_BYTES: Final = 64 * 1024 * 1024
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

T = TypeVar("T")


def no_record(_record: Record) -> None:
    pass


def _whole(value: object) -> object:
    return value


class Answers(Protocol):
    """What stands in the place of a server: answers that were kept, say, to be read again."""

    def __call__(self, name: str, parameters: Mapping[str, object], check: Callable[[Answer], None], /) -> Answer:
        """The answer to a request, once `check` has let it pass.

        Args:
            name, parameters: as in a `Record`.

        Raises:
            MatouError: as `Session.request` does.
        """


class ApiClient:
    """Asks one server for one token; threads may share it. Each platform has its own kind of it.

    Args:
        session: must name the URL's origin, and keep to the platform's limits.
        url: what stands before the path of every request, without a slash at its end.
        token: goes into headers and nowhere else; None to ask as nobody.
        record: is given each answer as received, before it is read.
        answers: asked in place of the session.

    Attributes:
        platform: whose API it is.
        decoder: reads its answers.
        totals: the headers that count the rows and the pages of a list.
        page_size: the largest page that may be asked for, by the name `size_parameter`.
        unasked_page_size: what a list's page has where nobody asks for more.
        keeps_cause: whether a failure has the answer that it was made of as its cause: see `http.tokens.is_dead`.
    """

    platform: ClassVar[Platform]
    decoder: ClassVar[Decoder]
    totals: ClassVar[tuple[str, str]] = ("total_count", "total_page")
    page_size: ClassVar[int] = 100
    size_parameter: ClassVar[str] = "per_page"
    unasked_page_size: ClassVar[int] = 20
    keeps_cause: ClassVar[bool] = True

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret | None,
        now: Clock,
        record: Callable[[Record], None] = no_record,
        answers: Answers | None = None,
    ) -> None:
        self.session = session
        self.url = url
        self.token = token
        self._now = now
        self._record = record
        self._answers = answers
        self._has_memory = True

    def authorization(self, path: str) -> Secret | None:  # noqa: ARG002 - some platforms have several APIs
        """The value of the header of that name."""
        return Secret(f"Bearer {self.token.reveal()}") if self.token else None

    def headers(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - as above
        """What every request has besides."""
        return NOTHING

    def failure_of(self, answered: Answered) -> MatouError:
        """The exception to raise for an answer whose status is none of success; itself where it says no more."""
        return answered

    def partition_of(self, path: str) -> str:  # noqa: ARG002 - most platforms charge for an unchanged answer as for another
        """Where answers are remembered from run to run, to be asked about by their ETags; empty where they are not."""
        return ""

    def redacted(self, answered: Answered, sent: tuple[Secret, ...]) -> Answered:  # noqa: ARG002 - most send none
        """The same failure without what was `sent`; the session itself knows of Authorization alone."""
        return answered

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        content: bytes | None = None,
        content_type: str = "",
        repeatable: bool,
        secrets: tuple[Secret, ...] = (),
        name: str = "",
        parameters: Mapping[str, object] | None = None,
        pace: str = "",
        check: Callable[[Answer], None] | None = None,
        limits: TransferLimits | None = None,
    ) -> Answer:
        """Put a request; parameters that are None are left out.

        Args:
            secrets: what the body holds of them.
            name: what the platform calls it, for the record; the method and the path where it is empty.
            parameters: as they stand in the record; the query where they are None.
            pace: what shares one rate limit; the whole API where it is empty.
            check: reads the answer as part of the attempt: see `Session.request`.
            limits: how slow the answer may be; as others are where they are None.

        Raises:
            MatouError: of the kind that says what can be done.
        """
        request_name, known = name or f"{method} {path}", texts_of(query or {}) if parameters is None else parameters

        def keep(answer: Answer) -> None:
            counts = counts_in(answer.headers)
            self._record(Record(self._now(), request_name, known, answer.status, answer.body, counts))

        def came(answer: Answer) -> None:
            keep(answer)
            require_whole(answer, platform=self.platform.name)
            if check is not None:
                check(answer)

        url = with_query(f"{self.url}{path}", query)
        remembered = self._remembered(method, path)
        typed = {"Content-Type": content_type} if content is not None and content_type else {}
        try:
            if self._answers is not None:
                return self._answers(request_name, known, came)
            answer = self.session.request(
                method,
                url,
                repeatable=repeatable,
                headers={"Accept": "application/json", **self.headers(path), **typed},
                authorization=self.authorization(path),
                body=content,
                limit_bytes=LARGEST_ANSWER_BYTES,
                pace=pace or self._pace,
                check=came,
                limits=limits,
                known=remembered.find(url),
            )
        except ANY_ANSWERED as answered:
            failed = self.redacted(answered, secrets)
            keep(failed.answer)
            failure = self.failure_of(failed)
            raise failure from (failed if self.keeps_cause and failure is not failed else None)
        except MatouError as failure:
            if isinstance(failure, FailedAnswer):
                keep(failure.answer)
            raise
        remembered.keep(url, answer, request=request_name)
        return answer

    def _remembered(self, method: str, path: str) -> KnownPartition:
        """Nothing of what is asked in the place of a server, nor of answers that hold a secret."""
        is_remembered = method == "GET" and self._has_memory and self._record is not no_record
        partition = self.partition_of(path) if is_remembered else ""
        known = self.session.known_answers if partition and self._answers is None else None
        return KnownPartition(known, f"{self.url} {partition}")

    @contextmanager
    def stream(self, path: str, *, query: Mapping[str, Parameter]) -> Iterator[Stream]:
        """GET what is read as it comes. Raises as `request` does."""
        with (
            self.translated(),
            self.session.open(
                "GET",
                with_query(f"{self.url}{path}", query),
                repeatable=True,
                headers=self.headers(path),
                authorization=self.authorization(path),
                pace=self._pace,
            ) as stream,
        ):
            yield stream

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What this API answers to a request that does not go through `request` is raised as that raises it."""
        try:
            yield
        except ANY_ANSWERED as answered:
            raise self.failure_of(answered) from answered

    def parsed(self, answer: Answer) -> object:
        """The answer's JSON. Raises UnknownShape, AnswerBrokeOff."""
        return self.decoder.parse(answer.body)

    def read(self, kind: type[T], answer: Answer) -> T:
        """Raises UnknownShape, AnswerBrokeOff, or what a failure with a status of success stands for."""
        return self.decoder.read(kind, self.parsed(answer))

    def get(self, kind: type[T], path: str, query: Mapping[str, Parameter] | None = None) -> T:
        return self.read(kind, self.request("GET", path, query=query, repeatable=True))

    def send_json(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        repeatable: bool,
        secrets: tuple[Secret, ...] = (),
        limits: TransferLimits | None = None,
    ) -> Answer:
        """Put a request with a body of JSON; what is None is left out."""
        content = msgspec.json.encode({name: value for name, value in body.items() if value is not None})
        return self.request(
            method,
            path,
            content=content,
            content_type="application/json",
            repeatable=repeatable,
            secrets=secrets,
            limits=limits,
        )

    def list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
        *,
        rows_in: Callable[[object], object] = _whole,
        size_parameter: str = "",
        totals: tuple[str, str] | None = None,
        empty_is_counted: bool = False,
    ) -> NumberedList[T]:
        """A list in numbered pages, that may be asked for.

        Args:
            kind: what a row is.
            what: its name, for the error.
            key: what a row is known by.
            rows_in: where the rows are in the answer.
            totals: other headers than the usual.
            empty_is_counted: see `NumberedList`.
        """

        def ask(number: int) -> Page[object]:
            numbered = {**(query or {}), "page": number, size_parameter or self.size_parameter: self.page_size}
            answer = self.request("GET", path, query=numbered, repeatable=True)
            name = Phrase("{platform}'s list of {what}", platform=self.platform.name, what=what)
            return page_of(rows_in(self.parsed(answer)), answer, name=name, totals=totals or self.totals)

        read = partial(self.decoder.read, kind)
        return NumberedList(what, ask, read, key, self.page_size, self.unasked_page_size, empty_is_counted)

    def unrecorded(self) -> Self:
        """For answers that hold a secret."""
        other = copy(self)
        other._record = no_record  # noqa: SLF001 - it is one of us
        return other

    def without_memory(self) -> Self:
        """Asks as though nothing was answered before."""
        other = copy(self)
        other._has_memory = False  # noqa: SLF001 - it is one of us
        return other

    def require_api(self, answered: Answered) -> None:
        """Raises NoApiThere where the very first question is refused in a way that another API's address does."""
        spoke_before = self.session.has_answered(self.url)
        require_api(answered, self.platform.name, self.url, example=self.platform.address, spoke_before=spoke_before)

    @property
    def _pace(self) -> str:
        """Other servers that speak this API are asked as fast as they answer, until they say otherwise."""
        return f"{self.platform.name} {self.url}" if self.platform.is_at(self.url) else ""

"""One request to CODING's Open API: how it is put, kept, and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from matou.credentials import Secret
from matou.errors import NotFound, UnknownShape
from matou.model.records import Record
from matou.platforms.coding.errors import Busy, CredentialRefused
from matou.platforms.coding.reading import Unreadable
from matou.platforms.coding.wire import Response, decode_response
from matou.platforms.coding.wire_requests import Request, encode_request, parameters_of

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
HEADERS: Mapping[str, str] = {"Content-Type": "application/json", "Accept": "application/json"}


class Answer(Protocol):
    """What the session gives back; names of headers are in lower case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...


class Session(Protocol):
    """The part of `remote.session.Session` that this platform needs.

    It waits and asks again where a request may be repeated and TryLater was raised, by itself or by `check`, which
    is given each answer: CODING says "too many requests" with status 200.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        authorization: Secret | None,
        body: bytes | None,
        repeatable: bool,
        limit_bytes: int,
        check: Callable[[Any], None] | None,
    ) -> Answer: ...


R = TypeVar("R", bound=Response)


@dataclass(frozen=True, slots=True)
class Asking:
    """Puts actions to one Open API for one token; from several threads, if the session may be."""

    session: Session
    url: str
    authorization: Secret
    record: Callable[[Record], None]
    now: Callable[[], datetime]

    def ask(self, request: Request, kind: type[R], *, unreadable: Unreadable | None = None) -> R:
        """Ask what only reads, so that it may be asked again.

        Each answer goes to `record` before it is read. Rows that cannot be read are noted in `unreadable`.

        Raises:
            MatouError: of the kind that says what can be done; TryLater once the session has given up.
        """
        read: list[tuple[R, Unreadable]] = []

        def check(answer: Answer) -> None:
            self._keep(request, answer)
            faults: Unreadable = []
            read.append((_read(kind, answer, faults if unreadable is not None else None), faults))

        self._post(request, check)
        response, faults = read[-1]
        if unreadable is not None:
            unreadable.extend(faults)
        return response

    def _post(self, request: Request, check: Callable[[Answer], None]) -> None:
        self.session.request(
            "POST",
            f"{self.url}?{urlencode({'Action': type(request).__name__})}",
            headers=HEADERS,
            authorization=self.authorization,
            body=encode_request(request),
            repeatable=True,
            limit_bytes=LARGEST_ANSWER_BYTES,
            check=check,
        )

    def _keep(self, request: Request, answer: Answer) -> None:
        action = type(request).__name__
        self.record(Record(self.now(), action, parameters_of(request), answer.status, answer.body))


def _read(kind: type[R], answer: Answer, unreadable: Unreadable | None) -> R:
    if answer.status in (200, 201):
        return decode_response(kind, answer.body, unreadable=unreadable)
    if answer.status in (401, 403):
        raise CredentialRefused("coding answered with status {status}", status=answer.status)
    if answer.status == 429 or answer.status >= 500:
        raise Busy("coding answered with status {status}", status=answer.status)
    if answer.status == 404:
        raise NotFound("there is no open api of coding at this address")
    raise UnknownShape("coding status", answer.status)

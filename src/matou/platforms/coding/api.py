"""One request to CODING's Open API: how it is put, kept, and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answer, AnsweredNotFound, AnsweredOtherwise, AnsweredRefused, FailedAnswer
from matou.http.session import Session
from matou.model.records import Record
from matou.platforms.base.decoder import Unreadable
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.coding.errors import NoOpenAPI
from matou.platforms.coding.wire import Response, decode_response
from matou.platforms.coding.wire_requests import Request, encode_request, parameters_of

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
HEADERS: Mapping[str, str] = {"Content-Type": "application/json", "Accept": "application/json"}
NO_SUCH_ADDRESS = {404, 405, 410, 501}
"""A failure of the API itself comes with status 200."""

R = TypeVar("R", bound=Response)


@dataclass(frozen=True, slots=True)
class Asking:
    """Puts actions to one Open API for one token; threads may share it."""

    session: Session
    url: str
    authorization: Secret
    record: Callable[[Record], None]
    now: Callable[[], datetime]

    def ask(self, request: Request, kind: type[R], *, unreadable: Unreadable | None = None) -> R:
        """Ask what only reads, so that it may be asked again: "too many requests" comes with status 200.

        Each answer goes to `record` before it is read. Rows that cannot be read are noted in `unreadable`.

        Raises:
            CredentialRefused: the token is not good.
            MatouError: of the kind that says what can be done; TryLater once the session has lost patience.
        """
        read: list[tuple[R, Unreadable]] = []

        def check(answer: Answer) -> None:
            self._keep(request, answer)
            odd: Unreadable = []
            read.append((decode_response(kind, answer.body, unreadable=None if unreadable is None else odd), odd))

        self._send(request, check)
        response, odd = read[-1]
        if unreadable is not None:
            unreadable.extend(odd)
        return response

    def _send(self, request: Request, check: Callable[[Answer], None]) -> None:
        try:
            self._post(request, check)
        except AnsweredRefused as refusal:
            self._keep(request, refusal.answer)
            raise CredentialRefused("coding answered with status {status}", status=refusal.answer.status) from refusal
        except (AnsweredNotFound, AnsweredOtherwise) as failure:
            self._keep(request, failure.answer)
            if failure.answer.status not in NO_SUCH_ADDRESS:
                raise
            raise NoOpenAPI(
                "there is no Open API of CODING at {url}: it answered with status {status}",
                url=self.url,
                status=failure.answer.status,
                advice="its address ends in /open-api, as in https://e.coding.net/open-api",
            ) from failure
        except MatouError as failure:
            if isinstance(failure, FailedAnswer):
                self._keep(request, failure.answer)
            raise

    def _post(self, request: Request, check: Callable[[Answer], None]) -> None:
        action = type(request).__name__
        self.session.request(
            "POST",
            f"{self.url}?{urlencode({'Action': action})}",
            repeatable=True,
            headers=HEADERS,
            authorization=self.authorization,
            body=encode_request(request),
            limit_bytes=LARGEST_ANSWER_BYTES,
            pace=f"{self.url} {action}",
            check=check,
        )

    def _keep(self, request: Request, answer: Answer) -> None:
        action = type(request).__name__
        self.record(Record(self.now(), action, parameters_of(request), answer.status, answer.body))

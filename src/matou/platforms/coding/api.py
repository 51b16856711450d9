"""CODING's Open API: actions by name, each with parameters in JSON; a failure comes with status 200."""

from typing import TypeVar

from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.responses import Answer, Answered, AnsweredRefused
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Unreadable
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.coding import PLATFORM
from matou.platforms.coding.errors import NoOpenAPI
from matou.platforms.coding.wire import DECODER, Response, decode_response
from matou.platforms.coding.wire_requests import Request, encode_request, parameters_of

NO_SUCH_ADDRESS = frozenset({404, 405, 410, 501})
"""A failure of the API itself comes with status 200."""

R = TypeVar("R", bound=Response)


class CodingApi(ApiClient):
    """Puts actions to one Open API. Its token is the value of the Authorization header: see `tokens.CodingToken`."""

    platform = PLATFORM
    decoder = DECODER

    def authorization(self, path: str) -> Secret | None:  # noqa: ARG002 - there is one path
        return self.token

    def call(self, request: Request, kind: type[R], *, unreadable: Unreadable | None = None) -> R:
        """Ask what only reads, so that it may be asked again: "too many requests" comes with status 200.

        Rows that cannot be read are noted in `unreadable`.

        Raises:
            CredentialRefused: the token is not good.
            MatouError: of the kind that says what can be done; TryLater once the session has lost patience.
        """
        return self._put(request, kind, unreadable, repeatable=True)

    def make(self, request: Request, kind: type[R]) -> R:
        """Ask for what would be there twice if it were asked for twice: it is put once. Raises as `call` does."""
        return self._put(request, kind, None, repeatable=False)

    def _put(self, request: Request, kind: type[R], unreadable: Unreadable | None, *, repeatable: bool) -> R:
        read: list[tuple[R, Unreadable]] = []

        def check(answer: Answer) -> None:
            odd: Unreadable = []
            read.append((decode_response(kind, answer.body, unreadable=None if unreadable is None else odd), odd))

        action = type(request).__name__
        self.request(
            "POST",
            "",
            query={"Action": action},
            content=encode_request(request),
            content_type="application/json",
            repeatable=repeatable,
            name=action,
            parameters=parameters_of(request),
            pace=f"{self.url} {action}",
            check=check,
        )
        response, odd = read[-1]
        if unreadable is not None:
            unreadable.extend(odd)
        return response

    def failure_of(self, answered: Answered) -> MatouError:
        status = answered.answer.status
        if isinstance(answered, AnsweredRefused):
            return CredentialRefused("coding answered with status {status}", status=status)
        if status in NO_SUCH_ADDRESS:
            return NoOpenAPI(
                "there is no Open API of CODING at {url}: it answered with status {status}",
                url=self.url,
                status=status,
                advice="its address ends in /open-api, as in https://e.coding.net/open-api",
            )
        return answered

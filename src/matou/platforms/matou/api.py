"""Our own API, as another Matou asks it: what there is to copy."""

from collections.abc import Callable, Hashable, Iterator
from typing import Final, TypeVar

from matou.credentials import Secret
from matou.errors import MatouError, Phrase
from matou.http.responses import Answered
from matou.http.tokens import usable_token
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import Decoder
from matou.platforms.base.message_failures import failure_with_message
from matou.platforms.matou import PLATFORM
from matou.platforms.matou.wire import MatouAccount, MatouNamespace, MatouRepository, MatouRun

T = TypeVar("T")

API: Final = "/-/api/v1"
_OTHERS: Final = (API, "/api/v5", "/open-api", "/github/api/v3", "/api/v3")
"""What may stand behind a server's address: people give that of any of its APIs."""

DECODER: Final = Decoder("matou")


def token_of(text: str) -> Secret:
    """Raises UnusableToken."""
    return usable_token(text, platform=PLATFORM.name)


def site_of(url: str) -> str:
    """The server's own address, whichever of its APIs was given."""
    bare = url.rstrip("/")
    return next((bare.removesuffix(path) for path in _OTHERS if bare.endswith(path)), bare)


class MatouApi(ApiClient):
    """The token goes into the header Authorization and nowhere else."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total-count", "x-total-pages")
    page_size = 1_000
    unasked_page_size = 100

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        return failure_with_message(answered, DECODER, platform=PLATFORM.title)

    def account(self) -> MatouAccount:
        return self.get(MatouAccount, "/account")

    def namespaces(self) -> Iterator[MatouNamespace]:
        return self._rows("/namespaces", MatouNamespace, Phrase("namespaces"), lambda row: row.id)

    def repositories(self) -> Iterator[MatouRepository]:
        what = Phrase("this account's repositories")
        return self._rows("/repositories", MatouRepository, what, lambda row: row.id)

    def runs(self) -> Iterator[MatouRun]:
        return self._rows("/runs", MatouRun, Phrase("the runs of the server"), lambda row: row.run)

    def icon(self, namespace: str, digest: str) -> bytes:
        """No record is kept of it: a picture is no text."""
        query = {"namespace": namespace, "digest": digest}
        return self.unrecorded().request("GET", "/icon", query=query, repeatable=True).body

    def _rows(self, path: str, kind: type[T], what: Phrase, key: Callable[[T], Hashable]) -> Iterator[T]:
        return self.list(path, kind, what, key, empty_is_counted=True).rows()

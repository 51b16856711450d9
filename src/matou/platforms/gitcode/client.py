"""`GitCode`: one method for each of the 38 endpoints of GitCode's repository API, and for those that go with them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from matou.credentials import Secret
from matou.http.retry import WaitListener
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.api_client import no_record
from matou.platforms.base.client import TypedClient, utc_now
from matou.platforms.base.platform import Clock
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.api import GitCodeApi, token_of
from matou.platforms.gitcode.calls_conversation import ConversationCalls
from matou.platforms.gitcode.calls_people import PeopleCalls
from matou.platforms.gitcode.calls_reading import ReadingCalls
from matou.platforms.gitcode.calls_repositories import GitCodeRepositoryCalls
from matou.platforms.gitcode.calls_settings import SettingCalls
from matou.platforms.gitcode.calls_writing import WritingCalls

API = "/api/v5"
HOME = f"https://api.gitcode.com{API}"


class GitCode(
    ReadingCalls, ConversationCalls, WritingCalls, GitCodeRepositoryCalls, SettingCalls, PeopleCalls, TypedClient
):
    """GitCode's API v5, at GitCode or at any server that speaks it. May be used by several threads.

        with GitCode(token) as gitcode:
            for repository in gitcode.my_repositories():
                print(repository.full_name)

    A repository is named `owner/name`. A list is an iterator that reads to the proof of its end: where it stops
    without an error, nothing is missing. Every failure is one of the seven kinds of `matou.errors`; TryLater says how
    long to wait if GitCode did. What may be repeated is repeated; what waits is bounded by ten minutes.

    An attribute of an answer that is `msgspec.UNSET` was not there; what came and is not documented stands in
    `undescribed`. The number before a method's text is that of its section in GitCode's document of this API.

    Args:
        token: goes into the headers Authorization and PRIVATE-TOKEN and nowhere else; None to ask as nobody.
        base_url: with or without `/api/v5`.
        on_wait: told why a request is repeated or waits for its turn, and how long; without it, it is logged.
        session: how to reach the server, if not as the process' environment says; whoever gives one closes it.
        now: the clock.
        record: is given each answer as received, before it is read.

    Raises:
        UnusableToken: it cannot be a token.
    """

    def __init__(
        self,
        token: str | Secret | None,
        base_url: str = HOME,
        *,
        on_wait: WaitListener | None = None,
        session: Session | None = None,
        now: Clock = utc_now,
        record: Callable[[Record], None] = no_record,
    ) -> None:
        self.base_url = api_address(base_url)
        opened = self._session_to(PLATFORM, self.base_url, session, now=now, on_wait=on_wait)
        secret = None if token is None else token_of(token.reveal() if isinstance(token, Secret) else token)
        super().__init__(GitCodeApi(opened, self.base_url, secret, now, record))


def api_address(url: str) -> str:
    """`https://api.gitcode.com` and `https://api.gitcode.com/api/v5/` mean the same."""
    bare = url.rstrip("/")
    return bare if urlsplit(bare).path.endswith(API) else f"{bare}{API}"

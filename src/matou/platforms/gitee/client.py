"""`Gitee`: the extension API (v3), and of API v5 what backup and migration need, and what people say about code."""

from collections.abc import Callable

from matou.credentials import Secret
from matou.http.retry import WaitListener
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.api_client import no_record
from matou.platforms.base.client import TypedClient, utc_now
from matou.platforms.base.platform import Clock
from matou.platforms.gitee import PLATFORM
from matou.platforms.gitee.api import TOOL, V3, V5, GiteeApi, token_of
from matou.platforms.gitee.calls_conversation import GiteeConversationCalls
from matou.platforms.gitee.calls_v3 import GiteeV3Calls
from matou.platforms.gitee.calls_v5 import GiteeV5Calls

HOME = "https://gitee.com"


class Gitee(GiteeV3Calls, GiteeV5Calls, GiteeConversationCalls, TypedClient):
    """Gitee's API, at Gitee or at any server that speaks it. May be used by several threads.

        with Gitee(None, "https://git.example") as gitee:
            token = gitee.log_in("me@example", password).token
        with Gitee(token, "https://git.example") as gitee:
            for project in gitee.projects():
                print(project.path_with_namespace)

    Projects are those of v3, which takes the token that `log_in` gives; repositories are those of v5, which takes a
    personal access token. A list is an iterator that reads to the proof of its end: where it stops without an error,
    nothing is missing. Every failure is one of the seven kinds of `matou.errors`; TryLater says how long to wait if
    Gitee did. What may be repeated is repeated.

    Args:
        token: goes into a header and nowhere else, never into a URL; None to ask as nobody.
        base_url: with or without `/api/v3` or `/api/v5`.
        extension: what the User-Agent says after `CC/1.0-`: an `agents.Extension`, or our own.
        on_wait: told why a request is repeated or waits for its turn, and how long; without it, it is logged.
        session: how to reach the server, if not as the process' environment says; whoever gives one closes it.
        now: the clock.
        record: is given each answer as received, before it is read; not those that hold a token.

    Raises:
        UnusableToken: it cannot be a token.
    """

    def __init__(
        self,
        token: str | Secret | None,
        base_url: str = HOME,
        *,
        extension: str = TOOL,
        on_wait: WaitListener | None = None,
        session: Session | None = None,
        now: Clock = utc_now,
        record: Callable[[Record], None] = no_record,
    ) -> None:
        self.base_url = web_address(base_url)
        opened = self._session_to(PLATFORM, self.base_url, session, now=now, on_wait=on_wait)
        secret = None if token is None else token_of(token.reveal() if isinstance(token, Secret) else token)
        super().__init__(GiteeApi(opened, self.base_url, secret, now, record, extension))


def web_address(url: str) -> str:
    """`https://gitee.com`, `https://gitee.com/api/v5/` and `https://gitee.com/api/v3` are one and the same site."""
    bare = url.rstrip("/")
    return bare.removesuffix(V3).removesuffix(V5)


def asks_for_v3(url: str) -> bool:
    return url.rstrip("/").endswith(V3)

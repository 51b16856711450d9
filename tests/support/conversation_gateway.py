"""A server of code before which a fake stands that knows what was said: all else the server answers."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from support.fault_proxy import FaultProxy, Status, Toxic
from support.recording_server import SeenRequest
from support.v5_account import V5Account

LISTS = "issues|pulls|labels|milestones|releases|collaborators|hooks|comments|branches|protect_branches|protected_tags"
PATHS = (
    rf"\A/api/v5/(?:repos/[^/]+/[^/]+/(?:{LISTS})\b|repos/[^/]+/issues/[^/]+/operate_logs\b"
    r"|enterprises/[^/]+/(?:issues|labels)\b)|\A/(?:user-)?images/"
)


@dataclass(frozen=True)
class Conversation(Toxic):
    """Answers by a fake whose `talks` make an empty one for a repository that nothing was said of.

    Attributes:
        token: the fake's own; whoever has another at the server is let through with this one.
    """

    account: V5Account
    token: str

    def instead(self, request: SeenRequest) -> bytes | None:
        headers = dict(request.headers)
        if "authorization" in headers:
            headers["authorization"] = f"Bearer {self.token}"
        given = self.account.answer(request.target, headers)
        return Status(given.status, {"Content-Type": "application/json", **given.headers}, given.body).instead(request)


def converse_before(proxy: FaultProxy, account: V5Account, token: str, nothing: Callable[[], object]) -> None:
    """Let the account answer for what was said. It must be told of repositories after this."""
    account.origin = proxy.url
    account.talks = defaultdict(nothing)  # type: ignore[attr-defined]  # both fakes have it
    proxy.add(Conversation(account, token), path=PATHS)

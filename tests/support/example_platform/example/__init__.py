"""A platform that nobody runs: the smallest that a backup can read. It stands as `matou/platforms/example` would."""

from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.http.rate_limit import RateLimit
from matou.platforms.base.platform import Clock, OfficialInstance, Platform, TokenPage

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.platforms.base.source import RecordSink, Source


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from .source import ExampleSource

    return ExampleSource(session, url, token, record=record, now=now)


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from .source import ExampleSource

    return ExampleSource(session, url, token, record=lambda _: None, now=now).account().login


PLATFORM = Platform(
    name="example",
    title="Example",
    homes=(
        OfficialInstance(api="https://example.com/api", git="https://example.com", hosts=frozenset({"example.com"})),
    ),
    api_path="/api",
    token_page=TokenPage("https://example.com/tokens"),
    rate=RateLimit(per_second=5, burst=50),
    source=_source,
    whoami=_whoami,
)

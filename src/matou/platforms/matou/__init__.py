"""Another Matou: it is read by an API of our own, and written by GitCode's v5 and CODING's."""

from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.platforms.base.platform import Clock, Fingerprint, PagePaths, PasswordUse, Platform, TokenPage
from matou.platforms.gitcode import PLATFORM as GITCODE
from matou.platforms.gitee import PLATFORM as GITEE

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.platforms.base.source import RecordSink, Source
    from matou.platforms.base.target import MigrationTarget


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from matou.platforms.matou.source import MatouSource

    return MatouSource(session, url, token, record=record, now=now)


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.matou.target import MatouTarget

    return MatouTarget(session, url, token, now=now)


PLATFORM = Platform(
    name="matou",
    title="Matou",
    # As fast as it answers, until it says otherwise.
    token_page=TokenPage("/-/account/tokens", ("repository:read", "project:read")),
    page_paths=PagePaths(longest=None),
    fingerprint=Fingerprint("/-/api/v1/openapi.json", "openapi"),
    source=_source,
    target=_target,
    whoami=GITCODE.whoami,
    password=PasswordUse.API,
    check_password=GITEE.check_password,
)

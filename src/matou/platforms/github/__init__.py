"""GitHub: REST API v3, at github.com and at a company's own GitHub Enterprise Server."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import CarriedForm, Fidelity, MigrationMethod, by_rest
from matou.platforms.base.platform import Clock, MetadataSupport, OfficialInstance, Platform, TokenPage

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.model.metadata.kinds import MetadataKind
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.metadata import MetadataSource
    from matou.platforms.base.source import RecordSink, Source


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from matou.platforms.github.source import GitHubSource

    return GitHubSource(session, url, token, record=record, now=now)


def _metadata(
    session: "Session",
    url: str,
    token: Secret,
    record: "RecordSink",
    /,
    *,
    now: Clock,
    wants: Callable[["MetadataKind"], bool] | None = None,
    answers: "Answers | None" = None,
) -> "MetadataSource":
    from matou.platforms.base.metadata import wants_by_default
    from matou.platforms.github.metadata_source import GitHubMetadataSource

    return GitHubMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.github.api import GitHubApi, token_of
    from matou.platforms.github.calls import GitHubCalls

    return GitHubCalls(GitHubApi(session, url.rstrip("/"), token_of(token.reveal()), now)).user().login


PLATFORM = Platform(
    name="github",
    title="GitHub",
    homes=(
        OfficialInstance(
            api="https://api.github.com",
            git="https://github.com",
            hosts=frozenset({"api.github.com", "github.com", "gist.github.com"}),
            pages=frozenset({"github.com", "gist.github.com"}),
        ),
    ),
    api_path="/api/v3",
    token_page=TokenPage("https://github.com/settings/tokens", ("repo", "read:org", "gist")),
    # 5,000 in an hour for a person's token; what is asked at once counts against a limit of its own (900 a minute).
    rate=RateLimit(per_second=5_000 / 3_600, burst=500),
    source=_source,
    metadata=MetadataSupport(open=_metadata, calls_per_hour=5_000),
    methods={
        MigrationMethod.REST: by_rest(
            attachment=Fidelity(
                form=CarriedForm.ITSELF, note=Phrase("in a repository NAME-history, as the API takes no files in texts")
            ),
        )
    },
    whoami=_whoami,
)

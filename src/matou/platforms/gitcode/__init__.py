"""GitCode: API v5, under two names."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.http.retry import RetryPolicy
from matou.model.fidelity import SAID_EVERYWHERE, CarriedForm, Fidelity, MigratedKind, MigrationMethod, by_rest
from matou.platforms.base.platform import (
    Clock,
    MetadataSupport,
    MetadataTargetSupport,
    OfficialInstance,
    PagePaths,
    Platform,
    TokenPage,
)

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.model.metadata.kinds import MetadataKind
    from matou.model.metadata_targets import MetadataRules
    from matou.model.targets import TargetRepository
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.metadata import MetadataSource
    from matou.platforms.base.metadata_target import MetadataTarget
    from matou.platforms.base.source import RecordSink, Source
    from matou.platforms.base.target import MigrationTarget


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from matou.platforms.gitcode.source import GitCodeSource

    return GitCodeSource(session, url, token, record=record, now=now)


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
    from matou.platforms.gitcode.metadata_source import GitCodeMetadataSource

    return GitCodeMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.gitcode.target import GitCodeTarget

    return GitCodeTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.gitcode.metadata_target import GitCodeMetadataTarget

    return GitCodeMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.gitcode.metadata_target import RULES

    return RULES


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.gitcode.client import GitCode

    return GitCode(token, url, session=session, now=now).user().login


PLATFORM = Platform(
    name="gitcode",
    title="GitCode",
    homes=(
        OfficialInstance(
            api="https://api.gitcode.com",
            git="https://gitcode.com",
            hosts=frozenset({"api.gitcode.com", "gitcode.com"}),
            pages=frozenset({"gitcode.com"}),
        ),
        OfficialInstance(
            api="https://api.atomgit.com",
            git="https://atomgit.com",
            hosts=frozenset({"api.atomgit.com", "atomgit.com"}),
            pages=frozenset({"atomgit.com"}),
        ),
    ),
    token_page=TokenPage("https://gitcode.com/setting/token-classic"),
    page_paths=PagePaths(before=frozenset({"org"}), longest=None),
    # GitCode allows 50 requests a minute and 4,000 an hour for each token: no more than 50 in any minute.
    rate=RateLimit(per_second=40 / 60, burst=10),
    # It counts by the minute, and does not say when the next one begins.
    retry=RetryPolicy(after_429=timedelta(minutes=1)),
    source=_source,
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE | {MigratedKind.ISSUE, MigratedKind.COMMIT_COMMENT},
        tells_by_option=frozenset({MigratedKind.EVENT}),
        calls_per_hour=4_000,
    ),
    target=_target,
    metadata_target=MetadataTargetSupport(open=_metadata_target, rules=_metadata_rules),
    methods={
        MigrationMethod.REST: by_rest(
            milestone=Fidelity(
                form=CarriedForm.ITSELF, note=Phrase("with a day on which it is due, as it must have one")
            )
        )
    },
    whoami=_whoami,
)

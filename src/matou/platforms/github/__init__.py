"""GitHub: REST API v3, at github.com and at a company's own GitHub Enterprise Server."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import (
    COMMITTED,
    IN_HEADER,
    SAID_EVERYWHERE,
    CarriedForm,
    Fidelity,
    KeptTrait,
    MigratedKind,
    MigrationMethod,
    by_rest,
)
from matou.platforms.base.platform import (
    Clock,
    Fingerprint,
    MetadataSupport,
    MetadataTargetSupport,
    OfficialInstance,
    PagePaths,
    Platform,
    RepositoryLists,
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


def _source(
    session: "Session", url: str, token: Secret, record: "RecordSink", /, *, now: Clock, lists: Sequence[str] = ()
) -> "Source":
    from matou.platforms.github.source import GitHubSource

    return GitHubSource(session, url, token, record=record, now=now, lists=lists)


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


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.github.target import GitHubTarget

    return GitHubTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.github.metadata_target import GitHubMetadataTarget

    return GitHubMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.github.metadata_target import RULES

    return RULES


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.github.api import GitHubApi, token_of
    from matou.platforms.github.calls import GitHubCalls

    return GitHubCalls(GitHubApi(session, url.rstrip("/"), token_of(token.reveal()), now)).user().login


_IMPORTED: Final = Fidelity(
    form=CarriedForm.ITSELF,
    keeps=frozenset({KeptTrait.TIME}),
    header=True,
    note=Phrase("times where the token administers the repository, by the import of issues"),
)

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
    token_page=TokenPage("https://github.com/settings/tokens", ("repo", "read:org", "read:project", "gist")),
    # 5,000 in an hour for a person's token; what is asked at once counts against a limit of its own (900 a minute).
    rate=RateLimit(per_second=5_000 / 3_600, burst=500),
    page_paths=PagePaths(before=frozenset({"orgs", "users"})),
    fingerprint=Fingerprint("/api/v3/meta", "verifiable_password_authentication"),
    source=_source,
    lists=RepositoryLists(("starred", "watched"), _source),
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE
        | {
            MigratedKind.ISSUE,
            MigratedKind.REVIEW,
            MigratedKind.COMMIT_COMMENT,
            MigratedKind.RELEASE_DRAFT,
            MigratedKind.BOARD,
            MigratedKind.DISCUSSION,
            MigratedKind.ADVISORY,
        },
        tells_by_option=frozenset({MigratedKind.EVENT}),
        calls_per_hour=5_000,
    ),
    target=_target,
    # What makes content has limits of its own: 80 in a minute and 500 in an hour.
    metadata_target=MetadataTargetSupport(
        open=_metadata_target,
        rules=_metadata_rules,
        writes=RateLimit(per_second=500 / 3_600, burst=60),
        writes_per_hour=500,
        imports_issues=True,
    ),
    methods={
        MigrationMethod.REST: by_rest(
            issue=_IMPORTED,
            comment=_IMPORTED,
            closed_change=replace(_IMPORTED, form=CarriedForm.ISSUE),
            release_draft=IN_HEADER,
            attachment=COMMITTED,
        )
    },
    whoami=_whoami,
)

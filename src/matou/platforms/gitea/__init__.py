"""Gitea and Forgejo: API v1, at Codeberg, at gitea.com and at the servers that teams run themselves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.model.fidelity import IN_HEADER, SAID_EVERYWHERE, MigratedKind, MigrationMethod, by_rest
from matou.platforms.base.platform import (
    Clock,
    Fingerprint,
    MetadataSupport,
    MetadataTargetSupport,
    OfficialInstance,
    PagePaths,
    Platform,
    TokenPage,
)
from matou.platforms.gitea.fidelity import BY_ARCHIVE, BY_PULL

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.model.metadata.kinds import MetadataKind
    from matou.model.metadata_targets import MetadataRules
    from matou.model.targets import TargetRepository
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.importer import ImportingTarget
    from matou.platforms.base.metadata import MetadataSource
    from matou.platforms.base.metadata_target import MetadataTarget
    from matou.platforms.base.source import RecordSink, Source


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from matou.platforms.gitea.source import GiteaSource

    return GiteaSource(session, url, token, record=record, now=now)


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
    from matou.platforms.gitea.metadata_source import GiteaMetadataSource

    return GiteaMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.gitea.api import GiteaApi, token_of
    from matou.platforms.gitea.calls import GiteaCalls

    return GiteaCalls(GiteaApi(session, url.rstrip("/"), token_of(token.reveal()), now)).user().login


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "ImportingTarget":
    from matou.platforms.gitea.target import GiteaTarget

    return GiteaTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.gitea.metadata_target import GiteaMetadataTarget

    return GiteaMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.gitea.metadata_target import RULES

    return RULES


PLATFORM = Platform(
    name="gitea",
    title="Gitea",
    aliases=("forgejo",),
    homes=(
        OfficialInstance(api="https://codeberg.org/api/v1", hosts=frozenset({"codeberg.org"})),
        OfficialInstance(api="https://gitea.com/api/v1", hosts=frozenset({"gitea.com"})),
    ),
    api_path="/api/v1",
    token_page=TokenPage(
        "https://codeberg.org/user/settings/applications",
        ("read:user", "read:organization", "read:repository", "read:issue"),
    ),
    page_paths=PagePaths(before=frozenset({"org"})),
    fingerprint=Fingerprint("/api/v1/version", "version"),
    source=_source,
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE | {MigratedKind.ISSUE, MigratedKind.REVIEW, MigratedKind.RELEASE_DRAFT},
        tells_by_option=frozenset({MigratedKind.EVENT}),
    ),
    target=_target,
    importer=_target,
    metadata_target=MetadataTargetSupport(open=_metadata_target, rules=_metadata_rules),
    methods={
        MigrationMethod.PULL: BY_PULL,
        MigrationMethod.REST: by_rest(release_draft=IN_HEADER),
        MigrationMethod.ARCHIVE: BY_ARCHIVE,
    },
    whoami=_whoami,
)

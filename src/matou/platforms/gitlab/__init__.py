"""GitLab: API v4, at gitlab.com and at the servers that teams run themselves."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import SAID_EVERYWHERE, FidelityTable, MigratedKind, MigrationMethod
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
from matou.platforms.gitlab.fidelity import BY_ARCHIVE, BY_REST, BY_REST_OF_OTHERS

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
    from matou.platforms.gitlab.source import GitLabSource

    return GitLabSource(session, url, token, record=record, now=now, lists=lists)


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
    from matou.platforms.gitlab.metadata_source import GitLabMetadataSource

    return GitLabMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.gitlab.api import GitLabApi, token_of
    from matou.platforms.gitlab.calls import GitLabCalls

    return GitLabCalls(GitLabApi(session, url.rstrip("/"), token_of(token.reveal()), now)).user().username


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.gitlab.target import GitLabTarget

    return GitLabTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.gitlab.metadata_target import GitLabMetadataTarget

    return GitLabMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.gitlab.metadata_target import RULES

    return RULES


def _foreseen(session: "Session", url: str, token: Secret, namespace: str, /, *, now: Clock) -> FidelityTable:
    from matou.platforms.gitlab.api import GitLabApi, token_of
    from matou.platforms.gitlab.rights import owns_namespace

    api = GitLabApi(session, url.rstrip("/"), token_of(token.reveal()), now)
    return BY_REST if owns_namespace(api, namespace) else BY_REST_OF_OTHERS


PLATFORM = Platform(
    name="gitlab",
    title="GitLab",
    homes=(OfficialInstance(api="https://gitlab.com/api/v4", hosts=frozenset({"gitlab.com"})),),
    api_path="/api/v4",
    token_page=TokenPage("https://gitlab.com/-/user_settings/personal_access_tokens", ("read_api", "read_repository")),
    # 2,000 in a minute for an account (https://docs.gitlab.com/user/gitlab_com/); some lists have limits of their own.
    rate=RateLimit(per_second=30, burst=200),
    page_paths=PagePaths(before=frozenset({"groups", "users"}), longest=None),
    fingerprint=Fingerprint("/api/v4/version", "message", status=401),
    source=_source,
    lists=RepositoryLists(("starred",), _source),
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE | {MigratedKind.ISSUE, MigratedKind.REVIEW, MigratedKind.BOARD},
        tells_by_option=frozenset({MigratedKind.EVENT, MigratedKind.REACTION}),
    ),
    target=_target,
    # An account may write some 60 comments in a minute there.
    metadata_target=MetadataTargetSupport(
        open=_metadata_target, rules=_metadata_rules, writes=RateLimit(per_second=1, burst=20), foreseen=_foreseen
    ),
    methods={MigrationMethod.REST: BY_REST, MigrationMethod.ARCHIVE: BY_ARCHIVE},
    whoami=_whoami,
)

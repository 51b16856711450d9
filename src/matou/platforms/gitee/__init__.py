"""Gitee: API v5, and v3 for the extensions of editors, which logs in with a password."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from matou.credentials import Secret
from matou.errors import NotFound, Phrase, UnknownShape
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import (
    COMMITTED,
    SAID_EVERYWHERE,
    CarriedForm,
    Fidelity,
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
    PasswordUse,
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
    from matou.platforms.gitee.source import GiteeSource

    return GiteeSource(session, url, token, record=record, now=now)


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
    from matou.platforms.gitee.metadata_source import GiteeMetadataSource

    return GiteeMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.gitee.target import GiteeTarget

    return GiteeTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.gitee.metadata_target import GiteeMetadataTarget

    return GiteeMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.gitee.metadata_target import RULES

    return RULES


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    """A token is good for one of two APIs, and cannot be told by its looks for which.

    Where another platform's v5 stands beside Gitee's v3, as at a Matou, the first answer has another shape.
    """
    from matou.http.responses import NoApiThere
    from matou.platforms.base.errors import CredentialRefused
    from matou.platforms.gitee.client import Gitee

    gitee = Gitee(token, url, session=session, now=now)
    try:
        return gitee.user().login
    except (CredentialRefused, NoApiThere, NotFound, UnknownShape):
        return gitee.extension_user().username


def _check_password(session: "Session", url: str, user: str, password: Secret, *, now: Clock) -> Secret | None:
    from matou.platforms.gitee.client import Gitee

    return Gitee(None, url, session=session, now=now).log_in(user, password).token


PLATFORM = Platform(
    name="gitee",
    title="Gitee",
    homes=(OfficialInstance(api="https://gitee.com", hosts=frozenset({"gitee.com"})),),
    token_page=TokenPage("https://gitee.com/profile/personal_access_tokens"),
    # No more than 4,900 in any hour: a limit of 5,000 is what Gitee's own tool shows.
    rate=RateLimit(per_second=1.25, burst=400),
    page_paths=PagePaths(before=frozenset({"organizations"})),
    fingerprint=Fingerprint("/api/v5/user", "message", status=401),
    source=_source,
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE | {MigratedKind.ISSUE, MigratedKind.PROJECT_ISSUE, MigratedKind.COMMIT_COMMENT},
        tells_by_option=frozenset({MigratedKind.EVENT}),
        calls_per_hour=4_900,
    ),
    target=_target,
    # Gitee publishes no limit of what may be made in an hour.
    metadata_target=MetadataTargetSupport(
        open=_metadata_target, rules=_metadata_rules, writes=RateLimit(per_second=1, burst=5)
    ),
    methods={
        MigrationMethod.REST: by_rest(
            line_comment=Fidelity(
                form=CarriedForm.ITSELF, header=True, note=Phrase("as comments that name the file and the line")
            ),
            label=Fidelity(form=CarriedForm.ITSELF, note=Phrase("with names of 2 to 20 characters, cut to that")),
            milestone=Fidelity(
                form=CarriedForm.ITSELF, note=Phrase("with a day on which it is due, as it must have one")
            ),
            asset=Fidelity(form=CarriedForm.ITSELF, note=Phrase("files of at most 100 MiB")),
            attachment=COMMITTED,
            assignee=Fidelity(form=CarriedForm.ITSELF, note=Phrase("those whom --people names, on issues")),
        )
    },
    whoami=_whoami,
    password=PasswordUse.API,
    password_note=Phrase(
        "it opens API v3 and git; repositories of organizations and enterprises need a token for API v5"
    ),
    check_password=_check_password,
)

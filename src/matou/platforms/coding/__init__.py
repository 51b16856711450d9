"""CODING: its Open API, tokens of three forms, teams with a host each."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import (
    SAID_EVERYWHERE,
    UNCARRIED,
    CarriedForm,
    Fidelity,
    MigratedKind,
    MigrationMethod,
    by_rest,
)
from matou.platforms.base.platform import (
    Clock,
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

SCOPES_TO_READ = (
    "user:profile:ro",
    "team:profile:ro",
    "team:member:ro",
    "project:profile:ro",
    "project:member:ro",
    "project:label:ro",
    "project:notice:ro",
    "vcs:repository:ro",
    "vcs:merge:ro",
    "vcs:release:ro",
    "collaboration:issue:ro",
    "document:knowledge:ro",
    "service-hook:profile:ro",
)
"""What a backup asks for (CODING's reference, "Scopes")."""


def _source(session: "Session", url: str, token: Secret, record: "RecordSink", *, now: Clock) -> "Source":
    from matou.platforms.coding.source import CodingClient

    return CodingClient(session, url, token, record=record, now=now)


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
    from matou.platforms.coding.metadata_source import CodingMetadataSource

    return CodingMetadataSource(session, url, token, record, now=now, wants=wants or wants_by_default, answers=answers)


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.coding.target import CodingTarget

    return CodingTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.coding.metadata_target import CodingMetadataTarget

    return CodingMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.coding.metadata_target import RULES

    return RULES


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.coding.source import CodingClient

    return CodingClient(session, url, token, record=lambda _: None, now=now).account().login


def _check_password(session: "Session", url: str, user: str, password: Secret, *, now: Clock) -> Secret | None:  # noqa: ARG001 - git needs no clock
    from matou.platforms.base.git_password import check_password

    check_password(session, url, GitCredential(user, password), platform=PLATFORM.name)
    return None


def _git_credential(_user: str, token: Secret) -> GitCredential:
    from matou.platforms.coding.tokens import CodingToken

    return CodingToken.from_text(token).git


PLATFORM = Platform(
    name="coding",
    title="CODING",
    homes=(
        OfficialInstance(
            api="https://e.coding.net/open-api",
            git="https://e.coding.net",
            hosts=frozenset({"coding.net", ".coding.net"}),
        ),
    ),
    api_path="/open-api",
    token_page=TokenPage("https://e.coding.net/user/account/setting/tokens", SCOPES_TO_READ),
    page_paths=PagePaths(before=frozenset({"p"}), is_always=True, longest=1),
    # For each action, and together no more in any one second than CODING's limit: 30 to a whole team, which others
    # use, too.
    rate=RateLimit(per_second=20, burst=10),
    source=_source,
    target=_target,
    metadata_target=MetadataTargetSupport(
        open=_metadata_target, rules=_metadata_rules, writes=RateLimit(per_second=5, burst=10)
    ),
    methods={
        MigrationMethod.REST: by_rest(
            milestone=Fidelity(form=CarriedForm.ITSELF, note=Phrase("as iterations")),
            line_comment=Fidelity(form=CarriedForm.TEXT, header=True),
            review=Fidelity(form=CarriedForm.TEXT, header=True),
            label=Fidelity(form=CarriedForm.ITSELF, note=Phrase("those of issues; change requests get none")),
            asset=UNCARRIED,
            project_wiki=Fidelity(
                form=CarriedForm.ITSELF,
                note=Phrase("as they are now, with a line at the head that says who began them"),
            ),
            assignee=UNCARRIED,
        )
    },
    metadata=MetadataSupport(
        open=_metadata,
        tells=SAID_EVERYWHERE
        | {MigratedKind.PROJECT_ISSUE, MigratedKind.PROJECT_WIKI, MigratedKind.ANNOUNCEMENT, MigratedKind.EVENT},
    ),
    whoami=_whoami,
    password=PasswordUse.GIT,
    password_note=Phrase("it opens git alone; matou backup and matou migrate need a token"),
    check_password=_check_password,
    git_credential=_git_credential,
)

"""CNB (Cloud Native Build): the Open API of cnb.cool, where CODING sends its own users."""

from typing import TYPE_CHECKING, Final

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.model.fidelity import CarriedForm, Fidelity, MigrationMethod, by_rest
from matou.platforms.base.platform import (
    Clock,
    MetadataTargetSupport,
    OfficialInstance,
    Platform,
    TokenPage,
)

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.model.metadata_targets import MetadataRules
    from matou.model.targets import TargetRepository
    from matou.platforms.base.metadata_target import MetadataTarget
    from matou.platforms.base.target import MigrationTarget

GIT_USER: Final = "cnb"
"""Whoever owns the token."""

SCOPES_TO_WRITE: Final = (
    "account-profile:r",
    "group-manage:rw",
    "group-resource:rw",
    "repo-manage:rw",
    "repo-code:rw",
    "repo-issue:rw",
    "repo-pr:rw",
    "repo-notes:rw",
)
"""What a migration asks for; each operation's description names its own."""


def _target(session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget":
    from matou.platforms.cnb.target import CnbTarget

    return CnbTarget(session, url, token, now=now)


def _metadata_target(
    session: "Session", url: str, token: Secret, repository: "TargetRepository", /, *, now: Clock
) -> "MetadataTarget":
    from matou.platforms.cnb.metadata_target import CnbMetadataTarget

    return CnbMetadataTarget(session, url, token, repository, now=now)


def _metadata_rules() -> "MetadataRules":
    from matou.platforms.cnb.metadata_target import RULES

    return RULES


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:
    from matou.platforms.cnb.api import CnbApi, token_of
    from matou.platforms.cnb.calls import CnbCalls

    return CnbCalls(CnbApi(session, url.rstrip("/"), token_of(token.reveal()), now)).user().username


def _git_credential(_user: str, token: Secret) -> GitCredential:
    return GitCredential(GIT_USER, token)


PLATFORM = Platform(
    name="cnb",
    title="CNB",
    homes=(
        OfficialInstance(
            api="https://api.cnb.cool",
            git="https://cnb.cool",
            hosts=frozenset({"api.cnb.cool", "cnb.cool"}),
            pages=frozenset({"cnb.cool"}),
        ),
    ),
    token_page=TokenPage("https://cnb.cool/profile/token", SCOPES_TO_WRITE),
    # CNB publishes no limit; it says with 429 where there is one.
    rate=RateLimit(per_second=5, burst=20),
    target=_target,
    metadata_target=MetadataTargetSupport(
        open=_metadata_target, rules=_metadata_rules, writes=RateLimit(per_second=1, burst=5)
    ),
    methods={
        MigrationMethod.REST: by_rest(
            milestone=Fidelity(form=CarriedForm.ITSELF, note=Phrase("as labels, milestone/NAME")),
        )
    },
    whoami=_whoami,
    git_credential=_git_credential,
)

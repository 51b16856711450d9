"""May this identity administer the server as a whole? Its accounts, and what belongs to nobody in particular."""

from dataclasses import InitVar, dataclass
from typing import Final, final

from matou.errors import NotFound, Refused
from matou.forge.access.authorize import BoundToken, NotAllowed, level_anywhere
from matou.forge.access.identity import ALL_SCOPES, Identity, Scope, missing_scope
from matou.forge.access.open_backups import are_open_backups_local
from matou.forge.access.policy import AccessLevel
from matou.forge.forge import Forge

_KEY: Final = object()
"""Whoever holds it has asked."""


@final
@dataclass(frozen=True, slots=True)
class Administrator:
    """That an identity may administer the server, as `Authorized` says it of a subject."""

    identity: Identity
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only forge.access.administration makes this")


def authorize_administration(identity: Identity) -> Administrator:
    """Decide. A token is good for it only if it is good for everything.

    Raises:
        NotAllowed: whoever asks is no administrator, or is disabled.
        BoundToken, MissingScope: of a token.
    """
    if level_anywhere(identity) is not AccessLevel.ADMINISTRATOR:
        raise NotAllowed("this is for administrators")
    if identity.only_below is not None:
        raise BoundToken("this token is good for {namespace} only", namespace=repr(str(identity.only_below)))
    missing = ALL_SCOPES - identity.scopes
    if missing:
        raise missing_scope(identity, missing)
    return Administrator(identity, _KEY)


@final
@dataclass(frozen=True, slots=True)
class BackupOverseer:
    """That an identity may see how all backups of the archive stand, whatever they are of."""

    identity: Identity
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only forge.access.administration makes this")


def authorize_oversight(forge: Forge, identity: Identity) -> BackupOverseer:
    """Decide: administrators, and whoever asks while backups are open since only this machine can ask.

    Raises:
        NotFound: anybody else. It looks as if there were no such thing.
    """
    try:
        authorize_administration(identity)
    except Refused:
        if not are_open_backups_local(forge):
            raise NotFound("there is nothing here") from None
    return BackupOverseer(identity, _KEY)


def authorize_metrics(forge: Forge, identity: Identity) -> None:
    """Decide: whoever oversees the backups, and an administrator's token that is good for metrics and nothing else.

    Raises:
        NotFound: anybody else.
    """
    is_for_metrics = Scope.METRICS_READ in identity.scopes and identity.only_below is None
    if not (is_for_metrics and level_anywhere(identity) is AccessLevel.ADMINISTRATOR):
        authorize_oversight(forge, identity)


def may_oversee(forge: Forge, identity: Identity) -> bool:
    try:
        authorize_oversight(forge, identity)
    except NotFound:
        return False
    return True

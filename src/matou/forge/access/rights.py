"""The rights that `authorize` gives, as types: whoever may do the greater thing may do the lesser one too.

A right is a class, and a greater right a subclass of the lesser: `Authorized[Repository, MayWriteCode]` is taken
wherever `Authorized[Repository, MayReadCode]` is, and never the other way round. That each of these relations holds in
the policy, for every visibility, scope and state, is tested (`tests/unit/forge/test_rights.py`).
"""

from collections.abc import Iterator
from typing import ClassVar

from matou.forge.access.policy import Action


class Right:
    """What a use case asks for; never made, only named."""

    action: ClassVar[Action]


class MaySee(Right):
    action = Action.SEE


class MaySeeMembers(Right):
    """No lesser right follows: a token for teams sees members, and not the namespace."""

    action = Action.SEE_MEMBERS


class MayReadConversation(MaySee):
    action = Action.READ_CONVERSATION


class MayReadConfidential(MayReadConversation):
    action = Action.READ_CONFIDENTIAL


class MayReadCode(MaySee):
    action = Action.READ_CODE


class MayReadPast(MayReadCode):
    action = Action.READ_PAST


class MayReadAnalysis(MayReadCode):
    action = Action.READ_ANALYSIS


class MayFork(MayReadCode):
    action = Action.FORK


class MayStar(MaySee):
    action = Action.STAR


class MaySeeSettings(MayReadCode, MaySeeMembers):
    action = Action.SEE_SETTINGS


class MaySeePersonalData(MaySeeSettings):
    action = Action.SEE_PERSONAL_DATA


class MaySeeHooks(MaySeeSettings):
    action = Action.SEE_HOOKS


class MayCopyMetadata(MaySeePersonalData, MaySeeHooks, MayReadConfidential, MayReadPast):
    action = Action.COPY_METADATA


class MayWriteCode(MaySeeSettings):
    action = Action.WRITE_CODE


class MayUpload(MaySeeSettings):
    action = Action.UPLOAD


class MayChangeSettings(MayWriteCode, MayUpload):
    action = Action.CHANGE_SETTINGS


class MayManageMembers(MaySeeSettings):
    action = Action.MANAGE_MEMBERS


class MayCreateIn(Right):
    """No lesser right follows: a token for repositories makes one, and does not see the namespace."""

    action = Action.CREATE_IN


class MayCreateNamespaceIn(MaySee):
    action = Action.CREATE_NAMESPACE_IN


class MayChangeMemberMode(MayManageMembers):
    action = Action.CHANGE_MEMBER_MODE


class MayRename(MayChangeSettings):
    action = Action.RENAME


class MayTransfer(MayRename):
    action = Action.TRANSFER


class MayDelete(MaySeeSettings):
    action = Action.DELETE


class MayAdminister(MaySeeSettings):
    action = Action.ADMINISTER


class AccountRight:
    """What a use case asks for of an account; no policy of repositories or namespaces names it."""


class MaySeeAccount(AccountRight):
    """What only the account itself is told: its keys, and which tokens it has."""


class MayManageAccount(MaySeeAccount):
    """Its keys, tokens, password, names and memberships; also to end it."""


def rights_below(right: type[Right]) -> Iterator[type[Right]]:
    """All greater ones, each once for every way to it."""
    for greater in right.__subclasses__():
        yield greater
        yield from rights_below(greater)

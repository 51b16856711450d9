"""The one table of exit codes, and how an error becomes one. Scripts rely on it (docs/guide.md, "Exit codes")."""

from collections.abc import Iterable
from enum import IntEnum

from matou.cli.sources import Usage
from matou.cli.system_errors import UnusablePath
from matou.errors import Conflict, Damaged, MatouError, NotFound, Refused, TryLater
from matou.model.names import InvalidName
from matou.settings import InvalidSetting
from matou.storage.files import NotWritable


class ExitCode(IntEnum):
    DONE = 0
    OUR_FAULT = 1
    USAGE = 2
    NOT_ALL_SAVED = 3
    CREDENTIAL_REFUSED = 4
    DAMAGE_FOUND = 5
    TRY_LATER = 6
    INTERRUPTED = 130


_BY_KIND: tuple[tuple[type[MatouError], ExitCode], ...] = (
    (Usage, ExitCode.USAGE),
    (UnusablePath, ExitCode.USAGE),
    (NotWritable, ExitCode.USAGE),
    (InvalidName, ExitCode.USAGE),
    (InvalidSetting, ExitCode.USAGE),
    (NotFound, ExitCode.USAGE),
    (Conflict, ExitCode.USAGE),
    (Refused, ExitCode.CREDENTIAL_REFUSED),
    (Damaged, ExitCode.DAMAGE_FOUND),
    (TryLater, ExitCode.TRY_LATER),
)


_FROM_BEST_TO_WORST = (
    ExitCode.DONE,
    ExitCode.NOT_ALL_SAVED,
    ExitCode.TRY_LATER,
    ExitCode.CREDENTIAL_REFUSED,
    ExitCode.USAGE,
    ExitCode.DAMAGE_FOUND,
    ExitCode.OUR_FAULT,
    ExitCode.INTERRUPTED,
)
"""The further on, the less it helps to run the same command again."""


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """What a command with several things to do ends with; done where there is none."""
    return max(codes, key=_FROM_BEST_TO_WORST.index, default=ExitCode.DONE)


def exit_code_for(error: MatouError) -> ExitCode:
    known = next((code for kind, code in _BY_KIND if isinstance(error, kind)), None)
    if known in (None, ExitCode.CREDENTIAL_REFUSED) and _was_given(error):
        return ExitCode.USAGE
    return known or ExitCode.OUR_FAULT


def _was_given(error: MatouError) -> bool:
    """Whether it is something that a person gave us; read here only, since most commands need none of these modules."""
    from matou.forge.access import ReadOnly
    from matou.forge.accounts.namespace_moves import OwnNamespace
    from matou.forge.accounts.users import WeakPassword
    from matou.forge.repositories.customized_roles import InvalidRole
    from matou.forge.repositories.forks import WiderThanParent
    from matou.forge.repositories.repository_metadata import InvalidText
    from matou.git.signatures import UnusableKey
    from matou.remote.addresses import UnsafeAddress

    kinds = (
        InvalidRole
        | InvalidText
        | OwnNamespace
        | ReadOnly
        | UnsafeAddress
        | UnusableKey
        | WeakPassword
        | WiderThanParent
    )
    return isinstance(error, kinds)

"""The one table of exit codes, and how an error becomes one. Scripts rely on it (docs/guide/index.md, "Exit codes")."""

from collections.abc import Iterable
from enum import IntEnum

from matou.errors import Conflict, Damaged, Invalid, MatouError, NotFound, Refused, TryLater
from matou.i18n import gettext as _


class ExitCode(IntEnum):
    DONE = 0
    OUR_FAULT = 1
    USAGE = 2
    NOT_ALL_SAVED = 3
    CREDENTIAL_REFUSED = 4
    DAMAGE_FOUND = 5
    TRY_LATER = 6
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: _("done"),
    ExitCode.OUR_FAULT: _("a fault of Matou or of this machine"),
    ExitCode.USAGE: _("what was given cannot be used"),
    ExitCode.NOT_ALL_SAVED: _("done, but something could not be; the report says what and why"),
    ExitCode.CREDENTIAL_REFUSED: _("the credential was refused"),
    ExitCode.DAMAGE_FOUND: _("damage was found"),
    ExitCode.TRY_LATER: _("try later"),
    ExitCode.INTERRUPTED: _("interrupted"),
}

OF_ADMINISTRATION = (ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER)
"""What commands may end with that work on a server's database: it may be damaged, or busy."""

_BY_KIND: tuple[tuple[type[MatouError], ExitCode], ...] = (
    (Invalid, ExitCode.USAGE),
    (NotFound, ExitCode.USAGE),
    (Conflict, ExitCode.USAGE),
    (Refused, ExitCode.CREDENTIAL_REFUSED),
    (Damaged, ExitCode.DAMAGE_FOUND),
    (TryLater, ExitCode.TRY_LATER),
)
"""The first that fits: what may not be done because of what was given is told as that."""


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
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), ExitCode.OUR_FAULT)

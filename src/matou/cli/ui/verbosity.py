"""How much the program says beside its data: with -q what went wrong alone, with -v more than usual."""

import sys
from enum import IntEnum

from matou.errors import Invalid
from matou.i18n import gettext as _

SERVER_STOPPED = _("the server has stopped")
WORKER_STOPPED = _("the worker has stopped")
STOPPED = {"serve": SERVER_STOPPED, "worker": WORKER_STOPPED}
"""What commands say that go on until a signal ends them."""


class Verbosity(IntEnum):
    QUIET = -1
    USUAL = 0
    VERBOSE = 1


class _Chosen:
    """What was said on this process's command line."""

    verbosity = Verbosity.USUAL


def choose(verbosity: Verbosity) -> None:
    """Raises Invalid where the other one was said too."""
    if _Chosen.verbosity not in (Verbosity.USUAL, verbosity):
        raise Invalid("-q and -v say the opposite of each other")
    _Chosen.verbosity = verbosity


def is_quiet() -> bool:
    return _Chosen.verbosity is Verbosity.QUIET


def is_verbose() -> bool:
    return _Chosen.verbosity is Verbosity.VERBOSE


def shows_bars() -> bool:
    """Whether a terminal is there on which something may move."""
    return sys.stderr.isatty() and not is_quiet()

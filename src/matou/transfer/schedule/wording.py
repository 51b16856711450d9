"""What is said of how a command went that nobody waited for, at the command line, on pages and in notices alike."""

from collections.abc import Mapping
from typing import Final

from matou.archive.schedule_state import ScheduledRun
from matou.errors import Phrase
from matou.i18n import duration, localize
from matou.i18n import gettext as _

_RESULTS: Final[Mapping[int | None, Phrase]] = {
    None: Phrase("cut off"),
    0: Phrase("done"),
    1: Phrase("a fault of Matou or of this machine"),
    2: Phrase("what is configured cannot be used"),
    3: Phrase("not everything could be saved"),
    4: Phrase("the credential was refused"),
    5: Phrase("damage was found"),
    6: Phrase("to be tried again later"),
}
"""By the exit codes of `cli/exit_codes.py`; None where there is none."""


def result_phrase(exit_code: int | None) -> Phrase:
    return _RESULTS.get(exit_code) or Phrase("ended with {code}", code=exit_code)


def run_text(run: ScheduledRun) -> str:
    """How it went, and how long it took."""
    took = duration(run.ended_at - run.began_at)
    return _("{what}, after {duration}").format(what=localize(result_phrase(run.exit_code)), duration=took)

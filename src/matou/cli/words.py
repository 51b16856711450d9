"""What is named in the code by an enumeration, in the person's language."""

from matou.archive.manifest import Outcome
from matou.cli.language import translate

_ = translate

OUTCOMES = {
    Outcome.SAVED: _("saved"),
    Outcome.UNCHANGED: _("unchanged"),
    Outcome.EMPTY: _("empty"),
    Outcome.GONE: _("gone from the source, kept here"),
    Outcome.UNLISTED: _("not in an incomplete list, kept here"),
    Outcome.EXCLUDED: _("excluded"),
    Outcome.UNSUPPORTED: _("not git"),
    Outcome.REFUSED: _("refused"),
    Outcome.FAILED: _("failed"),
    Outcome.INCOMPLETE: _("saved in part"),
}

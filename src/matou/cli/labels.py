"""What is named in the code by an enumeration, in the person's language."""

from matou.archive.manifest import Outcome
from matou.i18n import gettext as _
from matou.i18n import ngettext
from matou.transfer.verify.report import Stage


def counted_repositories(count: int) -> str:
    return ngettext("{count} repository", "{count} repositories", count).format(count=count)


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

STAGES = {
    Stage.REPOSITORIES: _("repositories"),
    Stage.METADATA: _("metadata"),
    Stage.BLOBS: _("blobs"),
}

FINDINGS = {
    "folder without row": _("folder without row"),
    "row without folder": _("row without folder"),
    "HEAD to nowhere": _("HEAD to nowhere"),
    "damaged refs": _("damaged refs"),
    "leftover": _("leftover"),
}
"""By the values of `forge.check.FindingKind`, which needs the database's library, and `matou backup` does not."""

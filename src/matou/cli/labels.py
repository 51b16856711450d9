"""What is named in the code by an enumeration, in the person's language."""

from matou.i18n import gettext as _
from matou.i18n import ngettext
from matou.transfer.verify.report import Stage


def counted_repositories(count: int) -> str:
    return ngettext("{count} repository", "{count} repositories", count).format(count=count)


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
    "file missing in the bucket": _("file missing in the bucket"),
}
"""By the values of `forge.check.FindingKind`, which needs the database's library, and `matou backup` does not."""

"""Keeps what is made in an archive from other accounts of the machine, before anything is made there."""

import os
from contextlib import suppress
from pathlib import Path

from matou.archive.layout import Archive, NotAnArchive
from matou.archive.privacy import Exposure, close_to_others, let_group_read, mask_for
from matou.cli.ui.output import print_error
from matou.i18n import gettext as _


def write_privately(root: Path) -> None:
    """What this process makes from now on is the owner's, or its group's to read where the archive's folder is."""
    os.umask(mask_for(root.expanduser()))


def keep_private(root: Path, *, group: str | None = None) -> None:
    """As `write_privately`, and close an archive that is open to others, or open it to a group, first.

    Raises NoSuchGroup, WriteFailed; NewerFormat, and then nothing was changed.
    """
    folder = root.expanduser()
    with suppress(NotAnArchive):
        Archive.open(folder, in_bucket=True)
    if group is not None:
        let_group_read(folder, group)
    denial = close_to_others(folder)
    if denial is Exposure.OPEN_UNTIL_NOW:
        print_error(
            _(
                "every account of this machine could read {root}; from now on only yours can, and with --group the "
                "members of a group"
            ).format(root=folder)
        )
    elif denial is Exposure.STAYS_OPEN:
        print_error(
            _("every account of this machine can read {root}, and its mode cannot be changed").format(root=folder)
        )
    write_privately(folder)

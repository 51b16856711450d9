"""`matou copy`: a second copy of an archive."""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import json_report_option
from matou.i18n import gettext as _

copy = Command.lazy(
    "copy",
    "matou.cli.run.copy:copy",
    click.argument("directory", metavar="DIR", help=_("the archive, or a copy of one")),
    click.argument("to", metavar="TO", help=_("where the copy is or shall be: a folder")),
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        default=4,
        metavar="N",
        show_default=True,
        help=_("how many repositories at a time"),
    ),
    click.option("--dry-run", is_flag=True, help=_("write and delete nothing, and say what would be")),
    json_report_option,
    examples={
        "matou copy DIR /media/disk/copy": _("make a copy, or bring it up to date"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.DAMAGE_FOUND,
        ExitCode.TRY_LATER,
    ),
)

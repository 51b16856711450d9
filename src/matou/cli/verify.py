"""`matou verify`: is the archive what was saved?"""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument, json_report_option
from matou.i18n import gettext as _

verify = Command.lazy(
    "verify",
    "matou.cli.run.verify:verify",
    archive_argument,
    click.option("--all", "everything", is_flag=True, help=_("go through every repository, also those proven before")),
    click.option(
        "--repair", is_flag=True, help=_("make anew what git can tell from packs that are sound, indexes above all")
    ),
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        metavar="N",
        show_default=_("one for each processor"),
        help=_("how many repositories at a time"),
    ),
    json_report_option,
    examples={
        "matou verify DIR": _("prove that nothing was lost since it was saved"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.DAMAGE_FOUND,
    ),
)

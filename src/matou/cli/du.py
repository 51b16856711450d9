"""`matou du`: what takes how much room in an archive."""

import click

from matou.cli.command import Command
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument, json_report_option
from matou.i18n import gettext as _

usage = Command.lazy(
    "du",
    "matou.cli.run.du:show_usage",
    archive_argument,
    click.argument("path", required=False, help=_("one repository or namespace, by its path in the archive")),
    json_report_option,
    examples={
        "matou du DIR": _("every namespace and repository, and what the archive takes in all"),
        "matou du DIR TEAM/PROJECT": _("what is below one namespace"),
    },
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)

"""`matou check` and `matou reindex`: the database beside the folders."""

import click

from matou.cli.command import Command
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument
from matou.i18n import gettext as _

check = Command.lazy(
    "check",
    "matou.cli.run.check:check",
    archive_argument,
    examples={"matou check DIR": _("whether every row has its folder, and every folder its row")},
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)

reindex = Command.lazy(
    "reindex",
    "matou.cli.run.check:reindex",
    archive_argument,
    click.option(
        "--metadata", is_flag=True, help=_("first make issues and the like again from what the platforms answered")
    ),
    examples={
        "matou reindex DIR": _("after matou.db was lost, say"),
        "matou reindex DIR --metadata": _("after metadata repositories were lost, say"),
    },
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)

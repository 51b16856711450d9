"""`matou worker`: goes by the schedule in matou.toml, or does the jobs of a server's archive."""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE
from matou.i18n import gettext as _

CONFIGURATION = "matou.toml"

config_option = click.option(
    "--config", type=ARCHIVE, metavar="FILE", show_default=CONFIGURATION, help=_("the file with sources and [schedule]")
)

worker = Command.lazy(
    "worker",
    "matou.cli.run.worker:work",
    config_option,
    click.option("--root", type=ARCHIVE, metavar="DIR", help=_("do the jobs of this archive's server")),
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        metavar="N",
        show_default="2",
        help=_("with --root: how many jobs are done at once"),
    ),
    click.option("--once", is_flag=True, help=_("do what is due now, and end")),
    examples={
        "matou worker --config matou.toml": _("go by the schedule until a signal ends it"),
        "matou worker --once": _("do what is due, such as from a timer"),
        "matou worker --root DIR --config matou.toml": _(
            "the same, and save repositories for `matou backup --by-workers`"
        ),
        "matou worker --root DIR --jobs 4": _(
            "do a server's jobs, beside it or on another machine with its PostgreSQL"
        ),
    },
    exit_codes=(ExitCode.NOT_ALL_SAVED, ExitCode.CREDENTIAL_REFUSED, ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER),
)

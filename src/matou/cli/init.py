"""`matou init`: its arguments; what it does is in `run/init.py`."""

import click

from matou.cli.command import Command
from matou.cli.completion import platforms
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, token_stdin_option
from matou.i18n import gettext as _

CONFIGURATION = "matou.toml"

initialize = Command.lazy(
    "init",
    "matou.cli.run.init:initialize",
    click.argument(
        "address",
        required=False,
        help=_("of a team, an organization or a server, as a browser shows it; asked for where it is missing"),
    ),
    click.argument("directory", required=False, type=ARCHIVE, metavar="[DIR]", help=_("the archive")),
    click.option(
        "--platform",
        metavar="PLATFORM",
        shell_complete=platforms,
        help=_("which one it is, where the server itself does not tell"),
    ),
    token_stdin_option,
    click.option("--timer", is_flag=True, help=_("back up every night, where this machine has systemd or launchd")),
    click.option("--yes", is_flag=True, help=_("make the first backup without asking")),
    click.option(
        "--config",
        type=ARCHIVE,
        metavar="FILE",
        show_default=CONFIGURATION,
        help=_("the file that is written; never one that is there"),
    ),
    examples={
        "matou init https://TEAM.coding.net": _("find the API, keep a token, write matou.toml, back up"),
        "matou init https://git.example.org DIR --token-stdin --yes": _("the same without a person"),
    },
    exit_codes=(ExitCode.NOT_ALL_SAVED, ExitCode.CREDENTIAL_REFUSED, ExitCode.TRY_LATER),
)

"""`matou serve`: an archive as a git server."""

from pathlib import Path

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, group_option
from matou.i18n import gettext as _

serve = Command.lazy(
    "serve",
    "matou.cli.run.serve:serve",
    click.option(
        "--root",
        type=ARCHIVE,
        required=True,
        metavar="DIR",
        help=_("the archive; made where there is none"),
    ),
    click.option("--host", default="127.0.0.1", metavar="HOST", help=_("the address to listen on")),
    click.option(
        "--port",
        type=WholeNumber(min=0, max=65535),
        default=8585,
        metavar="PORT",
        help=_("the port; 0 takes a free one"),
    ),
    click.option(
        "--ssh-port",
        type=WholeNumber(min=0, max=65535),
        metavar="PORT",
        help=_("serve git by SSH as well, at this port; 0 takes a free one"),
    ),
    click.option("--ssh-host", metavar="HOST", help=_("the address to listen on for SSH; as --host by default")),
    click.option("--url", metavar="URL", help=_("how people reach the server, where a proxy stands before it")),
    click.option(
        "--anonymous-reads-backups", is_flag=True, help=_("whoever reaches the server may read what was backed up")
    ),
    click.option(
        "--requests-per-minute",
        type=WholeNumber(min=0),
        metavar="N",
        help=_(
            "how often one account, or one address without one, may ask the REST API in a minute; 0 is no limit "
            "(600, and no limit where only this machine can reach the server)"
        ),
    ),
    group_option,
    click.option(
        "--trust-proxy",
        multiple=True,
        metavar="ADDRESS",
        help=_(
            "of a proxy before the server, or its network: what its headers Forwarded and X-Forwarded-* say of "
            "scheme, host and client is believed; may be repeated"
        ),
    ),
    click.option(
        "--cors-origin",
        multiple=True,
        metavar="ORIGIN",
        help=_("a site whose pages may read the API in a browser, or * for every site; may be repeated"),
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        show_default="matou.toml",
        help=_("the file with [server], and with the [schedule] of this archive"),
    ),
    click.option(
        "--no-schedule", is_flag=True, help=_("do not go by the [schedule] of that file, though it names this archive")
    ),
    click.option(
        "--sign-in-for-expensive",
        is_flag=True,
        help=_("pages that cost work (blame, histories, comparisons, archives, searches) only for who is signed in"),
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        help=_("of the log on standard error; json is an object a line, with a line for each request"),
    ),
    click.option(
        "--workers",
        type=WholeNumber(min=1, max=64),
        metavar="N",
        help=_("how many processes serve, on one port (as many as there are processors, at most 4)"),
    ),
    examples={
        "matou serve --root DIR --port 8585": _("serve an archive on this machine"),
        "matou serve --root DIR --ssh-port 2222": _("git clone ssh://git@localhost:2222/TEAM/REPO.git"),
    },
    exit_codes=(ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER),
)

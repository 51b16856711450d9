"""`matou serve`: an archive as a git server."""

from pathlib import Path

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.open_forge import forge_at
from matou.cli.options import group_option
from matou.cli.ui.output import say
from matou.cli.ui.verbosity import SERVER_STOPPED
from matou.forge.accounts.users import list_users
from matou.i18n import gettext as _
from matou.server.app import EdgeSettings
from matou.server.cors import read_origin
from matou.server.main import serve as run_server
from matou.server.origin import read_base_url
from matou.server.trusted_proxies import read_network

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command(
    "serve",
    cls=Command,
    examples={
        "matou serve --root DIR --port 8585": _("serve an archive on this machine"),
    },
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help=_("the archive; made where there is none"),
)
@click.option("--host", default="127.0.0.1", metavar="HOST", help=_("the address to listen on"))
@click.option(
    "--port",
    type=WholeNumber(min=0, max=65535),
    default=8585,
    metavar="PORT",
    help=_("the port; 0 takes a free one"),
)
@click.option("--url", metavar="URL", help=_("how people reach the server, where a proxy stands before it"))
@click.option(
    "--anonymous-reads-backups", is_flag=True, help=_("whoever reaches the server may read what was backed up")
)
@click.option(
    "--requests-per-minute",
    type=WholeNumber(min=0),
    metavar="N",
    help=_(
        "how often one account, or one address without one, may ask the REST API in a minute; 0 is no limit "
        "(600, and no limit where only this machine can reach the server)"
    ),
)
@group_option
@click.option(
    "--trust-proxy",
    multiple=True,
    metavar="ADDRESS",
    help=_(
        "of a proxy before the server, or its network: what its headers Forwarded and X-Forwarded-* say of "
        "scheme, host and client is believed; may be repeated"
    ),
)
@click.option(
    "--cors-origin",
    multiple=True,
    metavar="ORIGIN",
    help=_("a site whose pages may read the API in a browser, or * for every site; may be repeated"),
)
def serve(
    root: Path,
    host: str,
    port: int,
    url: str | None,
    anonymous_reads_backups: bool,
    requests_per_minute: int | None,
    group: str | None,
    trust_proxy: tuple[str, ...],
    cors_origin: tuple[str, ...],
) -> None:
    base = None if url is None else read_base_url(url)
    between = EdgeSettings(
        proxies=tuple(read_network(address) for address in trust_proxy or ()),
        readers=tuple(read_origin(origin) for origin in cors_origin or ()),
    )
    # Through a proxy others reach it, whatever it listens on.
    loopback, open_to = host in LOOPBACK and not between.proxies, anonymous_reads_backups
    with forge_at(root, loopback=loopback, anonymous_reads_backups=open_to, group=group) as forge:
        if not list_users(forge):
            say(_("there is no account yet; make an administrator with:"))
            say(f"  matou user add NAME --admin --root {root}")
        limit = requests_per_minute
        run_server(forge, host=host, port=port, base_url=base, requests_per_minute=limit, edge=between)
    say(SERVER_STOPPED)

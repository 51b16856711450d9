"""`matou serve`: an archive as a git server."""

from pathlib import Path
from typing import Annotated

import typer

from matou.cli.open_forge import forge_at
from matou.cli.privacy import GroupOption
from matou.cli.ui.verbosity import say
from matou.i18n import gettext as _

STOPPED = _("the server has stopped")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    root: Annotated[Path, typer.Option(help=_("the archive; made where there is none"))],
    host: Annotated[str, typer.Option(help=_("the address to listen on"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=_("the port; 0 takes a free one"))] = 8585,
    url: Annotated[
        str | None, typer.Option(help=_("how people reach the server, where a proxy stands before it"))
    ] = None,
    anonymous_reads_backups: Annotated[
        bool,
        typer.Option("--anonymous-reads-backups", help=_("whoever reaches the server may read what was backed up")),
    ] = False,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=_(
                "how often one account, or one address without one, may ask the REST API in a minute; 0 is no limit "
                "(600, and no limit where only this machine can reach the server)"
            ),
        ),
    ] = None,
    group: GroupOption = None,
    trust_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help=_(
                "of a proxy before the server, or its network: what its headers Forwarded and X-Forwarded-* say of "
                "scheme, host and client is believed; may be repeated"
            ),
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help=_("a site whose pages may read the API in a browser, or * for every site; may be repeated"),
        ),
    ] = None,
) -> None:
    from matou.forge.accounts.users import list_users
    from matou.server.app import Surroundings
    from matou.server.cors import read_origin
    from matou.server.origin import read_base_url
    from matou.server.run import serve as run_server
    from matou.server.trusted_proxies import read_network

    base = None if url is None else read_base_url(url)
    between = Surroundings(
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
        run_server(forge, host=host, port=port, base_url=base, requests_per_minute=limit, surroundings=between)
    say(STOPPED)

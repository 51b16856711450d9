"""An archive is served until a signal ends it."""

from pathlib import Path

from matou.cli.config import ServerTable, hosts_of, read_server
from matou.cli.open_forge import forge_at
from matou.cli.run.served_schedule import configuration_at, following_schedule
from matou.cli.run.worker_jobs import doing_jobs
from matou.cli.ui.output import say
from matou.cli.ui.verbosity import SERVER_STOPPED
from matou.forge.accounts.first_account import setup_code
from matou.forge.accounts.users import list_users
from matou.i18n import gettext as _
from matou.server.app import EdgeSettings
from matou.server.cors import read_origin
from matou.server.log import LogFormat
from matou.server.main import serve as run_server
from matou.server.origin import read_base_url
from matou.server.platform_hosts import read_hosts
from matou.server.ssh.address import SshEndpoint, SshListenOptions
from matou.server.trusted_proxies import read_network

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    root: Path,
    host: str,
    port: int,
    ssh_port: int | None,
    ssh_host: str | None,
    url: str | None,
    anonymous_reads_backups: bool,
    requests_per_minute: int | None,
    group: str | None,
    trust_proxy: tuple[str, ...],
    cors_origin: tuple[str, ...],
    config: Path | None,
    no_schedule: bool,
    sign_in_for_expensive: bool,
    log_format: str,
) -> None:
    base = None if url is None else read_base_url(url)
    configured = read_server(config)
    between = EdgeSettings(
        proxies=tuple(read_network(address) for address in trust_proxy or ()),
        readers=tuple(read_origin(origin) for origin in cors_origin or ()),
        hosts=read_hosts(hosts_of(configured)),
        sign_in_for_expensive=sign_in_for_expensive,
    )
    # Through a proxy others reach it, whatever it listens on.
    loopback, open_to = host in LOOPBACK and not between.proxies, anonymous_reads_backups
    with forge_at(root, loopback=loopback, anonymous_reads_backups=open_to, group=group) as forge:
        if not list_users(forge):
            say(_("there is no account yet; make an administrator with:"))
            say(f"  matou user add NAME --admin --root {root}")
            say(_("or at the page /-/first-start, with the code {code}").format(code=setup_code(forge).reveal()))
        limit = requests_per_minute
        ssh = _ssh_settings(configured, host, ssh_port, ssh_host)
        configuration = None if no_schedule else configuration_at(config)
        with doing_jobs(forge), following_schedule(forge.archive, configuration) as stop:
            run_server(
                forge,
                host=host,
                port=port,
                base_url=base,
                requests_per_minute=limit,
                edge=between,
                ssh=ssh,
                log_format=LogFormat(log_format),
                on_shutdown=stop,
            )
    say(SERVER_STOPPED)


def _ssh_settings(
    configured: ServerTable, host: str, port: int | None, ssh_host: str | None
) -> SshListenOptions | None:
    """What was said at the command line, or else what the file says."""
    port = configured.ssh_port if port is None else port
    if port is None:
        return None
    return SshListenOptions(ssh_host or configured.ssh_host or host, port, _announce_ssh)


def _announce_ssh(address: SshEndpoint) -> None:
    say(_("SSH: port {port}, host key {fingerprint}").format(port=address.port, fingerprint=address.fingerprint))

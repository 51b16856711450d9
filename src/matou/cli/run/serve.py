"""An archive is served until a signal ends it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from matou.cli.bucket_secrets import BucketSecrets
from matou.cli.config import ServerTable, hosts_of, read_server
from matou.cli.open_forge import forge_at
from matou.cli.run.served_schedule import announced_schedule, configuration_at, following_schedule
from matou.cli.run.worker_jobs import doing_jobs
from matou.cli.ui.output import say
from matou.cli.ui.verbosity import SERVER_STOPPED
from matou.forge.accounts.first_account import SetupCode, setup_code
from matou.forge.accounts.users import list_users
from matou.forge.forge import Forge
from matou.i18n import gettext as _
from matou.server.app import EdgeSettings
from matou.server.cors import read_origin
from matou.server.log import LogFormat
from matou.server.main import PreparedServer, ServeOptions, prepare, serve_as_worker, supervise
from matou.server.main import serve as run_server
from matou.server.origin import read_base_url
from matou.server.platform_hosts import read_hosts
from matou.server.ssh.address import SshEndpoint, SshListenOptions
from matou.server.supervisor import Worker
from matou.server.trusted_proxies import read_network
from matou.server.watch.tracing import require_libraries, tracing_of
from matou.settings import Settings
from matou.wiring import bring_up_to_date

MOST_WORKERS_BY_DEFAULT = 4
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
    workers: int | None,
) -> None:
    environment = Settings.of_process().environment
    require_libraries(environment)
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
    options = ServeOptions(
        host,
        port,
        base_url=base,
        requests_per_minute=requests_per_minute,
        edge=between,
        ssh=_ssh_options(configured, host, ssh_port, ssh_host),
        log_format=LogFormat(log_format),
    )
    # Workers are given what was found before they were made: nobody is asked for a passphrase twice.
    secrets = BucketSecrets(Settings.of_process())
    opened = partial(
        forge_at, root, loopback=loopback, anonymous_reads_backups=open_to, group=group, bucket_secrets=secrets
    )
    with opened(asks_bucket=False) as forge:
        options = replace(options, workers=workers or min(Settings.of_process().processors, MOST_WORKERS_BY_DEFAULT))
        # Before anything is told that holds only where it serves.
        server = prepare(forge, options)
        if not list_users(forge):
            say(_("there is no account yet; make an administrator with:"))
            say(f"  matou user add NAME --admin --root {root}")
            say(_("or at the page /-/first-start, with the code {code}").format(code=setup_code(forge).reveal()))
        schedule = None if no_schedule else announced_schedule(forge.archive, configuration_at(config))
        if options.workers == 1:
            if forge.bucket is not None:
                bring_up_to_date(forge)
            with (
                tracing_of(environment) as tracing,
                doing_jobs(forge, tracing),
                following_schedule(forge.archive, schedule) as stop,
            ):
                run_server(forge, server, on_shutdown=stop, tracing=tracing)
        code = forge.memory(SetupCode)
    if options.workers > 1:
        supervise(server, partial(_work, opened, server, schedule, code))
    say(SERVER_STOPPED)


def _work(
    opened: Callable[[], AbstractContextManager[Forge]],
    server: PreparedServer,
    schedule: Path | None,
    code: SetupCode,
    worker: Worker,
) -> None:
    """What a process of its own does. All would go by the schedule: one does, and another once that has ended.

    Jobs are done by the first alone, and by whoever takes its place: as many at once as beside a server of one process.
    """
    with opened() as forge, tracing_of(Settings.of_process().environment) as tracing:
        forge.adopt(code)
        jobs = doing_jobs(forge, tracing) if worker.number == 0 else nullcontext()
        with jobs, following_schedule(forge.archive, schedule, among_workers=True) as stop:
            serve_as_worker(forge, server, worker, on_shutdown=stop, tracing=tracing)


def _ssh_options(configured: ServerTable, host: str, port: int | None, ssh_host: str | None) -> SshListenOptions | None:
    """What was said at the command line, or else what the file says."""
    port = configured.ssh_port if port is None else port
    if port is None:
        return None
    return SshListenOptions(ssh_host or configured.ssh_host or host, port, _announce_ssh)


def _announce_ssh(address: SshEndpoint) -> None:
    say(_("SSH: port {port}, host key {fingerprint}").format(port=address.port, fingerprint=address.fingerprint))

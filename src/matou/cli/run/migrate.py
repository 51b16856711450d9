"""What is done to move the repositories of an archive to a platform."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click.exceptions import Exit

from matou.archive.run_history import read_history
from matou.cli import config
from matou.cli.config import variable_of
from matou.cli.credential_manager import CredentialManager
from matou.cli.exit_codes import ExitCode
from matou.cli.hosts import api_address
from matou.cli.login_check import naming_the_token
from matou.cli.privacy import write_privately
from matou.cli.restore import show_progress
from matou.cli.run.migrate_folder import migrate_to_folder, required
from matou.cli.ui import migrate_report
from matou.cli.ui.output import print_error, say
from matou.cli.ui.progress import say_that_we_wait
from matou.cli.ui.verbosity import is_quiet
from matou.credentials import Secret
from matou.credentials.logins import Login
from matou.errors import Conflict
from matou.git.process.run import Limits
from matou.http.retry import Clock, RetryPolicy
from matou.http.session import Session
from matou.i18n import gettext as _
from matou.i18n import is_english, localize, ngettext
from matou.model.fidelity import CODE_ALONE, MigrationMethod
from matou.platforms.base.platform import Platform
from matou.platforms.registry import PLATFORMS, require_importer, require_metadata_target, target_named
from matou.settings import InvalidSetting, Settings
from matou.transfer.backup.metadata.selection import KindSelection, options_of
from matou.transfer.common.saved_repositories import lines_of
from matou.transfer.export.formats import FOLDER
from matou.transfer.migrate.budget import WriteBudget, WriteRate
from matou.transfer.migrate.carried import CarriedKind
from matou.transfer.migrate.command import MOST_JOBS, MigrationOptions
from matou.transfer.migrate.conversation.migration import ConversationOptions
from matou.transfer.migrate.mapping import NO_MAP, read_map
from matou.transfer.migrate.people import NOBODY, People, list_people, read_people, write_draft
from matou.transfer.migrate.pull.public_url import require_leads_here
from matou.transfer.migrate.pull.served import ServedArchive
from matou.transfer.migrate.report import MigrationReport
from matou.wiring import migrate as migrate_archive
from matou.wiring import now, open_archive

if TYPE_CHECKING:
    from matou.server.import_server import ListeningAddress


class NoListeningAddress(InvalidSetting):
    """What was given with --serve-at is no address."""


def migrate(
    directory: Path,
    folder: Path | None,
    to: str,
    format_name: str | None,
    url: str | None,
    namespace: str | None,
    map_: Path | None,
    people: Path | None,
    people_draft: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    token_stdin: bool,
    by: str | None,
    serve_at: str | None,
    public_url: str | None,
    create_namespaces: bool,
    jobs: int | None,
    only_kinds: str,
    without_kinds: str,
    code_only: bool,
    keeps_numbers: bool | None,
    language: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    if to == FOLDER:
        raise Exit(
            migrate_to_folder(directory, folder, format_name, include, exclude, dry_run=dry_run, as_json=as_json)
        )
    url, namespace = required("url", url), required("namespace", namespace)
    settings = Settings.of_process()
    to = target_named(to)
    url = api_address(url, to)
    if people_draft is not None:
        _draft_people(directory, people_draft)
        return
    known_people = read_people(people) if people else NOBODY
    kinds = KindSelection(only=options_of(only_kinds), without=options_of(without_kinds), is_code_only=code_only)
    method = MigrationMethod.GIT if code_only else _method(to, by)
    token = _token(to, url, settings, from_stdin=token_stdin)
    options = MigrationOptions(
        namespace=namespace.strip("/"),
        mapping=read_map(map_) if map_ else NO_MAP,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        dry_run=dry_run,
        makes_namespaces=create_namespaces,
        jobs=jobs or MOST_JOBS,
        limits=Limits(memory_bytes=settings.git_memory_bytes),
        people=known_people,
        method=method,
        fidelity=PLATFORMS[to].methods.get(method, CODE_ALONE),
        conversation=_conversation(kinds, language, known_people, keeps_numbers=keeps_numbers),
        pace=_pace(PLATFORMS[to], method),
    )
    is_pulled = method is MigrationMethod.PULL

    def run(good_token: Secret) -> MigrationReport:
        if is_pulled and dry_run:
            _try_public_url(url, serve_at, public_url, settings)
        serving = _serving(directory, url, serve_at, public_url, settings, needed=is_pulled and not dry_run)
        with serving as served, show_progress() as progress:
            return migrate_archive(
                to,
                url,
                good_token,
                directory,
                options,
                settings=settings,
                progress=progress,
                on_wait=say_that_we_wait,
                served=served,
                on_plan=_tell_plan,
            )

    write_privately(directory)
    with naming_the_token(to, url, "" if token_stdin else variable_of(to)):
        report = _with(token, to, settings, run)
    if as_json:
        click.echo(migrate_report.as_json(report))
    elif not (is_quiet() and report.everything_is_moved and not dry_run):
        click.echo(migrate_report.as_text(report))
    is_well = report.nothing_is_wrong if dry_run else report.everything_is_moved
    raise Exit(ExitCode.DONE if is_well else ExitCode.NOT_ALL_SAVED)


def _draft_people(directory: Path, path: Path) -> None:
    """Raises Conflict where there is a file already: somebody has filled it in, perhaps."""
    if path.exists():
        raise Conflict("{path} is there already", path=path, advice="name another file, or delete it")
    archive = open_archive(directory)
    people = list_people(archive, lines_of(read_history(archive)))
    write_draft(path, people)
    say(
        ngettext("{count} person in {path}", "{count} people in {path}", len(people)).format(
            count=len(people), path=path
        )
    )


def _tell_plan(carried: Sequence[CarriedKind], budget: WriteBudget | None) -> None:
    if not is_quiet():
        for line in (*migrate_report.table(carried), *migrate_report.budget_lines(budget)):
            say(line)


def _pace(platform: Platform, method: MigrationMethod) -> WriteRate:
    """Of two limits the narrower one counts."""
    support = platform.metadata_target
    if support is None or method is not MigrationMethod.REST:
        return WriteRate(limit=platform.rate)
    narrowest = min(platform.rate, support.writes, key=lambda limit: limit.per_second)
    return WriteRate(limit=narrowest, per_hour=support.writes_per_hour, imports_issues=support.imports_issues)


def _method(to: str, by: str | None) -> MigrationMethod:
    """What was asked for, or the best. Raises UnknownPlatform where the platform does not offer it."""
    if by is not None:
        method = MigrationMethod(by)
        if method is MigrationMethod.PULL:
            require_importer(to)
        if method is MigrationMethod.REST:
            require_metadata_target(to)
        return method
    if PLATFORMS[to].importer:
        return MigrationMethod.PULL
    return MigrationMethod.REST if PLATFORMS[to].metadata_target else MigrationMethod.GIT


@contextmanager
def _serving(
    directory: Path, url: str, serve_at: str | None, public_url: str | None, settings: Settings, *, needed: bool
) -> Iterator[ServedArchive | None]:
    """What the target imports from, for as long as it does.

    Raises:
        AddressUnusable, PortTaken: it cannot listen there.
        NoBaseUrl, LeadsElsewhere: that is not how the target reaches it.
    """
    if not needed:
        yield None
        return
    from matou.cli.open_forge import existing_forge_at
    from matou.server.import_server import address_towards, serving_imports
    from matou.server.origin import read_base_url

    host, port = read_address(serve_at) if serve_at else (address_towards(url), 0)
    public = None if public_url is None else read_base_url(public_url)
    with existing_forge_at(directory) as forge, serving_imports(forge, host, port, public_url=public) as served:
        if public is not None:
            _require_leads_here(served.place, settings)
        yield served


def _try_public_url(url: str, serve_at: str | None, public_url: str | None, settings: Settings) -> None:
    """As a run would look before it makes anything, with nothing of the archive served. Raises as `_serving`."""
    if public_url is None:
        return
    from matou.server.import_server import address_towards, serving_beacon
    from matou.server.origin import read_base_url

    host, port = read_address(serve_at) if serve_at else (address_towards(url), 0)
    with serving_beacon(host, port, public_url=read_base_url(public_url)) as place:
        _require_leads_here(place, settings)


def _require_leads_here(place: "ListeningAddress", settings: Settings) -> None:
    """By no proxy: the target does not go through ours. Raises LeadsElsewhere."""
    patience = RetryPolicy(attempts=1)
    with Session(named=(place.url,), clock=Clock(now=now), patience=patience, authorities=settings.authorities) as one:
        beacon = place.beacon
        fault = require_leads_here(one, place.url, beacon.path, beacon.text, listens_at=place.listens_at)
    if fault is not None:
        reached = _("nobody answers at {url} from here, which proves nothing; it is tried all the same: {reason}")
        print_error(reached.format(url=place.url, reason=localize(fault.fact)))


def read_address(text: str) -> tuple[str, int]:
    """`ADDRESS` or `ADDRESS:PORT`; one in brackets is of IPv6. Raises NoListeningAddress."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or parts.netloc != text or "@" in text:
        raise NoListeningAddress(
            "{address} is no address to listen at",
            address=repr(text)[:100],
            advice="give it as in: --serve-at 192.168.1.7:8585",
        )
    return host, port or 0


def _conversation(
    kinds: KindSelection, language: str | None, people: People, *, keeps_numbers: bool | None
) -> ConversationOptions | None:
    """None for the code alone."""
    if kinds.is_code_only:
        return None
    spoken = language or ("en" if is_english() else "zh")
    return ConversationOptions(wants=kinds.wants, language=spoken, keeps_numbers=keeps_numbers, people=people)


def _token(platform: str, url: str, settings: Settings, *, from_stdin: bool) -> Secret | Login:
    return config.token_from_stdin(sys.stdin) if from_stdin else config.token_of(platform, url, "", settings)


def _with(
    token: Secret | Login, platform: str, settings: Settings, run: Callable[[Secret], MigrationReport]
) -> MigrationReport:
    """Begin again, once, where a kept token was no longer valid and could be renewed: what is moved stays moved."""
    if isinstance(token, Secret):
        return run(token)

    return CredentialManager(settings).token_refresher(token, variable=variable_of(platform)).call(run)

"""`matou backup`: one source named on the command line, or every source of matou.toml."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from matou.cli.command import Command, WholeNumber
from matou.cli.completion import platforms
from matou.cli.exit_codes import ExitCode, exit_code_for, worst
from matou.cli.privacy import group_option, keep_private
from matou.cli.system_errors import error_of_system
from matou.cli.ui.verbosity import is_verbose, print_error, say, shows_bars
from matou.credentials import Secret
from matou.errors import MatouError
from matou.i18n import format_error, printable
from matou.i18n import gettext as _
from matou.platforms.registry import SOURCES
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.cli.config import ConfiguredSource
    from matou.transfer.backup.changes import RepositoryChange
    from matou.transfer.backup.options import BackupOptions
    from matou.transfer.backup.report import BackupReport

Globs = list[str]
CONFIGURATION = "matou.toml"

FindSource = Callable[[], "ConfiguredSource"]
"""Gives a source with its token, or raises what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A source as a person named it, which may turn out to be none.

    Attributes:
        to: the archive's folder.
        find: the source itself.
    """

    platform: str
    url: str | None
    to: str | None
    find: FindSource

    @property
    def title(self) -> str:
        """What tells it from the others."""
        return printable(f"{self.platform}  {self.url}  {self.to}")


@click.command(
    "backup",
    cls=Command,
    examples={
        "matou backup coding --url https://e.coding.net/open-api --to DIR": _("save what a token can see at CODING"),
        "matou backup": _("save every source in matou.toml"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.CREDENTIAL_REFUSED,
        ExitCode.TRY_LATER,
    ),
)
@click.argument(
    "platform",
    required=False,
    shell_complete=platforms,
    help=_("{platforms}; without it, every source in matou.toml").format(platforms=", ".join(SOURCES)),
)
@click.option("--url", metavar="URL", help=_("the address of the platform's API"))
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help=_("the archive; made where there is none"))
@click.option("--token-stdin", is_flag=True, help=_("read the token from the first line of standard input"))
@click.option(
    "--jobs",
    type=WholeNumber(min=1, max=64),
    metavar="N",
    show_default=_("three for each processor, 4 to 12 in all"),
    help=_("how many repositories at a time"),
)
@click.option("--include", multiple=True, metavar="GLOB", help=_("only repositories that match"))
@click.option("--exclude", multiple=True, metavar="GLOB", help=_("no repository that matches"))
@click.option(
    "--trust-listing", is_flag=True, help=_("skip a repository whose last push has not changed, without proof")
)
@click.option("--dry-run", is_flag=True, help=_("say what would be done; write nothing"))
@click.option("--json", "as_json", is_flag=True, help=_("print the report as JSON"))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default=CONFIGURATION,
    help=_("the file that lists the sources"),
)
@group_option
def backup(
    platform: str | None,
    url: str | None,
    to: Path | None,
    token_stdin: bool,
    jobs: int | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    trust_listing: bool,
    dry_run: bool,
    as_json: bool,
    config: Path | None,
    group: str | None,
) -> None:
    from matou.cli.config import configured, from_arguments, read_configuration, token_from_stdin
    from matou.git.process.run import Limits
    from matou.transfer.backup.options import BackupOptions, default_jobs

    settings = Settings.of_process()
    _require_agreement(platform, config, {"--url": url, "--to": to, "--token-stdin": token_stdin})
    if platform is None:
        wanted = tuple(
            SourceRequest(table.platform, table.url, table.to, partial(configured, table, settings))
            for table in read_configuration(config or Path(CONFIGURATION))
        )
    else:
        token = token_from_stdin(sys.stdin) if token_stdin else None
        find = partial(from_arguments, platform, url, to, token, settings)
        wanted = (SourceRequest(platform, url, str(to) if to else None, find),)
    options = BackupOptions(
        jobs=jobs or default_jobs(settings.processors),
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        dry_run=dry_run,
        trust_listing=trust_listing,
        limits=Limits(memory_bytes=settings.git_memory_bytes),
        network=settings.network,
    )
    if len(wanted) > 1:
        options = replace(options, elsewhere=options.include)
    ended = []
    for request in wanted:
        if len(wanted) > 1:
            say(request.title)
        ended.append(_back_up(request, options, settings, group=group, as_json=as_json))
    raise Exit(worst([*(_code_of(one, options) for one in ended), _code_of_patterns(ended, options)]))


def _require_agreement(platform: str | None, config: Path | None, of_one: Mapping[str, object]) -> None:
    """Raises Invalid where an option would be passed over."""
    from matou.errors import Invalid

    given = [option for option, value in of_one.items() if value]
    if platform is None and given:
        raise Invalid(
            "{options} is about one source, and no platform is named",
            options=", ".join(given),
            advice="name the platform too, as in: matou backup coding --url URL --to DIR; or leave the option out",
        )
    if platform is not None and config is not None:
        raise Invalid(
            "{platform} names one source, and --config a file of them", platform=platform, advice="give one of the two"
        )


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How one source ended: with a report, with what stopped it, or with both.

    Attributes:
        url, archive: as they were found to be, or as they were given where the source was not found.
        changes: what the run saved and changed, where somebody wants to know.
    """

    platform: str
    url: str | None
    archive: str | None
    report: "BackupReport | None"
    changes: "tuple[RepositoryChange, ...]"
    error: MatouError | None

    @property
    def code(self) -> ExitCode:
        report = self.report
        if self.error is not None or report is None:
            return exit_code_for(self.error) if self.error else ExitCode.OUR_FAULT
        is_well = report.everything_is_saved or (report.run is None and report.looked_for and report.nothing_is_wrong)
        return ExitCode.DONE if is_well else ExitCode.NOT_ALL_SAVED


def _code_of(ended: SourceResult, options: "BackupOptions") -> ExitCode:
    """Where all that was asked for is another source's, there was nothing to do here."""
    report = ended.report
    if report is None or report.looked_for or report.problems or not options.elsewhere:
        return ended.code
    return ExitCode.DONE if set(options.elsewhere) <= set(report.unmatched) else ended.code


def _code_of_patterns(ended: list[SourceResult], options: "BackupOptions") -> ExitCode:
    """Tell of the patterns that match nothing at any of several sources, if all of these were listed."""
    from matou.transfer.common.filters import nothing_matches

    reports = [one.report for one in ended if one.report]
    mistyped = [pattern for pattern in options.elsewhere if all(pattern in report.unmatched for report in reports)]
    if not mistyped or len(reports) < len(ended) or any(report.problems for report in reports):
        return ExitCode.DONE
    error = nothing_matches(mistyped, [path for report in reports for path in report.paths])
    print_error(format_error(error))
    return exit_code_for(error)


def _back_up(
    request: SourceRequest, options: "BackupOptions", settings: Settings, *, group: str | None, as_json: bool
) -> SourceResult:
    """One source; what stops it is told here, so that the next one has its turn."""
    from matou.cli.ui import backup_report

    ended = _saved(request, options, settings, group=group, with_changes=as_json or is_verbose())
    if as_json:
        click.echo(backup_report.as_json(ended, exit_code=_code_of(ended, options)))
    elif ended.report is not None and (text := backup_report.as_text(ended.report, ended.changes)):
        click.echo(text)
    if ended.error is not None:
        print_error(format_error(ended.error))
    return ended


def _saved(
    request: SourceRequest, options: "BackupOptions", settings: Settings, *, group: str | None, with_changes: bool
) -> SourceResult:
    from matou.transfer.backup.report import CredentialDied

    result = SourceResult(request.platform, request.url, request.to, None, (), None)
    try:
        source = request.find()
        result = replace(result, url=source.url, archive=str(source.to))
        if not options.dry_run:
            keep_private(source.to, group=group)
        try:
            result = replace(result, report=_run(source, options, settings))
        except CredentialDied as died:
            result = replace(result, report=died.report, error=died)
        return replace(result, changes=_changes(source, result.report)) if with_changes else result
    except MatouError as error:
        return replace(result, error=result.error or error)
    except OSError as error:
        return replace(result, error=result.error or error_of_system(error))


def _changes(source: "ConfiguredSource", report: "BackupReport | None") -> "tuple[RepositoryChange, ...]":
    """What a run saved and changed, as its manifest says."""
    from matou.transfer.backup.changes import changes_of_run
    from matou.wiring import open_archive

    if report is None or report.run is None:
        return ()
    return tuple(changes_of_run(open_archive(source.to), report.run))


def _run(source: "ConfiguredSource", options: "BackupOptions", settings: Settings) -> "BackupReport":
    """Begin again, once, where a kept token was no longer valid and could be renewed: what is saved stays saved."""
    from matou.cli.login_check import telling_whose_token

    if isinstance(source.token, Secret):
        with telling_whose_token(source.platform, source.url, source.variable):
            return _run_with(source.token, source, options, settings)
    from matou.cli.credential_manager import Kept

    renewal = Kept(settings).renewal(source.token, variable=source.variable)
    return renewal.ask(lambda token: _run_with(token, source, options, settings))


def _run_with(
    token: Secret, source: "ConfiguredSource", options: "BackupOptions", settings: Settings
) -> "BackupReport":
    from matou.cli.ui.progress import backup_progress, say_that_we_wait
    from matou.wiring import back_up

    wanted = replace(options, include=options.include + source.include, exclude=options.exclude + source.exclude)
    with backup_progress(on_terminal=shows_bars()) as progress:
        return back_up(
            source.platform,
            source.url,
            token,
            source.to,
            wanted,
            settings=settings,
            progress=progress,
            on_wait=say_that_we_wait,
        )

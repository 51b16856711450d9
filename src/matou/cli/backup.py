"""`matou backup`: one source named on the command line, or every source of matou.toml."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.completion import platforms
from matou.cli.exit_codes import ExitCode, exit_code_for, worst
from matou.cli.language import complain, describe, translate
from matou.cli.privacy import GroupOption, keep_private
from matou.cli.ui.formatting import printable
from matou.cli.ui.verbosity import is_verbose, say, shows_bars
from matou.credentials import Secret
from matou.errors import MatouError
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.cli.config import ConfiguredSource, SourceTable
    from matou.transfer.options import BackupOptions
    from matou.transfer.report import BackupReport

_ = translate

Globs = list[str]
CONFIGURATION = "matou.toml"

FindSource = Callable[[], "ConfiguredSource"]
"""Gives a source with its token, or raises what is wrong with it."""

Wanted = tuple[tuple[str, FindSource], ...]
"""Each source, under the words that tell it from the others where there are several; empty where there is one."""


def backup(
    platform: Annotated[
        str | None,
        typer.Argument(
            autocompletion=platforms, help=_("coding, gitcode or gitee; without it, every source in matou.toml")
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help=_("the address of the platform's API"))] = None,
    to: Annotated[Path | None, typer.Option(help=_("the archive; made where there is none"))] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help=_("read the token from the first line of standard input"))
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            show_default=_("three for each processor, 4 to 12 in all"),
            help=_("how many repositories at a time"),
        ),
    ] = None,
    include: Annotated[Globs | None, typer.Option(metavar="GLOB", help=_("only repositories that match"))] = None,
    exclude: Annotated[Globs | None, typer.Option(metavar="GLOB", help=_("no repository that matches"))] = None,
    trust_listing: Annotated[
        bool,
        typer.Option("--trust-listing", help=_("skip a repository whose last push has not changed, without proof")),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("say what would be done; write nothing"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("print the report as JSON"))] = False,
    config: Annotated[
        Path | None, typer.Option(show_default=CONFIGURATION, help=_("the file that lists the sources"))
    ] = None,
    group: GroupOption = None,
) -> None:
    from matou.cli.config import configured, from_arguments, read_configuration, token_from_stdin
    from matou.git.process.run import Limits
    from matou.transfer.options import BackupOptions, default_jobs

    settings = Settings.of_process()
    _require_agreement(platform, config, {"--url": url, "--to": to, "--token-stdin": token_stdin})
    wanted: Wanted
    if platform is None:
        tables = read_configuration(config or Path(CONFIGURATION))
        wanted = tuple((_title_of(table), partial(configured, table, settings)) for table in tables)
    else:
        token = token_from_stdin(sys.stdin) if token_stdin else None
        wanted = (("", partial(from_arguments, platform, url, to, token, settings)),)
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
    for title, find in wanted:
        if len(wanted) > 1:
            say(title)
        ended.append(_back_up(find, options, settings, group=group, as_json=as_json))
    raise typer.Exit(worst([*(_code_of(one, options) for one in ended), _code_of_patterns(ended, options)]))


def _title_of(table: "SourceTable") -> str:
    return printable(f"{table.platform}  {table.url}  {table.to}")


def _require_agreement(platform: str | None, config: Path | None, of_one: Mapping[str, object]) -> None:
    """Raises Usage where an option would be passed over."""
    from matou.cli.config import Usage

    given = [option for option, value in of_one.items() if value]
    if platform is None and given:
        raise Usage(
            "{options} is about one source, and no platform is named",
            options=", ".join(given),
            advice="name the platform too, as in: matou backup coding --url URL --to DIR; or leave the option out",
        )
    if platform is not None and config is not None:
        raise Usage(
            "{platform} names one source, and --config a file of them", platform=platform, advice="give one of the two"
        )


@dataclass(frozen=True, slots=True)
class _Ended:
    """How one source ended: with a report, or with what stopped it."""

    report: "BackupReport | None"
    code: ExitCode


def _code_of(ended: _Ended, options: "BackupOptions") -> ExitCode:
    """Where all that was asked for is another source's, there was nothing to do here."""
    report = ended.report
    if report is None or report.looked_for or report.problems or not options.elsewhere:
        return ended.code
    return ExitCode.DONE if set(options.elsewhere) <= set(report.unmatched) else ended.code


def _code_of_patterns(ended: list[_Ended], options: "BackupOptions") -> ExitCode:
    """Tell of the patterns that match nothing at any of several sources, if all of these were listed."""
    from matou.transfer.filters import nothing_matches

    reports = [one.report for one in ended if one.report]
    mistyped = [pattern for pattern in options.elsewhere if all(pattern in report.unmatched for report in reports)]
    if not mistyped or len(reports) < len(ended) or any(report.problems for report in reports):
        return ExitCode.DONE
    error = nothing_matches(mistyped, [path for report in reports for path in report.paths])
    complain(describe(error))
    return exit_code_for(error)


def _back_up(
    find: "FindSource", options: "BackupOptions", settings: Settings, *, group: str | None, as_json: bool
) -> _Ended:
    """One source; what stops it is told here, so that the next one has its turn."""
    from matou.transfer.report import CredentialDied

    try:
        source = find()
        if not options.dry_run:
            keep_private(source.to, group=group)
        try:
            report = _run(source, options, settings)
        except CredentialDied as died:
            _tell(died.report, source, as_json=as_json)
            complain(describe(died))
            return _Ended(died.report, exit_code_for(died))
        _tell(report, source, as_json=as_json)
    except MatouError as error:
        complain(describe(error))
        return _Ended(None, exit_code_for(error))
    is_well = report.everything_is_saved or (report.run is None and report.looked_for and report.nothing_is_wrong)
    return _Ended(report, ExitCode.DONE if is_well else ExitCode.NOT_ALL_SAVED)


def _tell(report: "BackupReport", source: "ConfiguredSource", *, as_json: bool) -> None:
    """What it did; what it saved and changed is read from its manifest, where somebody wants to know."""
    from matou.cli.ui import backup_report
    from matou.transfer.changes import changes_of_run
    from matou.wiring import open_archive

    is_wanted = report.run is not None and (as_json or is_verbose())
    changes = list(changes_of_run(open_archive(source.to), report.run)) if is_wanted and report.run is not None else []
    text = backup_report.as_json(report, changes, source) if as_json else backup_report.as_text(report, changes)
    if text:
        typer.echo(text)


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

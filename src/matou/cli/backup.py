"""`matou backup`: one source named on the command line, or every source of matou.toml."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.completion import platforms
from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.cli.language import complain, describe, translate
from matou.cli.privacy import GroupOption, keep_private
from matou.cli.verbosity import shows_bars
from matou.credentials import Secret
from matou.errors import MatouError
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.cli.sources import ConfiguredSource
    from matou.transfer.options import BackupOptions
    from matou.transfer.report import BackupReport

_ = translate

Globs = list[str]


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
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help=_("how many repositories at a time"))] = None,
    include: Annotated[Globs | None, typer.Option(metavar="GLOB", help=_("only repositories that match"))] = None,
    exclude: Annotated[Globs | None, typer.Option(metavar="GLOB", help=_("no repository that matches"))] = None,
    trust_listing: Annotated[
        bool,
        typer.Option("--trust-listing", help=_("skip a repository whose last push has not changed, without proof")),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("say what would be done; write nothing"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("print the report as JSON"))] = False,
    config: Annotated[Path, typer.Option(help=_("the file that lists the sources"))] = Path("matou.toml"),
    group: GroupOption = None,
) -> None:
    from matou.cli import sources
    from matou.git.run import Limits
    from matou.transfer.options import BackupOptions, default_jobs

    settings = Settings.of_process()
    if platform is None:
        wanted = sources.read_configuration(config, settings)
    else:
        token = sources.token_from_stdin(sys.stdin) if token_stdin else None
        wanted = (sources.from_arguments(platform, url, to, token, settings),)
    options = BackupOptions(
        jobs=jobs or default_jobs(settings.processors),
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        dry_run=dry_run,
        trust_listing=trust_listing,
        limits=Limits(memory_bytes=settings.git_memory_bytes),
        network=settings.network,
    )
    raise typer.Exit(_worst([_back_up(source, options, settings, group=group, as_json=as_json) for source in wanted]))


def _worst(codes: list[ExitCode]) -> ExitCode:
    """Of several sources: a fault outweighs what could not be saved, which outweighs success."""
    faults = [code for code in codes if code not in {ExitCode.DONE, ExitCode.NOT_ALL_SAVED}]
    return faults[0] if faults else max(codes, default=ExitCode.DONE)


def _back_up(
    source: "ConfiguredSource", options: "BackupOptions", settings: Settings, *, group: str | None, as_json: bool
) -> ExitCode:
    """One source; what stops it is told here, so that the next one has its turn."""
    from matou.cli import backup_report

    try:
        if not options.dry_run:
            keep_private(source.to, group=group)
        report = _run(source, options, settings)
    except MatouError as error:
        complain(describe(error))
        return exit_code_for(error)
    typer.echo(backup_report.as_json(report) if as_json else backup_report.as_text(report))
    is_well = report.everything_is_saved or (report.run is None and report.looked_for and report.nothing_is_wrong)
    return ExitCode.DONE if is_well else ExitCode.NOT_ALL_SAVED


def _run(source: "ConfiguredSource", options: "BackupOptions", settings: Settings) -> "BackupReport":
    """Begin again, once, where a kept token was no longer valid and could be renewed: what is saved stays saved."""
    from matou.cli.proofs import telling_whose_token

    if isinstance(source.token, Secret):
        with telling_whose_token(source.platform, source.url, source.variable):
            return _run_with(source.token, source, options, settings)
    from matou.cli.kept import Kept

    renewal = Kept(settings).renewal(source.token, variable=source.variable)
    return renewal.ask(lambda token: _run_with(token, source, options, settings))


def _run_with(
    token: Secret, source: "ConfiguredSource", options: "BackupOptions", settings: Settings
) -> "BackupReport":
    from matou.cli.progress import backup_progress, say_that_we_wait
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

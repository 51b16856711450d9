"""`matou backup`: one source named on the command line, or every source of matou.toml."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from matou.cli.command import Command, WholeNumber
from matou.cli.completion import platforms
from matou.cli.config import (
    CONFIGURATION,
    ConfiguredSource,
    token_from_stdin,
)
from matou.cli.exit_codes import ExitCode, exit_code_for, worst
from matou.cli.options import (
    ARCHIVE,
    exclude_option,
    group_option,
    include_option,
    json_report_option,
    token_stdin_option,
)
from matou.cli.privacy import keep_private
from matou.cli.source_requests import SourceRequest, configured_requests, requested_sources, with_token_of
from matou.cli.system_errors import error_of_system
from matou.cli.ui import backup_report
from matou.cli.ui.backup_report import SourceResult
from matou.cli.ui.output import print_error, say
from matou.cli.ui.progress import backup_progress, say_that_we_wait
from matou.cli.ui.verbosity import is_verbose, shows_bars
from matou.credentials import Secret
from matou.errors import Invalid, MatouError
from matou.git.process.run import Limits
from matou.i18n import format_error
from matou.i18n import gettext as _
from matou.model.metadata.kinds import ADDITIONAL_OPTIONS, OPTIONS
from matou.platforms.registry import READABLE
from matou.settings import MEBIBYTE, Settings
from matou.transfer.backup.changes import RepositoryChange, changes_of_run
from matou.transfer.backup.metadata.selection import KindSelection, options_of
from matou.transfer.backup.options import BackupOptions, default_jobs
from matou.transfer.backup.report import BackupReport, CredentialDied
from matou.transfer.common.filters import nothing_matches
from matou.wiring import back_up, open_archive

if TYPE_CHECKING:
    from matou.cli.run.run_notices import RunNotices
    from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers


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
    help=_("{platforms}; without it, every source in matou.toml").format(platforms=", ".join(READABLE)),
)
@click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="URL",
    help=_("the address of the platform's API; with git, of a repository, and there may be several"),
)
@click.option("--to", type=ARCHIVE, metavar="DIR", help=_("the archive; made where there is none"))
@token_stdin_option
@click.option(
    "--jobs",
    type=WholeNumber(min=1, max=64),
    metavar="N",
    show_default=_("three for each processor, 4 to 12 in all"),
    help=_("how many repositories at a time"),
)
@include_option
@exclude_option
@click.option(
    "--trust-listing", is_flag=True, help=_("skip a repository whose last push has not changed, without proof")
)
@click.option(
    "--only",
    "only_kinds",
    default="",
    show_default=False,
    metavar="KINDS",
    help=_("of what lies around the code only these, with commas: {kinds}").format(kinds=", ".join(OPTIONS)),
)
@click.option(
    "--with",
    "additional_kinds",
    default="",
    show_default=False,
    metavar="KINDS",
    help=_("these too, which are left out otherwise: {kinds}").format(kinds=", ".join(ADDITIONAL_OPTIONS)),
)
@click.option("--without", "without_kinds", default="", show_default=False, metavar="KINDS", help=_("none of these"))
@click.option("--code-only", is_flag=True, help=_("only the code: no issues, change requests, releases"))
@click.option("--sweep", is_flag=True, help=_("read all of what lies around the code, changed or not"))
@click.option(
    "--largest-file",
    type=WholeNumber(min=1),
    metavar="MIB",
    help=_("leave out attachments and files of releases that are larger"),
)
@click.option(
    "--git-over",
    type=click.Choice(["https", "ssh"]),
    show_default="https",
    help=_("how repositories are fetched; ssh shows your keys, and the token goes to the API alone"),
)
@click.option(
    "--by-workers",
    is_flag=True,
    help=_("have the repositories saved by `matou worker --root DIR --config FILE`, however many there are"),
)
@click.option("--dry-run", is_flag=True, help=_("say what would be done; write nothing"))
@json_report_option
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default=CONFIGURATION,
    help=_("the file that lists the sources"),
)
@click.option(
    "--source",
    "names",
    multiple=True,
    metavar="NAME",
    help=_("only this one of those in the file; may be repeated"),
)
@group_option
def backup(
    platform: str | None,
    urls: tuple[str, ...],
    to: Path | None,
    token_stdin: bool,
    jobs: int | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    trust_listing: bool,
    only_kinds: str,
    additional_kinds: str,
    without_kinds: str,
    code_only: bool,
    sweep: bool,
    largest_file: int | None,
    git_over: str | None,
    by_workers: bool,
    dry_run: bool,
    as_json: bool,
    config: Path | None,
    names: tuple[str, ...],
    group: str | None,
) -> None:
    settings = Settings.of_process()
    _require_agreement(
        platform, {"--config": config, "--source": names}, {"--url": urls, "--to": to, "--token-stdin": token_stdin}
    )
    if platform is None:
        sources = configured_requests(config or Path(CONFIGURATION), settings, names)
    else:
        token = token_from_stdin(sys.stdin) if token_stdin else None
        if by_workers:
            raise Invalid(
                "--by-workers is about a file of sources, and {platform} names one source",
                platform=platform,
                advice="write it into matou.toml, where workers find it, and its token where they can read it",
            )
        sources = requested_sources(platform, urls, to, token, settings)
    options = BackupOptions(
        jobs=jobs or default_jobs(settings.processors),
        include=include,
        exclude=exclude,
        dry_run=dry_run,
        trust_listing=trust_listing,
        limits=Limits(memory_bytes=settings.git_memory_bytes),
        metadata=KindSelection(
            only=options_of(only_kinds),
            additional=options_of(additional_kinds),
            without=options_of(without_kinds),
            is_code_only=code_only,
            sweep=sweep,
            largest_file_bytes=None if largest_file is None else largest_file * MEBIBYTE,
        ),
        by_ssh=None if git_over is None else git_over == "ssh",
        network=settings.network,
    )
    notices = None if platform is not None or _is_partial(options) else _notices(config, settings)
    raise Exit(
        _back_up_all(sources, options, settings, group=group, as_json=as_json, notices=notices, by_workers=by_workers)
    )


def back_up_configured(configuration: Path, settings: Settings) -> ExitCode:
    """As the command does with a file of sources and no option. Errors of the file are raised."""
    options = BackupOptions(
        jobs=default_jobs(settings.processors),
        limits=Limits(memory_bytes=settings.git_memory_bytes),
        network=settings.network,
    )
    return _back_up_all(configured_requests(configuration, settings), options, settings, group=None, as_json=False)


def _is_partial(options: BackupOptions) -> bool:
    """Whether less is saved than the file says: what comes of that tells nobody how a source stands."""
    kinds = options.metadata
    is_narrowed = options.include or options.exclude or kinds.only or kinds.without or kinds.is_code_only
    return bool(options.dry_run or is_narrowed or kinds.largest_file_bytes)


def _notices(config: Path | None, settings: Settings) -> "RunNotices":
    from matou.cli.run.run_notices import RunNotices

    return RunNotices(config or Path(CONFIGURATION), settings)


def _back_up_all(
    sources: tuple[SourceRequest, ...],
    options: BackupOptions,
    settings: Settings,
    *,
    group: str | None,
    as_json: bool,
    notices: "RunNotices | None" = None,
    by_workers: bool = False,
) -> ExitCode:
    if len(sources) > 1:
        options = replace(options, elsewhere=options.include)
    ended: list[SourceResult] = []
    for name, requests in groupby(sources, key=lambda request: request.name):
        if notices is not None:
            notices.begun(name)
        results = []
        for request in requests:
            if len(sources) > 1:
                say(request.title)
            results.append(_back_up(request, options, settings, group=group, as_json=as_json, by_workers=by_workers))
        if notices is not None:
            notices.ended(name, results)
        ended += results
    return worst([*(_code_of(one, options) for one in ended), _code_of_patterns(ended, options)])


def _require_agreement(platform: str | None, of_file: Mapping[str, object], of_one: Mapping[str, object]) -> None:
    """Raises Invalid where an option would be passed over."""
    of_several = [option for option, value in of_file.items() if value]
    given_options = [option for option, value in of_one.items() if value]
    if platform is None and given_options:
        raise Invalid(
            "{options} is about one source, and no platform is named",
            options=", ".join(given_options),
            advice="name the platform too, as in: matou backup coding --url URL --to DIR; or leave the option out",
        )
    if platform is not None and of_several:
        raise Invalid(
            "{platform} names one source, and {option} is about a file of them",
            platform=platform,
            option=of_several[0],
            advice="give one of the two",
        )


def _code_of(ended: SourceResult, options: BackupOptions) -> ExitCode:
    """Where all that was asked for is another source's, there was nothing to do here."""
    report = ended.report
    if report is None or report.looked_for or report.problems or not options.elsewhere:
        return ended.code
    return ExitCode.DONE if set(options.elsewhere) <= set(report.unmatched) else ended.code


def _code_of_patterns(ended: list[SourceResult], options: BackupOptions) -> ExitCode:
    """Tell of the patterns that match nothing at any of several sources, if all of these were listed."""
    reports = [one.report for one in ended if one.report]
    mistyped = [pattern for pattern in options.elsewhere if all(pattern in report.unmatched for report in reports)]
    if not mistyped or len(reports) < len(ended) or any(report.problems for report in reports):
        return ExitCode.DONE
    error = nothing_matches(mistyped, [path for report in reports for path in report.paths])
    print_error(format_error(error))
    return exit_code_for(error)


def _back_up(
    request: SourceRequest,
    options: BackupOptions,
    settings: Settings,
    *,
    group: str | None,
    as_json: bool,
    by_workers: bool,
) -> SourceResult:
    """One source; what stops it is told here, so that the next one has its turn."""
    ended = _saved(request, options, settings, group=group, with_changes=as_json or is_verbose(), by_workers=by_workers)
    if as_json:
        click.echo(backup_report.as_json(ended, exit_code=_code_of(ended, options)))
    elif ended.report is not None and (text := backup_report.as_text(ended.report, ended.changes)):
        click.echo(text)
    if ended.error is not None:
        print_error(format_error(ended.error))
    return ended


def _saved(
    request: SourceRequest,
    options: BackupOptions,
    settings: Settings,
    *,
    group: str | None,
    with_changes: bool,
    by_workers: bool,
) -> SourceResult:
    result = SourceResult(request.platform, request.url, request.to, None, (), None)
    try:
        source = request.find()
        result = replace(result, url=source.url, archive=str(source.to))
        if not options.dry_run:
            keep_private(source.to, group=group)
        try:
            name = request.name if by_workers and not options.dry_run else None
            result = replace(result, report=_run(source, options, settings, name))
        except CredentialDied as died:
            result = replace(result, report=died.report, error=died)
        return replace(result, changes=_changes(source, result.report)) if with_changes else result
    except MatouError as error:
        return replace(result, error=result.error or error)
    except OSError as error:
        return replace(result, error=result.error or error_of_system(error))


def _changes(source: ConfiguredSource, report: BackupReport | None) -> tuple[RepositoryChange, ...]:
    """What a run saved and changed, as its manifest says."""
    if report is None or report.run is None:
        return ()
    return tuple(changes_of_run(open_archive(source.to), report.run))


def _run(source: ConfiguredSource, options: BackupOptions, settings: Settings, name: str | None = None) -> BackupReport:
    """`name` is what workers find it by; None where this process saves all of it."""
    if name is None:
        return with_token_of(source, settings, lambda token: _run_with(token, source, options, settings))
    from matou.cli.run.backup_workers import workers_of

    with workers_of(source, name) as workers:
        return with_token_of(source, settings, lambda token: _run_with(token, source, options, settings, workers))


def _run_with(
    token: Secret,
    source: ConfiguredSource,
    options: BackupOptions,
    settings: Settings,
    workers: "RepositoryWorkers | None" = None,
) -> BackupReport:
    narrowed = replace(
        options,
        include=options.include + source.include,
        exclude=options.exclude + source.exclude,
        metadata=options.metadata.completed_by(source.metadata),
        by_ssh=source.by_ssh if options.by_ssh is None else options.by_ssh,
    )
    with backup_progress(on_terminal=shows_bars()) as progress:
        return back_up(
            source.platform,
            source.url,
            token,
            source.to,
            narrowed,
            settings=settings,
            progress=progress,
            repositories=source.repositories,
            on_wait=say_that_we_wait,
            workers=workers,
        )

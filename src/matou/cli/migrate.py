"""`matou migrate`: the repositories of an archive, to a platform."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from matou.cli.exit_codes import ExitCode
from matou.cli.language import translate
from matou.cli.restore import show_progress
from matou.credentials import Secret
from matou.settings import Settings

_ = translate


def migrate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=_("the archive"))],
    to: Annotated[str, typer.Option(metavar="PLATFORM", help=_("where to: coding, gitcode or matou"))],
    url: Annotated[str, typer.Option(help=_("the address of the platform's API"))],
    namespace: Annotated[
        str, typer.Option(metavar="NAME", help=_("the user, organization or project that gets the repositories"))
    ],
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help=_("which repository goes where, as CSV or TOML"))
    ] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help=_("only repositories that match"))] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help=_("no repository that matches"))] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help=_("read the token from the first line of standard input"))
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help=_("how many repositories at a time"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("say what would be done; change nothing"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("print the report as JSON"))] = False,
) -> None:
    from matou.cli import migrate_report
    from matou.git.run import Limits
    from matou.transfer.migrate import MOST_JOBS, MigrationOptions
    from matou.transfer.migrate_map import NO_MAP, read_map
    from matou.wiring import migrate as migrate_archive

    settings = Settings.of_process()
    token = _token(to, settings, from_stdin=token_stdin)
    options = MigrationOptions(
        namespace=namespace.strip("/"),
        mapping=read_map(map_) if map_ else NO_MAP,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        dry_run=dry_run,
        jobs=jobs or MOST_JOBS,
        limits=Limits(memory_bytes=settings.git_memory_bytes),
    )
    with show_progress() as progress:
        report = migrate_archive(to, url, token, directory, options, settings=settings, progress=progress)
    typer.echo(migrate_report.as_json(report) if as_json else migrate_report.as_text(report))
    raise typer.Exit(ExitCode.DONE if report.everything_is_moved else ExitCode.NOT_ALL_SAVED)


def _token(platform: str, settings: Settings, *, from_stdin: bool) -> Secret:
    from matou.cli import sources
    from matou.wiring import TARGETS

    if platform not in TARGETS:
        raise sources.UnknownPlatform(
            "{platform} is no platform that Matou can move to; it knows {known}",
            platform=repr(platform),
            known=", ".join(TARGETS),
        )
    if from_stdin:
        return sources.token_from_stdin(sys.stdin)
    variable = f"MATOU_{platform.upper()}_TOKEN"
    token = settings.environment.get(variable, "").strip()
    if not token:
        raise sources.NoToken(
            "there is no token for {platform}",
            platform=platform,
            variable=variable,
            advice="set {variable}, or give the token with --token-stdin",
        )
    return Secret(token)

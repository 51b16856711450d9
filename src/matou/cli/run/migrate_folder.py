"""`matou migrate --to folder`: what another forge's own import reads, and what of the archive is in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import click

from matou.cli.exit_codes import ExitCode
from matou.cli.run.export import exit_code_of, export_progress, tell_report
from matou.cli.ui.output import say
from matou.errors import Phrase
from matou.i18n import format_error, labelled, localize, printable
from matou.i18n import gettext as _
from matou.model.fidelity import MigrationMethod
from matou.platforms.registry import PLATFORMS
from matou.settings import process_language
from matou.transfer.export.command import ExportOptions, ExportReport, export, wanted_for_export
from matou.transfer.export.formats import FORMATS
from matou.transfer.export.left_behind import left_behind
from matou.wiring import open_archive

Given = TypeVar("Given")


def migrate_to_folder(
    directory: Path,
    folder: Path | None,
    format_name: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    *,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Write it, or say what would be written.

    Raises:
        MissingParameter: nobody said where to, or what.
        FolderNotEmpty, NothingMatches, NoSuchRun, DamagedManifest: as `export`.
    """
    options = ExportOptions(
        to=required("folder", folder).expanduser().absolute(),
        format=required("format_name", format_name),
        language=process_language(),
        include=include,
        exclude=exclude,
    )
    archive = open_archive(directory)
    wanted = wanted_for_export(archive, options).saved
    left = left_behind(wanted, PLATFORMS[options.format].methods[MigrationMethod.ARCHIVE])
    if dry_run:
        report = ExportReport(items={one.line.path: 0 for one in wanted})
    else:
        with export_progress() as progress:
            report = export(archive, options, progress)
    if as_json:
        click.echo(json.dumps(_values(report, options, left), ensure_ascii=False, indent=2))
    elif dry_run:
        for path in report.items:
            click.echo(labelled(printable(path), _("would be written")))
        _say_left(left)
        say(_("a dry run: nothing was changed"))
    else:
        tell_report(report)
        _say_left(left)
        warning = FORMATS[options.format].warning
        if warning is not None and report.items:
            say(localize(warning))
    return exit_code_of(report)


def required(name: str, given: Given | None) -> Given:
    """What one target needs and another does not. Raises MissingParameter."""
    if given is None:
        context = click.get_current_context()
        missing = next(one for one in context.command.params if one.name == name)
        raise click.MissingParameter(ctx=context, param=missing)
    return given


def _say_left(left: Mapping[Phrase, int]) -> None:
    for name, count in left.items():
        say(
            _("{kind}: {count}, which stay in the archive, since the import has no place for them").format(
                count=f"{count:,}", kind=localize(name)
            )
        )


def _values(report: ExportReport, options: ExportOptions, left: Mapping[Phrase, int]) -> dict[str, object]:
    return {
        "folder": str(options.to),
        "format": options.format,
        "repositories": [{"path": path, "items": items} for path, items in report.items.items()],
        "problems": [{"path": path, "problem": format_error(fault)} for path, fault in report.faults],
        "missing_files": report.missing_files,
        "left_behind": {str(name): count for name, count in left.items()},
    }

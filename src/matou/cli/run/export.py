"""Exports an archive and says what came of it."""

from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.exit_codes import ExitCode
from matou.cli.ui.output import print_error, say
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import process_language
from matou.transfer.export.command import ExportOptions, ExportReport, export
from matou.wiring import open_archive


def export_archive(
    directory: Path, to: Path, format_name: str, at: int | None, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    options = ExportOptions(
        to=to.expanduser().absolute(),
        format=format_name,
        language=process_language(),
        at=at,
        include=include,
        exclude=exclude,
    )
    report = export(open_archive(directory), options, lambda _path, _done, _all: None)
    _tell(report)
    if report.has_damage:
        raise Exit(ExitCode.DAMAGE_FOUND)
    if report.missing_files:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _tell(report: ExportReport) -> None:
    for path in report.items:
        click.echo(printable(path))
    for path, fault in report.faults:
        print_error(labelled(printable(path), format_error(fault)))
    if report.missing_files:
        print_error(
            ngettext(
                "{count} file is not there: the archive does not have its bytes",
                "{count} files are not there: the archive does not have their bytes",
                report.missing_files,
            ).format(count=report.missing_files)
        )
    if not report.items and not report.faults:
        say(_("nothing was said around the repositories of this archive, or nothing of it was saved"))
    count = sum(report.items.values())
    say(ngettext("{count} item is exported", "{count} items are exported", count).format(count=count))

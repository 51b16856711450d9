"""Exports an archive and says what came of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.archive_to_read import archive_to_read
from matou.cli.exit_codes import ExitCode
from matou.cli.ui.output import print_error, say
from matou.cli.ui.progress import QUIET_INTERVAL
from matou.cli.ui.verbosity import shows_bars
from matou.i18n import format_error, labelled, localize, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import process_language
from matou.transfer.export.command import ExportOptions, ExportReport, Progress, export
from matou.transfer.export.formats import FORMATS


def export_archive(
    directory: Path,
    to: Path,
    format_name: str,
    at: int | None,
    language: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
) -> None:
    options = ExportOptions(
        to=to.expanduser().absolute(),
        format=format_name,
        language=language or process_language(),
        at=at,
        include=include,
        exclude=exclude,
    )
    with export_progress() as progress:
        report = export(archive_to_read(directory), options, progress)
    tell_report(report)
    warning = FORMATS[format_name].warning
    if warning is not None and report.items:
        say(localize(warning))
    raise Exit(exit_code_of(report))


def exit_code_of(report: ExportReport) -> ExitCode:
    if report.has_damage:
        return ExitCode.DAMAGE_FOUND
    return ExitCode.NOT_ALL_SAVED if report.missing_files or report.faults else ExitCode.DONE


@contextmanager
def export_progress() -> Iterator[Progress]:
    """A bar on a terminal, a line now and then elsewhere."""
    if shows_bars():
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda _path, done, expected: advance(_("exporting"), done, expected)
        return
    said_at = time.monotonic()

    def say_seldom(_path: str, done: int, expected: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= QUIET_INTERVAL.total_seconds():
            said_at = time.monotonic()
            say(_("{finished} of {expected} repositories").format(finished=done, expected=expected))

    yield say_seldom


def tell_report(report: ExportReport) -> None:
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

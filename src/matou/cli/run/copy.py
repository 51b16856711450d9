"""A copy of an archive is made or brought up to date, and what came of it is said."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.exceptions import Exit
from rich.filesize import decimal

from matou.cli.exit_codes import ExitCode
from matou.cli.privacy import write_privately
from matou.cli.ui.output import print_error, say
from matou.cli.ui.verbosity import is_quiet, shows_bars
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.copy.archive_files import files_of
from matou.transfer.copy.command import CopyOptions, copy_files
from matou.transfer.copy.folders import open_folder, require_apart
from matou.transfer.copy.report import CopyProblem, CopyProgress, CopyReport, CopyStage
from matou.wiring import now, open_archive

STAGES = {
    CopyStage.OBJECTS: _("repositories and blobs"),
    CopyStage.RUNS: _("runs"),
    CopyStage.DELETING: _("what no longer belongs to it"),
}


def copy(directory: str, to: str, jobs: int, dry_run: bool, as_json: bool) -> None:
    settings = Settings.of_process()
    archive = open_archive(Path(directory))
    root = Path(to).expanduser()
    require_apart(archive.root, root)
    write_privately(root)
    options = CopyOptions(jobs=jobs, dry_run=dry_run)
    with (
        open_folder(root, archive=archive.identity.id, now=now(), dry_run=dry_run) as destination,
        files_of(archive, has_own_database=settings.database_url is None) as files,
        show_progress() as progress,
    ):
        report = copy_files(
            lambda report: files(lambda path, fault: report.damaged.append(CopyProblem(path, fault))),
            destination,
            options,
            now=now(),
            progress=progress,
        )
    if settings.database_url is not None:
        say(_("the database is on a server, and no part of the copy: save it with pg_dump"))
    _tell(report, dry_run=dry_run, as_json=as_json)


@contextmanager
def show_progress() -> Iterator[CopyProgress]:
    if shows_bars():
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda stage, done, expected: advance(STAGES[stage], done, expected)
    else:
        yield lambda _stage, _done, _expected: None


def _tell(report: CopyReport, *, dry_run: bool, as_json: bool) -> None:
    """Say what came of it, and end with the exit code that it comes to."""
    if as_json:
        click.echo(json.dumps(_as_json(report, dry_run=dry_run), ensure_ascii=False, indent=2))
    else:
        for problem in (*report.damaged, *report.failed):
            print_error(labelled(printable(problem.path), format_error(problem.detail)))
        if not is_quiet() or report.damaged or report.failed:
            click.echo("\n".join(_lines(report, dry_run=dry_run)))
    if report.damaged:
        raise Exit(ExitCode.DAMAGE_FOUND)
    if report.failed:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _lines(report: CopyReport, *, dry_run: bool) -> Iterator[str]:
    count = report.sent
    written = ngettext("{count} file ({size}) written", "{count} files ({size}) written", count)
    to_write = ngettext("{count} file ({size}) to write", "{count} files ({size}) to write", count)
    sent = (to_write if dry_run else written).format(count=count, size=decimal(report.sent_bytes))
    yield _("{sent}, {kept} were there already").format(sent=sent, kept=report.kept)
    if report.deleted:
        gone = ngettext("{count} file ({size}) deleted", "{count} files ({size}) deleted", report.deleted)
        to_go = ngettext("{count} file ({size}) to delete", "{count} files ({size}) to delete", report.deleted)
        yield (to_go if dry_run else gone).format(count=report.deleted, size=decimal(report.deleted_bytes))
    if report.damaged:
        yield _("what is damaged in the archive was copied as it is, unless the copy has it whole; see: matou verify")
    if report.failed:
        yield _("the copy still holds the runs of before, and all of what they name; nothing was deleted")
    elif not dry_run:
        yield _("copy {number} is whole").format(number=report.number)


def _as_json(report: CopyReport, *, dry_run: bool) -> dict[str, object]:
    return {
        "copy": report.number,
        "dry_run": dry_run,
        "files": report.sent,
        "bytes": report.sent_bytes,
        "there": report.kept,
        "deleted": report.deleted,
        "deleted_bytes": report.deleted_bytes,
        "unchanged": report.is_current,
        "damaged": _problems(report.damaged),
        "failed": _problems(report.failed),
    }


def _problems(problems: list[CopyProblem]) -> list[dict[str, str]]:
    return [{"path": problem.path, "detail": str(problem.detail)} for problem in problems]

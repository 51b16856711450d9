"""What came of a copy or of its check, for a person or a program."""

import json
from collections.abc import Iterable, Iterator

import click
from click.exceptions import Exit
from rich.filesize import decimal

from matou.cli.exit_codes import ExitCode
from matou.cli.ui.output import print_error
from matou.cli.ui.verbosity import is_quiet
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.transfer.copy.report import CopyCheckReport, CopyProblem, CopyReport, CopyStage

STAGES = {
    CopyStage.OBJECTS: _("repositories and blobs"),
    CopyStage.RUNS: _("runs"),
    CopyStage.DELETING: _("what no longer belongs to it"),
    CopyStage.CHECKING: _("files"),
}


def end_copy(report: CopyReport, *, dry_run: bool, as_json: bool, of_copy: int | None) -> None:
    """Say what came of it, and end with the exit code that it comes to.

    Args:
        of_copy: the number of the copy that it was made from, if it was made from one.
    """
    if as_json:
        click.echo(json.dumps(_as_json(report, dry_run=dry_run), ensure_ascii=False, indent=2))
    else:
        _print_problems((*report.damaged, *report.failed))
        if not is_quiet() or report.damaged or report.failed:
            click.echo("\n".join(_lines(report, dry_run=dry_run, of_copy=of_copy)))
    if report.damaged:
        raise Exit(ExitCode.DAMAGE_FOUND)
    if report.failed:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _lines(report: CopyReport, *, dry_run: bool, of_copy: int | None) -> Iterator[str]:
    count = report.sent
    written = ngettext("{count} file ({size}) written", "{count} files ({size}) written", count)
    to_write = ngettext("{count} file ({size}) to write", "{count} files ({size}) to write", count)
    sent = (to_write if dry_run else written).format(count=count, size=decimal(report.sent_bytes))
    yield _("{sent}, {kept} were there already").format(sent=sent, kept=report.kept)
    if report.healed:
        healed = report.healed
        yield ngettext(
            "{count} file had been damaged there and is sent again",
            "{count} files had been damaged there and are sent again",
            healed,
        ).format(count=healed)
    if report.deleted:
        gone = ngettext("{count} file ({size}) deleted", "{count} files ({size}) deleted", report.deleted)
        to_go = ngettext("{count} file ({size}) to delete", "{count} files ({size}) to delete", report.deleted)
        yield (to_go if dry_run else gone).format(count=report.deleted, size=decimal(report.deleted_bytes))
    if report.damaged and of_copy is not None:
        yield _("what is damaged in the copy could not be taken from it; see: matou verify")
    elif report.damaged:
        yield _("what is damaged in the archive was copied as it is, unless the copy has it whole; see: matou verify")
    if report.failed:
        yield _("the copy still holds the runs of before, and all of what they name; nothing was deleted")
    elif not dry_run and not report.damaged:
        if of_copy is not None:
            yield _("all of copy {number} is there").format(number=of_copy)
        else:
            yield _("copy {number} has all of it").format(number=report.number)


def _as_json(report: CopyReport, *, dry_run: bool) -> dict[str, object]:
    return {
        "copy": report.number,
        "dry_run": dry_run,
        "files": report.sent,
        "bytes": report.sent_bytes,
        "there": report.kept,
        "healed": report.healed,
        "deleted": report.deleted,
        "deleted_bytes": report.deleted_bytes,
        "unchanged": report.is_current,
        "damaged": _problems(report.damaged),
        "failed": _problems(report.failed),
    }


def end_check(report: CopyCheckReport, *, as_json: bool) -> None:
    """Say what a check came to, and end with its exit code."""
    if as_json:
        click.echo(json.dumps(_check_as_json(report), ensure_ascii=False, indent=2))
    else:
        _print_problems(report.problems)
        if not is_quiet() or report.problems:
            click.echo("\n".join(_lines_of_check(report)))
    if report.problems:
        raise Exit(ExitCode.DAMAGE_FOUND)


def _lines_of_check(report: CopyCheckReport) -> Iterator[str]:
    for note in report.notes:
        yield _("note: {path}: {fault}").format(path=printable(note.path), fault=format_error(note.detail))
    files = ngettext("{count} file", "{count} files", report.files).format(count=report.files)
    yield _("copy {number}: {files}, {read} of them read ({size})").format(
        number=report.number, files=files, read=report.read, size=decimal(report.read_bytes)
    )
    if report.problems:
        count = len(report.problems)
        yield ngettext("{count} problem; {advice}", "{count} problems; {advice}", count).format(
            count=count, advice=_("leave the copy where it is, and make another one beside it from the archive")
        )
    else:
        yield _("copy {number} is whole").format(number=report.number)


def _check_as_json(report: CopyCheckReport) -> dict[str, object]:
    return {
        "copy": report.number,
        "files": report.files,
        "read": report.read,
        "read_bytes": report.read_bytes,
        "whole": not report.problems,
        "problems": _problems(report.problems),
        "notes": _problems(report.notes),
    }


def _print_problems(problems: Iterable[CopyProblem]) -> None:
    for problem in problems:
        print_error(labelled(printable(problem.path), format_error(problem.detail)))


def _problems(problems: list[CopyProblem]) -> list[dict[str, str]]:
    return [{"path": problem.path, "detail": str(problem.detail)} for problem in problems]

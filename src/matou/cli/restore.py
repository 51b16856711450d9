"""`matou restore`: plain repositories from an archive, without a network."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.archive_to_read import archive_to_read
from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, archive_argument, exclude_option, include_option
from matou.cli.ui.output import print_error, say
from matou.cli.ui.verbosity import shows_bars
from matou.git.process.run import Limits
from matou.i18n import format_error, labelled, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.restore.command import restore as restore_archive
from matou.transfer.restore.report import Layout, Progress, RestoreReport
from matou.wiring import now


@click.command(
    "restore",
    cls=Command,
    examples={
        "matou restore DIR --to FOLDER --worktree": _("every repository, with its files"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.DAMAGE_FOUND,
    ),
)
@archive_argument
@click.option(
    "--to",
    type=ARCHIVE,
    required=True,
    metavar="FOLDER",
    help=_("where to; made where there is none"),
)
@click.option("--at", type=WholeNumber(min=1), metavar="RUN", help=_("as of this run; the last one by default"))
@click.option("--worktree", is_flag=True, help=_("with the files of the default branch"))
@click.option(
    "--layout",
    type=click.Choice(["plain", "coding-script"]),
    default="plain",
    help=_("how the folders are laid out"),
)
@include_option
@exclude_option
def restore(
    directory: Path,
    to: Path,
    at: int | None,
    worktree: bool,
    layout: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
) -> None:
    settings = Settings.of_process()
    with show_progress() as progress:
        report = restore_archive(
            archive_to_read(directory),
            to=to.expanduser(),
            at=at,
            worktree=worktree,
            layout=Layout(layout),
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            jobs=settings.processors,
            now=now(),
            progress=progress,
            limits=Limits(memory_bytes=settings.git_memory_bytes),
        )
    _tell(report, directory)
    if report.has_damage:
        raise Exit(ExitCode.DAMAGE_FOUND)
    if report.problems:
        raise Exit(ExitCode.NOT_ALL_SAVED)


@contextmanager
def show_progress() -> Iterator[Progress]:
    if shows_bars():
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda _path, done, expected: advance(_("repositories"), done, expected)
    else:
        yield lambda _path, _done, _expected: None


def _tell(report: RestoreReport, archive: Path) -> None:
    for path in report.restored:
        click.echo(printable(path))
    for problem in report.problems:
        print_error(labelled(printable(problem.path), format_error(problem.cause)))
    say(
        _(
            "{restored} restored, {already_there} were there already, {not_saved} had nothing saved, {failed} failed"
        ).format(
            restored=len(report.restored),
            already_there=len(report.already_there),
            not_saved=len(report.not_saved),
            failed=len(report.failed),
        ),
    )
    if report.has_damage:
        say(_("next: {step}").format(step=shlex.join(["matou", "verify", str(archive)])))
    elif report.failed:
        say(_("what is there stays there; once the cause is mended, the same command restores what failed"))

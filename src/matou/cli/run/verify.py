"""An archive is proven, and what was found is said."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.archive_to_read import archive_to_read
from matou.cli.exit_codes import ExitCode
from matou.cli.labels import counted_repositories
from matou.cli.privacy import write_privately
from matou.cli.ui.verbosity import is_quiet, shows_bars
from matou.git.process.run import Limits
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.verify.command import verify as verify_archive
from matou.transfer.verify.report import Progress, VerifyProblem, VerifyReport
from matou.wiring import now, open_archive


def verify(directory: Path, everything: bool, repair: bool, jobs: int | None, as_json: bool) -> None:
    settings = Settings.of_process()
    write_privately(directory)
    with _progress() as progress:
        report = verify_archive(
            open_archive(directory) if repair else archive_to_read(directory),
            everything=everything,
            jobs=jobs or settings.processors,
            now=now(),
            progress=progress,
            limits=Limits(memory_bytes=settings.git_memory_bytes),
            repair=repair,
        )
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=2))
    elif not (is_quiet() and report.is_whole):
        click.echo("\n".join(_lines(report)))
    if report.problems:
        raise Exit(ExitCode.DAMAGE_FOUND)
    if not report.is_whole:
        raise Exit(ExitCode.NOT_ALL_SAVED)


AFTER_DAMAGE = (
    "leave everything where it is. The next backup fetches again what the source still has, and `matou verify --repair`"
    " makes lost and damaged indexes anew"
)


@contextmanager
def _progress() -> Iterator[Progress]:
    if shows_bars():
        from matou.cli.labels import STAGES
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda stage, done, expected: advance(STAGES[stage], done, expected)
    else:
        yield lambda _stage, _done, _expected: None


def _as_json(report: VerifyReport) -> dict[str, object]:
    return {
        "whole": report.is_whole,
        "problems": _problems_as_json(report.problems),
        "manifests": report.manifests,
        "repositories": report.repositories,
        "proven": report.proven,
        "metadata": report.metadata,
        "blobs": report.blobs,
        "ahead": list(report.ahead),
        "notes": _problems_as_json(report.notes),
        "repaired": list(report.repaired),
    }


def _problems_as_json(problems: Iterable[VerifyProblem]) -> list[dict[str, str]]:
    return [{"kind": problem.kind, "path": problem.path, "detail": str(problem.detail)} for problem in problems]


def _lines(report: VerifyReport) -> Iterator[str]:
    for problem in report.problems:
        yield labelled(printable(problem.path), format_error(problem.detail))
    for path in report.repaired:
        yield _("{path} was made anew").format(path=printable(path))
    for note in report.notes:
        yield _("note: {path}: {fault}").format(path=printable(note.path), fault=format_error(note.detail))
    for path in report.ahead:
        yield _("{path} was moved on by a run that was cut off; all that was saved is in it").format(
            path=printable(path)
        )
    yield _("{manifests}, {repositories} ({proven} gone through by git), {blobs}").format(
        manifests=ngettext("{count} manifest", "{count} manifests", report.manifests).format(count=report.manifests),
        repositories=counted_repositories(report.repositories),
        proven=report.proven,
        blobs=ngettext("{count} blob", "{count} blobs", report.blobs).format(count=report.blobs),
    )
    if report.metadata:
        yield ngettext("{count} metadata repository", "{count} metadata repositories", report.metadata).format(
            count=report.metadata
        )
    if report.is_whole:
        yield _("the archive is whole")
    elif not report.problems:
        yield _("nothing was proven: no backup has ended in this archive, so nothing says what should be in it")
    else:
        count = len(report.problems)
        yield ngettext("{count} problem; {advice}", "{count} problems; {advice}", count).format(
            count=count, advice=_(AFTER_DAMAGE)
        )

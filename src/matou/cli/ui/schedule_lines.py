"""What is said of scheduled commands: as they begin and end, and where they stand."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from matou.archive.layout import Archive
from matou.archive.schedule_state import ScheduledRun, TaskState
from matou.cli.exit_codes import ExitCode
from matou.cli.runs import utc
from matou.cli.system_errors import error_of_system
from matou.cli.ui.formatting import local_time
from matou.cli.ui.output import print_error, say
from matou.errors import MatouError
from matou.i18n import format_error, labelled, printable
from matou.i18n import gettext as _
from matou.transfer.schedule.wording import run_text


class ScheduleLines:
    """Says it on standard error, where a service manager keeps it."""

    def began(self, archive: Archive, name: str, /) -> None:
        say(_("{name} begins, into {archive}").format(name=printable(name), archive=printable(str(archive.root))))

    def ended(self, _archive: Archive, name: str, run: ScheduledRun, /) -> None:
        text = labelled(printable(name), run_text(run))
        if run.exit_code == ExitCode.DONE:
            say(text)
            return
        print_error(text)
        for line in run.output.splitlines():
            click.echo(f"  {printable(line)}", err=True)

    def troubled(self, _archive: Archive, error: MatouError | OSError, /) -> None:
        print_error(format_error(error if isinstance(error, MatouError) else error_of_system(error)))


def state_text(state: TaskState | None) -> str:
    """Whether it runs, or how it went the last time."""
    if state is not None and state.running_since is not None:
        return _("runs")
    return run_text(state.last) if state is not None and state.last is not None else _("did not run yet")


def status_lines(state: TaskState, now: datetime, *, is_followed: bool) -> Iterator[str]:
    """Of a source whose newest run that ended is told already."""
    if state.running_since is not None and is_followed:
        yield _("it runs since {when}").format(when=local_time(state.running_since))
        return
    if state.last is not None and state.last.exit_code != ExitCode.DONE:
        yield _("last time by itself: {result}").format(result=run_text(state.last))
    if not is_followed:
        yield _("nothing goes by its schedule at the moment")
    elif state.next_at is not None:
        yield _("next by itself: {when}").format(when=local_time(max(state.next_at, now)))


def state_values(state: TaskState, *, is_followed: bool) -> dict[str, object]:
    """For a program."""
    return {
        "next_at": utc(state.next_at) if state.next_at else None,
        "running_since": utc(state.running_since) if state.running_since else None,
        "last": _run_values(state.last) if state.last else None,
        "is_followed": is_followed,
    }


def _run_values(run: ScheduledRun) -> dict[str, object]:
    return {
        "began_at": utc(run.began_at),
        "ended_at": utc(run.ended_at),
        "exit_code": run.exit_code,
        "output": run.output,
    }


def nobody_follows(root: Path) -> str:
    """Advice for whoever thinks that things are done by themselves."""
    return _(
        "nothing goes by the schedule of {archive} at the moment; start matou worker or matou serve, or install a "
        "timer: matou schedule install"
    ).format(archive=printable(str(root)))

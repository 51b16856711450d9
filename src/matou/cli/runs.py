"""`matou runs`: every run of an archive, and how it went."""

import json
from datetime import datetime
from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.archive_to_read import archive_to_read
from matou.cli.command import Command
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument, json_lines_option
from matou.cli.ui.formatting import local_time, size
from matou.i18n import duration, format_error, printable
from matou.i18n import gettext as _
from matou.transfer.backup.wording import outcome_name
from matou.transfer.common.saved_repositories import RunState, RunSummary, runs


@click.command(
    "runs",
    cls=Command,
    examples={
        "matou runs DIR --json": _("one line of JSON for each run"),
    },
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)
@archive_argument
@json_lines_option
def list_runs(directory: Path, as_json: bool) -> None:
    damaged = False
    for run in runs(archive_to_read(directory)):
        damaged |= run.state is RunState.DAMAGED
        click.echo(json.dumps(_values(run), ensure_ascii=False) if as_json else _line(run))
    if damaged:
        raise Exit(ExitCode.DAMAGE_FOUND)


def _values(run: RunSummary) -> dict[str, object]:
    took = run.end.finished_at - run.first.started_at if run.first and run.end else None
    return {
        "run": run.run,
        "state": run.state,
        "started_at": utc(run.first.started_at) if run.first else None,
        "finished_at": utc(run.end.finished_at) if run.end else None,
        "seconds": None if took is None else took.total_seconds(),
        "received_bytes": run.end.received_bytes if run.end else None,
        "requests": run.end.requests if run.end else None,
        "source": {"platform": run.first.source.platform, "url": run.first.source.url} if run.first else None,
        "listing": run.end.listing if run.end else None,
        "outcomes": {str(outcome): count for outcome, count in run.end.outcomes.items()} if run.end else {},
        "fault": str(run.fault) if run.fault else None,
    }


def _line(run: RunSummary) -> str:
    if run.fault is not None:
        return f"{run.run:06d}  {format_error(run.fault)}"
    if run.first is None or run.end is None:
        return f"{run.run:06d}  " + _("interrupted")
    outcomes = _(", ").join(f"{count:,} {outcome_name(outcome)}" for outcome, count in run.end.outcomes.items())
    if run.state is RunState.FORGOTTEN:
        outcomes = _("forgotten")
    took = duration(run.end.finished_at - run.first.started_at)
    return "  ".join(
        (
            f"{run.run:06d}",
            local_time(run.first.started_at),
            f"{took:>11}",
            f"{size(run.end.received_bytes):>8}",
            printable(run.first.source.url),
            outcomes,
        )
    )


def utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

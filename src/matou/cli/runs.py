"""`matou runs` and `matou show`: what an archive holds, and since when."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.exit_codes import ExitCode
from matou.cli.language import describe, translate
from matou.cli.texts import printable

if TYPE_CHECKING:
    from matou.transfer.show import RunSummary, SavedRepository

_ = translate

Directory = Annotated[Path, typer.Argument(metavar="DIR", help=_("the archive"))]
AsJson = Annotated[bool, typer.Option("--json", help=_("as JSON, a line for each"))]


def list_runs(directory: Directory, as_json: AsJson = False) -> None:
    from matou.transfer.show import RunState, runs
    from matou.wiring import open_archive

    damaged = False
    for run in runs(open_archive(directory)):
        damaged |= run.state is RunState.DAMAGED
        typer.echo(json.dumps(_run_values(run), ensure_ascii=False) if as_json else _run_line(run))
    if damaged:
        raise typer.Exit(ExitCode.DAMAGE_FOUND)


def _run_values(run: "RunSummary") -> dict[str, object]:
    return {
        "run": run.run,
        "state": run.state,
        "started_at": _time(run.first.started_at) if run.first else None,
        "finished_at": _time(run.end.finished_at) if run.end else None,
        "source": {"platform": run.first.source.platform, "url": run.first.source.url} if run.first else None,
        "outcomes": {str(outcome): count for outcome, count in run.end.outcomes.items()} if run.end else {},
        "fault": str(run.fault) if run.fault else None,
    }


def _run_line(run: "RunSummary") -> str:
    from matou.cli.words import OUTCOMES

    if run.fault is not None:
        return f"{run.run:06d}  {describe(run.fault)}"
    if run.first is None or run.end is None:
        return f"{run.run:06d}  " + _("interrupted")
    outcomes = ", ".join(f"{count:,} {OUTCOMES[outcome]}" for outcome, count in run.end.outcomes.items())
    return f"{run.run:06d}  {_time(run.first.started_at)}  {printable(run.first.source.url)}  {outcomes}"


def show(
    directory: Directory,
    at: Annotated[
        int | None, typer.Option(metavar="RUN", min=1, help=_("as of this run; the last one by default"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    from matou.transfer.show import show as show_saved
    from matou.wiring import open_archive

    for repository in show_saved(open_archive(directory), at=at):
        if as_json:
            typer.echo(json.dumps(_repository_values(repository), ensure_ascii=True))
        else:
            typer.echo("\n".join(_repository_lines(repository)))


def _repository_values(repository: "SavedRepository") -> dict[str, object]:
    line, refs = repository.line, repository.refs
    return {
        "path": line.path,
        "name": line.name,
        "outcome": line.outcome,
        "reason": line.reason,
        "head": refs.head or refs.detached_head if refs else None,
        "refs": dict(refs.refs) if refs else {},
    }


def _repository_lines(repository: "SavedRepository") -> Iterator[str]:
    from matou.cli.words import OUTCOMES

    line = repository.line
    yield f"{printable(line.path)}  ({OUTCOMES[line.outcome]})"
    if repository.refs is None:
        return
    for name, oid in repository.refs.refs.items():
        yield f"  {oid}  {printable(name)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

"""The runs of the archive, and the report of one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.archive.manifest import RepositoryLine
from matou.errors import NotFound
from matou.forge.access import authorize_oversight
from matou.i18n import duration, labelled, localize
from matou.server.web.page import HtmlPage, Paging, WebRequest
from matou.server.web.views.overview import tone_of
from matou.stored_texts import localize_stored
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.report import NOT_LOOKED_FOR
from matou.transfer.backup.run_report import RunFilter, RunReport, read_report
from matou.transfer.backup.status_cache import StatusCache
from matou.transfer.backup.wording import listing_fault, nothing_looked_for, outcome_name, state_of_line
from matou.transfer.common.saved_repositories import RunState, RunSummary

RUNS_ON_A_PAGE: Final = 25
LINES_ON_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class RunListRow:
    summary: RunSummary
    tone: str
    took: str
    counts: str


@dataclass(frozen=True, slots=True)
class RepositoryReport:
    """`said` tells of what was said around it, as far as anything is to be told."""

    line: RepositoryLine
    state: str
    took: str
    said: tuple[str, ...]


def show_runs(view: WebRequest, words: tuple[str, ...]) -> HtmlPage:
    authorize_oversight(view.forge, view.identity)
    if words:
        return _show_run(view, words)
    archive = view.forge.archive
    numbers = list(archive.run_numbers())[::-1]
    first = (view.number - 1) * RUNS_ON_A_PAGE
    shown = view.forge.memory(StatusCache).summaries(archive, numbers[first : first + RUNS_ON_A_PAGE])
    values = {
        "rows": [RunListRow(one, tone_of(one), _took(one), _counts(one)) for one in shown],
        "paging": Paging(view.number, len(numbers), RUNS_ON_A_PAGE),
    }
    return HtmlPage("runs.html", values, etag=view.unless_known(repr(values)))


def _show_run(view: WebRequest, words: tuple[str, ...]) -> HtmlPage:
    if len(words) != 1 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 10):
        raise NotFound("there is nothing here")
    report = read_report(view.forge.archive, int(words[0]))
    which = _filter(view.query.get("show", ""))
    lines = report.chosen(which)
    first = (view.number - 1) * LINES_ON_A_PAGE
    values = {
        "report": report,
        "run": report.summary,
        "tone": tone_of(report.summary),
        "took": _took(report.summary),
        "counts": _counts(report.summary),
        "faults": _faults(report),
        "rows": [_row(line) for line in lines[first : first + LINES_ON_A_PAGE]],
        "which": which.value,
        "paging": Paging(view.number, len(lines), LINES_ON_A_PAGE),
    }
    is_lasting = report.summary.state is RunState.ENDED
    return HtmlPage("run.html", values, etag=view.unless_known(report.summary.run) if is_lasting else "")


def _filter(text: str) -> RunFilter:
    return RunFilter(text) if text in set(RunFilter) else RunFilter.NOTABLE


def _row(line: RepositoryLine) -> RepositoryReport:
    kinds = () if line.metadata is None else line.metadata.kinds.items()
    said = (
        labelled(localize(name_of(name)), localize_stored(kind.reason or kind.state.value))
        for name, kind in kinds
        if not kind.is_done
    )
    return RepositoryReport(
        line,
        state_of_line(line),
        duration(timedelta(seconds=round(line.seconds, 1))) if line.seconds else "",
        tuple(said),
    )


def _faults(report: RunReport) -> list[str]:
    end = report.summary.end
    if end is None:
        return []
    fault = listing_fault(end.listing)
    is_nothing = not sum(count for outcome, count in end.outcomes.items() if outcome not in NOT_LOOKED_FOR)
    return [*([] if fault is None else [fault]), *([nothing_looked_for(end.outcomes)] if is_nothing else [])]


def _took(run: RunSummary) -> str:
    return duration(run.end.finished_at - run.first.started_at) if run.first and run.end else ""


def _counts(run: RunSummary) -> str:
    outcomes = run.end.outcomes if run.end else {}
    return " · ".join(f"{count:,} {outcome_name(outcome)}" for outcome, count in outcomes.items())

"""The runs of the archive, as a list; the report of one is `run_report`."""

from dataclasses import dataclass
from typing import Final

from matou.forge.access import authorize_oversight
from matou.server.web.page import HtmlPage, Paging, WebRequest
from matou.server.web.views.overview import tone_of
from matou.server.web.views.run_report import counts_of, show_run, took
from matou.transfer.backup.status_cache import StatusCache
from matou.transfer.common.saved_repositories import RunSummary

RUNS_ON_A_PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class RunListRow:
    summary: RunSummary
    tone: str
    took: str
    counts: str


def show_runs(view: WebRequest, words: tuple[str, ...]) -> HtmlPage:
    authorize_oversight(view.forge, view.identity)
    if words:
        return show_run(view, words)
    archive = view.forge.archive
    numbers = list(archive.run_numbers())[::-1]
    first = (view.number - 1) * RUNS_ON_A_PAGE
    shown = view.forge.memory(StatusCache).summaries(archive, numbers[first : first + RUNS_ON_A_PAGE])
    values = {
        "rows": [RunListRow(one, tone_of(one), took(one), counts_of(one)) for one in shown],
        "paging": Paging(view.number, len(numbers), RUNS_ON_A_PAGE),
    }
    return HtmlPage("runs.html", values, etag=view.unless_known(repr(values)))

"""The report of one run: what it saved and changed, ref by ref, what it could not, and how long each part took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.archive.manifest import RepositoryLine
from matou.errors import NotFound
from matou.git.refs.listing import KEPT_PREFIX
from matou.i18n import duration, labelled, localize
from matou.i18n import gettext as _
from matou.model.names import RefName, RepositoryPath
from matou.model.refs import RefChange
from matou.server.web.addresses import run_url, subject_url
from matou.server.web.page import HtmlPage, Paging, WebRequest
from matou.server.web.views.kept import short_name
from matou.server.web.views.overview import gap_row, tone_of
from matou.stored_texts import localize_stored
from matou.transfer.backup.changes import change_of, saved_before
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.report import NOT_LOOKED_FOR
from matou.transfer.backup.run_report import PartTime, RunFilter, RunReport, read_report
from matou.transfer.backup.wording import listing_fault, nothing_looked_for, outcome_name, state_of_line
from matou.transfer.common.saved_repositories import RunState, RunSummary

LINES_ON_A_PAGE: Final = 25
REFS_OF_A_LINE: Final = 10
REFS_ON_A_PAGE: Final = 100
MOST_GAPS: Final = 30
MOST_PARTS: Final = 10
SHORT: Final = 10


@dataclass(frozen=True, slots=True)
class RefRow:
    """A ref that the run found elsewhere than the one before.

    Attributes:
        old, new: the beginnings of ids; empty where it was made, or is gone.
        what: what became of it, in a word.
        tone: the class of the stylesheet for that.
        href: where it leads: what was there last.
        compare: the old tip against the new; empty where there is only one.
    """

    name: str
    is_tag: bool
    old: str
    new: str
    what: str
    tone: str
    href: str
    compare: str


@dataclass(frozen=True, slots=True)
class RepositoryReport:
    """`metadata` tells of what was said around it, as far as anything is to be told; `more` refs changed than shown."""

    line: RepositoryLine
    state: str
    took: str
    metadata: tuple[str, ...]
    is_new: bool
    refs: Sequence[RefRow]
    more: int


@dataclass(frozen=True, slots=True)
class TimeRow:
    name: str
    took: str
    repositories: int
    received_bytes: int


def show_run(view: WebRequest, words: tuple[str, ...]) -> HtmlPage:
    if len(words) != 1 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 10):
        raise NotFound("there is nothing here")
    report = read_report(view.forge.archive, int(words[0]))
    etag = view.unless_known(report.summary.run) if report.summary.state is RunState.ENDED else ""
    path = view.query.get("repository", "")
    return _page_of_repository(view, report, path, etag) if path else _page(view, report, etag)


def took(run: RunSummary) -> str:
    return duration(run.end.finished_at - run.first.started_at) if run.first and run.end else ""


def counts_of(run: RunSummary) -> str:
    outcomes = run.end.outcomes if run.end else {}
    return " · ".join(
        _("{count} {outcome}").format(count=f"{count:,}", outcome=outcome_name(outcome))
        for outcome, count in outcomes.items()
    )


def _page(view: WebRequest, report: RunReport, etag: str) -> HtmlPage:
    which = _filter(view.query.get("show", ""))
    lines = report.chosen(which)
    first = (view.number - 1) * LINES_ON_A_PAGE
    shown = lines[first : first + LINES_ON_A_PAGE]
    before = _before(view, report) if shown else {}
    gaps = report.gaps
    values = {
        "report": report,
        "run": report.summary,
        "tone": tone_of(report.summary),
        "took": took(report.summary),
        "counts": counts_of(report.summary),
        "faults": _faults(report),
        "gaps": [gap_row(gap) for gap in gaps[:MOST_GAPS]],
        "more_gaps": max(0, len(gaps) - MOST_GAPS),
        "rows": [_row(view, report, line, before, REFS_OF_A_LINE) for line in shown],
        "which": which.value,
        "paging": Paging(view.number, len(lines), LINES_ON_A_PAGE),
        "parts": [_part(part) for part in report.times()[:MOST_PARTS]],
        "slowest": [_part(_alone(line)) for line in report.slowest(MOST_PARTS)],
    }
    return HtmlPage("run.html", values, etag=etag)


def _page_of_repository(view: WebRequest, report: RunReport, path: str, etag: str) -> HtmlPage:
    """All refs of one repository that the run found changed, page by page."""
    line = report.line(path)
    if line is None:
        raise NotFound("there is nothing here")
    change = change_of(view.forge.archive, _before(view, report).get(line.id), line)
    first = (view.number - 1) * REFS_ON_A_PAGE
    row = _row(view, report, line, {}, 0)
    values = {
        "run": report.summary,
        "tone": tone_of(report.summary),
        "row": row,
        "refs": _refs(report, line, change.refs[first : first + REFS_ON_A_PAGE]),
        "is_new": change.is_new,
        "paging": Paging(view.number, len(change.refs), REFS_ON_A_PAGE),
    }
    return HtmlPage("run_repository.html", values, etag=etag)


def _before(view: WebRequest, report: RunReport) -> Mapping[str, RepositoryLine]:
    return saved_before(view.forge.archive, report.summary.run) if report.summary.state is RunState.ENDED else {}


def _filter(text: str) -> RunFilter:
    return RunFilter(text) if text in set(RunFilter) else RunFilter.NOTABLE


def _row(
    view: WebRequest, report: RunReport, line: RepositoryLine, before: Mapping[str, RepositoryLine], most: int
) -> RepositoryReport:
    kinds = () if line.metadata is None else line.metadata.kinds.items()
    metadata = tuple(
        labelled(localize(name_of(name)), localize_stored(kind.reason or kind.state.value))
        for name, kind in kinds
        if not kind.is_done
    )
    is_changed = most > 0 and line.saved_in == report.summary.run
    change = change_of(view.forge.archive, before.get(line.id), line) if is_changed else None
    refs = () if change is None else change.refs
    return RepositoryReport(
        line,
        state_of_line(line),
        duration(timedelta(seconds=round(line.seconds, 1))) if line.seconds else "",
        metadata,
        change is not None and change.is_new,
        _refs(report, line, refs[:most]),
        max(0, len(refs) - most),
    )


def _refs(report: RunReport, line: RepositoryLine, changes: Sequence[RefChange]) -> list[RefRow]:
    return [_ref_row(report.summary.run, line, change) for change in changes]


def _ref_row(run: int, line: RepositoryLine, change: RefChange) -> RefRow:
    name, is_forced = short_name(change.ref), _kept_name(run, change.ref) in line.kept
    old, new = change.old or "", change.new or ""
    path = RepositoryPath.parse(line.path)
    if not old:
        what, tone = _("New"), "good"
    elif not new:
        what, tone = _("Deleted"), "bad"
    else:
        what, tone = (_("Overwritten"), "warn") if is_forced else (_("Moved on"), "")
    return RefRow(
        name,
        change.ref.startswith("refs/tags/"),
        old[:SHORT],
        new[:SHORT],
        what,
        tone,
        run_url(path, run, "tree", name) if new else subject_url(path, "commit", old),
        subject_url(path, "compare", f"{old}..{new}") if old and new else "",
    )


def _kept_name(run: int, ref: RefName) -> str:
    """What a run calls the ref that keeps a tip alive."""
    return f"{KEPT_PREFIX}{run:06d}/{ref.removeprefix('refs/')}"


def _part(part: PartTime) -> TimeRow:
    took = duration(timedelta(seconds=round(part.seconds, 1)))
    return TimeRow(part.path, took, part.repositories, part.received_bytes)


def _alone(line: RepositoryLine) -> PartTime:
    return PartTime(line.path, 1, line.seconds, line.received_bytes)


def _faults(report: RunReport) -> list[str]:
    end = report.summary.end
    if end is None:
        return []
    fault = listing_fault(end.listing)
    is_nothing = not sum(count for outcome, count in end.outcomes.items() if outcome not in NOT_LOOKED_FOR)
    return [*([] if fault is None else [fault]), *([nothing_looked_for(end.outcomes)] if is_nothing else [])]

"""How the backups stand: in one line whether all is saved, then source by source what is not, and what to do."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from matou.archive.run_history import source_key
from matou.archive.schedule_state import TaskState
from matou.forge.access import authorize_oversight, may_oversee
from matou.i18n import duration
from matou.server.web.charts import BarChart, bar_chart, line_points
from matou.server.web.page import HtmlPage, WebRequest
from matou.transfer.backup.gaps import BackupGap
from matou.transfer.backup.status import ArchiveStatus, SourceStatus, UnendedRun, Verdict, verdict_of
from matou.transfer.backup.status_cache import StatusCache
from matou.transfer.backup.wording import (
    backup_command,
    cut_off_text,
    faults_of_source,
    gap_advice,
    gap_name,
    gap_reason,
    state_of_line,
)
from matou.transfer.common.proofs import summarize_proofs
from matou.transfer.common.saved_repositories import RunSummary
from matou.transfer.schedule.lookup import schedule_status
from matou.transfer.schedule.wording import run_text

TOO_OLD: Final = timedelta(hours=26)
"""A run each night, and two hours for it."""

RUNS_DRAWN: Final = 60
MOST_NAMED: Final = 50
MOST_GAPS: Final = 20
RUNS_OF_A_RHYTHM: Final = 8


@dataclass(frozen=True, slots=True)
class GapRow:
    """What could not be had of a source, why, and what to do about it."""

    name: str
    reason: str
    advice: str
    is_fault: bool


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What the front page says of the backups.

    Attributes:
        last: when the newest run ended of the source whose newest run is the oldest.
        not_had: names of what could not be had, each once.
    """

    verdict: Verdict
    last: datetime | None
    not_had: Sequence[str]


@dataclass(frozen=True, slots=True)
class SourceCard:
    """One source.

    Attributes:
        status: None where none of its runs ever ended.
        not_done: paths of repositories that are not saved, or not in full, with the reason; at most MOST_NAMED.
        rhythm: how far apart its last runs began; empty where there are too few to tell.
        faults: what else is wrong.
        gaps: what could not be had, at most MOST_GAPS.
        command: what saves it again.
        schedule: what is known of how it is saved by itself; None where it is not.
    """

    platform: str
    url: str
    verdict: Verdict
    status: SourceStatus | None
    age: str
    took: str
    rhythm: str
    not_done: Sequence[tuple[str, str]]
    faults: Sequence[str]
    gaps: Sequence[GapRow]
    command: str
    schedule: TaskState | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a picture and its table; `size_bytes` is what was there after it, as far as what came since tells."""

    summary: RunSummary
    started_at: datetime
    received_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RunHistoryChart:
    rows: Sequence[RunRow]
    received: BarChart
    sizes: str


def show_overview(view: WebRequest, _words: tuple[str, ...]) -> HtmlPage:
    authorize_oversight(view.forge, view.identity)
    archive = view.forge.archive
    status = view.forge.memory(StatusCache).status(archive)
    schedule = schedule_status(archive)
    cards = [replace(card, schedule=schedule.of_source(card.platform, card.url)) for card in _cards(view, status)]
    values = {
        "schedule": schedule,
        "tasks": [_task_row(name, task) for name, task in sorted(schedule.state.tasks.items())],
        "cards": cards,
        "verdict": overall(cards),
        "is_at_work": status.is_at_work,
        "damaged_runs": [one for one in status.cut_off if one.fault is not None],
        "proofs": summarize_proofs(archive.proofs),
        "repositories": sum(one.repositories for one in status.sources),
        "chart": _chart(view, sum(one.size_bytes for one in status.sources)),
        "archive": str(archive.root),
    }
    return HtmlPage("overview.html", values)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Something that is done by itself, and how it went the last time."""

    name: str
    task: TaskState
    result: str
    is_well: bool


def _task_row(name: str, task: TaskState) -> TaskRow:
    last = task.last
    return TaskRow(name, task, "" if last is None else run_text(last), last is None or last.exit_code == 0)


def summary_for(view: WebRequest) -> BackupSummary | None:
    """Whether all is saved, for whoever may see that; None for others, and where nothing was ever backed up."""
    if not may_oversee(view.forge, view.identity):
        return None
    status = view.forge.memory(StatusCache).status(view.forge.archive)
    verdict = overall(_cards(view, status))
    if verdict is None:
        return None
    last = min((one.finished_at for one in status.sources), default=None)
    return BackupSummary(verdict, last, _names_of_gaps(status))


def _names_of_gaps(status: ArchiveStatus) -> list[str]:
    return list(dict.fromkeys(gap_name(gap) for one in status.sources for gap in one.gaps))[:MOST_GAPS]


def overall(cards: Sequence[SourceCard]) -> Verdict | None:
    """The worst of all."""
    verdicts = {card.verdict for card in cards}
    return next((each for each in (Verdict.NOT_COMPLETE, Verdict.TOO_OLD, Verdict.COMPLETE) if each in verdicts), None)


def _cards(view: WebRequest, status: ArchiveStatus) -> list[SourceCard]:
    return [
        *(_card(view, status, one) for one in status.sources),
        *(_begun_card(view, status, one) for one in status.begun),
    ]


def _card(view: WebRequest, archive: ArchiveStatus, one: SourceStatus) -> SourceCard:
    age = one.age(view.forge.now())
    cut_off = None if archive.is_at_work else archive.cut_off_of(one.source)
    run = None if cut_off is None else cut_off.run
    return SourceCard(
        one.source.platform,
        one.source.url,
        verdict_of(one, is_too_old=age > TOO_OLD, cut_off=run),
        one,
        duration(max(age, timedelta())),
        duration(one.finished_at - one.started_at),
        _rhythm(view, one),
        [(line.path, state_of_line(line)) for line in one.not_done[:MOST_NAMED]],
        [*faults_of_source(one), *([] if run is None else [cut_off_text(run)])],
        [gap_row(gap) for gap in one.gaps[:MOST_GAPS]],
        _command(view, one.source.platform, one.source.url),
    )


def _begun_card(view: WebRequest, archive: ArchiveStatus, one: UnendedRun) -> SourceCard:
    faults = [] if archive.is_at_work else [cut_off_text(one.run)]
    command = _command(view, one.source.platform, one.source.url)
    return SourceCard(
        one.source.platform, one.source.url, Verdict.NOT_COMPLETE, None, "", "", "", (), faults, (), command
    )


def _rhythm(view: WebRequest, one: SourceStatus) -> str:
    """The middle one of the times between its last runs, since nobody here knows who starts them, and when."""
    archive = view.forge.archive
    runs = view.forge.memory(StatusCache).summaries(archive, list(archive.run_numbers())[-RUNS_DRAWN:])
    key = source_key(one.source)
    began = [run.first.started_at for run in runs if run.first is not None and source_key(run.first.source) == key]
    apart = [(later - earlier).total_seconds() for earlier, later in pairwise(began[-RUNS_OF_A_RHYTHM:])]
    return duration(timedelta(seconds=round(median(apart)))) if len(apart) > 1 else ""


def gap_row(gap: BackupGap) -> GapRow:
    return GapRow(gap_name(gap), gap_reason(gap), gap_advice(gap), gap.is_fault)


def _command(view: WebRequest, platform: str, url: str) -> str:
    return shlex.join(backup_command(platform, url, str(view.forge.archive.root)))


def _chart(view: WebRequest, size_bytes: int) -> RunHistoryChart | None:
    """None until two runs have ended."""
    archive = view.forge.archive
    numbers = list(archive.run_numbers())[-RUNS_DRAWN:]
    ended = [one for one in view.forge.memory(StatusCache).summaries(archive, numbers) if one.first and one.end]
    rows: list[RunRow] = []
    for one in reversed(ended):
        if one.first and one.end:
            rows.append(RunRow(one, one.first.started_at, one.end.received_bytes, max(0, size_bytes)))
            size_bytes -= one.end.received_bytes
    rows.reverse()
    if len(rows) < 2:
        return None
    bars = [(str(row.summary.run), float(row.received_bytes), tone_of(row.summary)) for row in rows]
    return RunHistoryChart(rows, bar_chart(bars), line_points([row.size_bytes for row in rows]))


def tone_of(run: RunSummary) -> str:
    """The class of the stylesheet that says how it went."""
    if run.end is None:
        return "bad"
    return "good" if run.is_whole else "warn"

"""Who works on a repository and when, in which languages, and how often it is downloaded."""

from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadAnalysis, MaySee, authorize
from matou.forge.analysis.activity import PersonByWeek, WeeklyActivity, commits_by_hour, weekly_activity
from matou.forge.analysis.contributions import Counted, counted
from matou.forge.analysis.languages import languages
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.jobs import StillComputing
from matou.forge.repositories.downloads import download_statistics
from matou.server.web.charts import BarChart, Dot, bar_chart, line_points, punch_card
from matou.server.web.page import HtmlPage, WebRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

WEEKS: Final = 52
PEOPLE: Final = 12
PERSON_HEIGHT: Final = 40
A_MOMENT_SECONDS: Final = 0.3
"""So long a page waits for what is counted; then it says that it is being counted."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WeekRow:
    monday: date
    commits: int


@dataclass(frozen=True, slots=True)
class WeeksShown:
    chart: BarChart
    rows: list[WeekRow]
    people: list[tuple[PersonByWeek, str]]
    others: int


def show_statistics(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    allowed = authorize(view.forge, view.identity, MayReadAnalysis, granted.subject)
    values: dict[str, object] = {"repository": allowed.subject, "is_empty": False, "weeks": None, "hours": None}
    downloads = download_statistics(view.forge, allowed)
    values["downloads"] = downloads
    values["downloads_chart"] = bar_chart([(f"{each.day}", each.downloads, "") for each in downloads.days])
    try:
        known = _within_a_moment(lambda: counted(view.forge, allowed, ""))
        found = _within_a_moment(lambda: languages(view.forge, allowed))
    except NoSuchRevision:
        return HtmlPage("statistics.html", {**values, "is_empty": True, "is_counting": False, "languages": ()})
    if known is not None:
        values |= {"weeks": _weeks(view, allowed, known), "hours": _hours(view, allowed, known)}
    values["languages"] = None if found is None else sorted(found.shares.items(), key=lambda each: (-each[1], each[0]))
    values["is_counting"] = known is None or found is None
    return HtmlPage("statistics.html", values)


def _within_a_moment(begin: "Callable[[], Future[Result]]") -> Result | None:
    """What is computed, if that is done soon; None where it goes on."""
    try:
        return begin().result(A_MOMENT_SECONDS)
    except (NotYet, StillComputing):
        return None


def _weeks(view: WebRequest, allowed: Authorized[Repository, MayReadAnalysis], known: Counted) -> WeeksShown | None:
    found = weekly_activity(view.forge, allowed, known, weeks=WEEKS)
    return None if found is None else shown_weeks(found)


def shown_weeks(found: WeeklyActivity) -> WeeksShown:
    rows = [WeekRow(found.monday(week), commits) for week, commits in enumerate(found.weeks)]
    people = [(person, line_points(person.weeks, height=PERSON_HEIGHT)) for person in found.people[:PEOPLE]]
    chart = bar_chart([(row.monday.isoformat(), row.commits, "") for row in rows])
    return WeeksShown(chart, rows, people, max(0, len(found.people) - PEOPLE))


def _hours(view: WebRequest, allowed: Authorized[Repository, MayReadAnalysis], known: Counted) -> dict[str, object]:
    counts = commits_by_hour(view.forge, allowed, known)
    dots: tuple[Dot, ...] = punch_card(counts)
    return {"counts": counts, "dots": dots}

"""When people work on a repository: commits by week, by person and week, and by the hour of the weekday."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import compress
from typing import Final

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadAnalysis
from matou.forge.analysis.contributions import SECONDS_A_DAY, Counted, contribution_days, text_of
from matou.forge.analysis.memory import analysis_cache
from matou.forge.forge import Forge

DAYS: Final = 7
HOURS: Final = 24
_EPOCH: Final = date(1970, 1, 1)
_THURSDAY: Final = 3
"""Of 1970-01-01, where a Monday is 0."""

HourCounts = tuple[tuple[int, ...], ...]
"""A row a weekday from Monday on, a number an hour."""


@dataclass(frozen=True, slots=True)
class PersonByWeek:
    """Somebody's commits by week, with what they are in all."""

    name: str
    commits: int
    additions: int
    deletions: int
    weeks: Sequence[int]


@dataclass(frozen=True, slots=True)
class WeeklyActivity:
    """The last weeks up to that of the newest commit, oldest first.

    Attributes:
        first: the Monday of the first.
        weeks: the commits of everybody.
        people: everybody there ever was, most commits first.
    """

    first: date
    weeks: Sequence[int]
    people: Sequence[PersonByWeek]

    def monday(self, week: int) -> date:
        return self.first + timedelta(weeks=week)


def weekly_activity(
    forge: Forge, granted: Authorized[Repository, MayReadAnalysis], known: Counted, *, weeks: int
) -> WeeklyActivity | None:
    """None where there is no commit. A day is the author's own."""
    days = contribution_days(forge, granted, known)
    if not days.day:
        return None
    last = max(map(week_of, days.day))
    first = last - weeks + 1
    everybody, totals = [0] * weeks, [(0, 0, 0)] * len(days.people)
    by_person = [[0] * weeks for _ in days.people]
    columns = zip(days.person, days.day, days.commits, days.additions, days.deletions, strict=True)
    for person, day, commits, additions, deletions in columns:
        before = totals[person]
        totals[person] = (before[0] + commits, before[1] + additions, before[2] + deletions)
        week = week_of(day) - first
        if week >= 0:
            everybody[week] += commits
            by_person[person][week] += commits
    people = [
        PersonByWeek(text_of(person.name), *totals[number], by_person[number])
        for number, person in enumerate(days.people)
        if totals[number][0]
    ]
    return WeeklyActivity(monday_of(first), everybody, sorted(people, key=lambda each: (-each.commits, each.name)))


def commits_by_hour(forge: Forge, granted: Authorized[Repository, MayReadAnalysis], known: Counted) -> HourCounts:
    """By the author's own clock."""
    key = (granted.subject.id, "hours", known.history.name(known.tip))
    return analysis_cache(forge).recall(key, lambda: _by_hour(known), lambda _: DAYS * HOURS)


def _by_hour(known: Counted) -> HourCounts:
    clocks = compress(known.history.clocks, known.history.reached(known.tip))
    counts = Counter((weekday_of(clock), clock % SECONDS_A_DAY // 3600) for clock in clocks)
    return tuple(tuple(counts[day, hour] for hour in range(HOURS)) for day in range(DAYS))


def weekday_of(clock: int) -> int:
    """Of seconds since 1970-01-01; a Monday is 0."""
    return (clock // SECONDS_A_DAY + _THURSDAY) % DAYS


def week_of(day: int) -> int:
    """Of days since 1970-01-01: which week from Monday to Sunday."""
    return (day + _THURSDAY) // DAYS


def monday_of(week: int) -> date:
    return _EPOCH + timedelta(days=week * DAYS - _THURSDAY)

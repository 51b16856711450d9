"""Which runs a policy keeps: restic's words, with what restic's own tests say of them."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from matou.transfer.room.policy import (
    KEPT_LISTING,
    KEPT_NEWEST,
    KEPT_WHOLE,
    Age,
    CountedRun,
    InvalidPolicy,
    Policy,
    kept_runs,
)

NEWEST = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


def counted(run: int, began_at: datetime, *, is_whole: bool = True, has_whole_listing: bool = True) -> CountedRun:
    return CountedRun(run, began_at, is_whole, has_whole_listing)


def daily(count: int) -> list[CountedRun]:
    """One a day, run 1 the oldest; the newest on a Monday."""
    return [counted(run, NEWEST - timedelta(days=count - run)) for run in range(1, count + 1)]


def kept(runs: Iterable[CountedRun], **policy: Any) -> list[int]:
    return sorted(kept_runs(tuple(runs), Policy(**policy)))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"last": 3}, [98, 99, 100]),
        ({"daily": 2}, [99, 100]),
        ({"last": -1}, list(range(1, 101))),
        # Sundays are the last of their ISO weeks; the newest is a Monday.
        ({"weekly": 3}, [92, 99, 100]),
        ({"monthly": 3}, [39, 70, 100]),
        ({"last": 1, "weekly": 2, "monthly": 2}, [70, 99, 100]),
        ({"within": "7d"}, [94, 95, 96, 97, 98, 99, 100]),
        ({"within": "1m"}, list(range(70, 101))),
        ({"within": "2d12h"}, [98, 99, 100]),
        # More years than there are: the oldest stays for the second.
        ({"yearly": 2}, [1, 100]),
        ({"monthly": 12}, [1, 9, 39, 70, 100]),
    ],
    ids=str,
)
def test_of_a_hundred_daily_runs_a_policy_keeps(policy: dict[str, object], expected: list[int]) -> None:
    assert kept(daily(100), **policy) == expected


def test_of_several_runs_in_a_day_the_last_one_stays() -> None:
    runs = [counted(run, NEWEST - timedelta(days=(7 - run) // 3, hours=-run)) for run in range(1, 8)]

    assert kept(runs, daily=2) == [4, 7]
    assert kept(runs, hourly=2) == [6, 7]


def test_days_are_those_of_the_zone_that_the_times_are_in() -> None:
    """08:00 in Shanghai is midnight in UTC."""
    moments = [datetime(2026, 11, 29, hour, tzinfo=UTC) for hour in (15, 17, 23)]
    shanghai = timezone(timedelta(hours=8))

    assert kept([counted(run, at) for run, at in enumerate(moments, 1)], daily=9) == [1, 3]
    assert kept([counted(run, at.astimezone(shanghai)) for run, at in enumerate(moments, 1)], daily=9) == [1, 3]
    assert kept([counted(run, at.astimezone(shanghai)) for run, at in enumerate(moments[1:], 1)], daily=1) == [2]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_policy_the_newest_and_the_newest_complete_run_stay(seed: int) -> None:
    chance = random.Random(seed)
    runs = [
        counted(
            run,
            NEWEST + timedelta(hours=chance.randrange(-5000, 1)),
            is_whole=chance.random() < 0.2,
            has_whole_listing=chance.random() < 0.4,
        )
        for run in range(1, 40)
    ]
    names = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
    counts: dict[str, Any] = {name: chance.randrange(-1, 5) for name in chance.sample(names, 3)}
    policy = Policy(**counts)

    reasons = kept_runs(runs, policy)

    newest_first = sorted(runs, key=lambda one: (one.began_at, one.run), reverse=True)
    assert KEPT_NEWEST in reasons[39]
    assert KEPT_NEWEST in reasons[newest_first[0].run]
    for reason, newest in (
        (KEPT_WHOLE, [one.run for one in newest_first if one.is_whole][:1]),
        (KEPT_LISTING, [one.run for one in newest_first if one.has_whole_listing][:1]),
    ):
        assert [run for run, found in reasons.items() if reason in found] == newest
    assert all(reasons.values())


def test_without_a_policy_nothing_is_forgotten() -> None:
    for given in (None, 0):
        with pytest.raises(InvalidPolicy):
            Policy(last=given, daily=given)


@pytest.mark.parametrize("text", ["", "90", "d", "1d2y", "-1d", "1w", "٣d", "9" * 30 + "d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy):
        Policy(within=text)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("1m", datetime(2026, 2, 28, tzinfo=UTC)),
        ("1y1m", datetime(2025, 2, 28, tzinfo=UTC)),
        ("3m1d", datetime(2025, 12, 30, tzinfo=UTC)),
        ("36h", datetime(2026, 3, 29, 12, tzinfo=UTC)),
        ("9999y", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_an_age_is_as_long_as_the_calendar_has_it(age: str, expected: datetime) -> None:
    assert Age.parse(age).before(datetime(2026, 3, 31, tzinfo=UTC)) == expected


def test_a_policy_is_written_down_as_it_was_said() -> None:
    assert str(Policy(daily=30, monthly=12, within="90d")) == "--keep-daily 30 --keep-monthly 12 --keep-within 90d"


def test_a_run_whose_clock_was_wrong_once_does_not_make_all_others_old() -> None:
    runs = daily(30)
    runs[-2] = counted(29, NEWEST.replace(year=2099))

    assert kept(runs, within="90d") == list(range(1, 31))

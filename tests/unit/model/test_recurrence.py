"""When something is due: by clocks that skip an hour, show one twice, or are another zone's; and at equal distances."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.recurrence import AtDistance, ByClock, ClockTime, Timing

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = ByClock((ClockTime(time(2, 30)),), BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(recurrence: ByClock, begin: datetime, count: int) -> list[datetime]:
    found = [recurrence.following(begin)]
    while len(found) < count:
        found.append(recurrence.following(found[-1]))
    return found


def test_a_time_of_another_zone_is_due_when_clocks_there_show_it() -> None:
    shanghai = ByClock((ClockTime(time(2, 30)),), ZoneInfo("Asia/Shanghai"))

    assert shanghai.following(utc("2026-12-01T00:00")) == utc("2026-12-01T18:30")


def test_a_local_time_that_is_skipped_comes_once_as_much_later() -> None:
    """On 2027-03-28 clocks in Berlin go from 02:00 to 03:00."""
    assert moments(NIGHTLY, utc("2027-03-27T00:00"), 3) == [
        utc("2027-03-27T01:30"), utc("2027-03-28T01:30"), utc("2027-03-29T00:30"),
    ]  # fmt: skip


def test_a_local_time_that_comes_twice_is_due_once() -> None:
    """On 2026-10-25 clocks in Berlin show 02:30 at 00:30 and at 01:30 in UTC."""
    assert moments(NIGHTLY, utc("2026-10-24T00:00"), 3) == [
        utc("2026-10-24T00:30"), utc("2026-10-25T00:30"), utc("2026-10-26T01:30"),
    ]  # fmt: skip
    assert NIGHTLY.newest(utc("2026-10-25T01:45"), after=utc("2026-10-25T00:30")) is None


def test_a_day_that_a_zone_never_had_is_due_no_second_time() -> None:
    """Samoa went from 2011-12-29 to 2011-12-31."""
    samoa = ByClock((ClockTime(time(2, 30)),), ZoneInfo("Pacific/Apia"))

    assert len(set(moments(samoa, utc("2011-12-28T00:00"), 4))) == 4


def test_of_several_that_were_missed_only_the_last_is_made_up() -> None:
    assert NIGHTLY.newest(utc("2026-12-20T12:00"), after=utc("2026-12-01T01:30")) == utc("2026-12-20T01:30")
    assert NIGHTLY.newest(utc("2026-12-20T12:00"), after=utc("2026-12-20T01:30")) is None


def test_a_day_of_the_week_is_that_of_the_zone() -> None:
    sunday = ByClock((ClockTime(time(3, 0), weekday=6),), ZoneInfo("Asia/Shanghai"))

    assert sunday.following(utc("2026-12-01T00:00")) == utc("2026-12-05T19:00")
    assert sunday.newest(utc("2027-01-01T00:00"), after=utc("2026-12-05T19:00")) == utc("2026-12-26T19:00")


def test_equal_distances_do_not_drift_and_are_made_up_once() -> None:
    six_hours = AtDistance(timedelta(hours=6))

    assert six_hours.newest(utc("2026-12-02T01:00"), after=utc("2026-12-01T00:10")) == utc("2026-12-02T00:10")
    assert six_hours.newest(utc("2026-12-01T06:09"), after=utc("2026-12-01T00:10")) is None
    assert six_hours.following(utc("2026-12-01T00:10")) == utc("2026-12-01T06:10")


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        ((ClockTime(time(2, 30)),), timedelta(days=1)),
        ((ClockTime(time(2, 30)), ClockTime(time(14, 30))), timedelta(hours=12)),
        ((ClockTime(time(23, 0)), ClockTime(time(1, 0))), timedelta(hours=2)),
        ((ClockTime(time(3, 0), weekday=6),), timedelta(days=7)),
    ],
)
def test_the_shortest_time_between_two_is_known(times: tuple[ClockTime, ...], gap: timedelta) -> None:
    assert ByClock(times, BERLIN).shortest_gap == gap


@given(
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0)),
    st.none() | st.integers(0, 6),
    st.integers(946_684_800, 2_114_380_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_what_follows_is_what_is_newest_from_then_on(zone: str, at: time, weekday: int | None, begin: datetime) -> None:
    recurrence = ByClock((ClockTime(at, weekday),), ZoneInfo(zone))
    following = recurrence.following(begin)

    assert begin < following <= begin + timedelta(days=9)
    assert recurrence.newest(following, after=begin) == following
    assert recurrence.newest(following - timedelta(microseconds=1), after=begin) is None


def test_jitter_is_drawn_once_for_each_moment_and_never_longer_than_it_may_be() -> None:
    timing = Timing(NIGHTLY, timedelta(minutes=20))
    due = utc("2026-12-01T01:30")
    delays = {timing.begin_of(due, f"archive {number}") - due for number in range(50)}

    assert timing.begin_of(due, "a") == timing.begin_of(due, "a")
    assert all(timedelta() <= delay < timedelta(minutes=20) for delay in delays)
    assert len(delays) > 40

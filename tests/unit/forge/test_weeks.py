"""Weeks and weekdays of the author's clock, as the calendar has them."""

from datetime import UTC, date, datetime, timedelta

from matou.forge.analysis.activity import monday_of, week_of, weekday_of

EPOCH = date(1970, 1, 1)


def test_every_day_lies_in_the_week_of_its_monday() -> None:
    for number in range(-1000, 40_000, 13):
        day = EPOCH + timedelta(days=number)

        assert monday_of(week_of(number)) == day - timedelta(days=day.weekday())


def test_weekdays_are_those_of_the_calendar() -> None:
    days = [(2026, 11, 30, 23), (1970, 1, 1, 0), (1969, 12, 28, 1)]
    moments = [datetime(year, month, day, hour, tzinfo=UTC) for year, month, day, hour in days]

    assert [weekday_of(int(each.timestamp())) for each in moments] == [each.weekday() for each in moments]

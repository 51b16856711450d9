"""How values look on a terminal."""

from datetime import timedelta

import pytest

from matou.cli.durations import read_duration
from matou.cli.ui.formatting import columns
from matou.errors import Invalid
from matou.i18n import duration, speaking


def test_columns_stand_below_each_other_whatever_the_script() -> None:
    rows = [("码头", "1", "保存"), ("shop", "2,000", ""), ("e\u0301", "3", "x")]

    assert list(columns(rows)) == ["码头  1      保存", "shop  2,000", "e\u0301     3      x"]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90m", timedelta(minutes=90)),
        ("26h", timedelta(hours=26)),
        ("1d12h", timedelta(hours=36)),
        ("2w", timedelta(days=14)),
        ("0s", timedelta()),
    ],
)
def test_an_age_is_read(text: str, age: timedelta) -> None:
    assert read_duration(text, "--max-age") == age


@pytest.mark.parametrize("text", ["26", "h", "-1h", "1.5h", "1h 2m", "9999999h", "１h"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_duration(text, "--max-age")


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(seconds=3.21), "3.2 s"),
        (timedelta(seconds=1), "1 s"),
        (timedelta(), "< 1 s"),
        (timedelta(hours=26, minutes=5), "26 h 05 min"),
        (timedelta(hours=49), "2 d 1 h"),
        (timedelta(days=400), "400 d 0 h"),
    ],
)
def test_a_duration_is_said_in_what_a_person_counts_in(time: timedelta, said: str) -> None:
    assert duration(time) == said


def test_a_duration_is_said_in_the_readers_language() -> None:
    times = (timedelta(), timedelta(seconds=3.21), timedelta(minutes=2), timedelta(hours=26), timedelta(hours=49))

    with speaking("zh"):
        assert [duration(time) for time in times] == [
            "不到 1 秒",
            "3.2 秒",
            "2 分 00 秒",
            "26 小时 00 分",
            "2 天 1 小时",
        ]

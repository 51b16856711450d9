from datetime import UTC, datetime, timedelta

import pytest

from matou.errors import UnknownShape
from matou.http.retry_after import wait_before_retry, wait_until_reset

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        (" 7 ", timedelta(seconds=7)),
        ("1.5", timedelta(seconds=1.5)),
        ("Sat, 21 Nov 2026 08:00:30 GMT", timedelta(seconds=30)),
        ("Sat, 21 Nov 2026 16:00:30 +0800", timedelta(seconds=30)),
        ("Sat, 21 Nov 2026 08:00:30 -0000", timedelta(seconds=30)),
        ("Sunday, 22-Nov-26 08:00:00 GMT", timedelta(days=1)),
    ],
)
def test_both_forms_of_retry_after_are_read(value: str, wait: timedelta) -> None:
    assert wait_before_retry({"retry-after": value}, now=NOW) == wait


def test_a_date_that_has_passed_is_no_wait() -> None:
    assert wait_before_retry({"retry-after": "Sat, 21 Nov 2026 07:00:00 GMT"}, now=NOW) == timedelta(0)


@pytest.mark.parametrize("headers", [{}, {"retry-after": ""}, {"retry-after": "  "}])
def test_where_the_platform_does_not_say_there_is_no_wait(headers: dict[str, str]) -> None:
    assert wait_before_retry(headers, now=NOW) is None


@pytest.mark.parametrize("value", ["soon", "-5", "1e3", "٣", "9" * 400, "nan", "Sat, 99 Nov 2026 08:00:30 GMT", "1;2"])
def test_what_is_neither_a_number_nor_a_date_is_an_unknown_shape(value: str) -> None:
    with pytest.raises(UnknownShape):
        wait_before_retry({"retry-after": value}, now=NOW)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (str(int(NOW.timestamp()) + 90), timedelta(seconds=90)),
        ("90", timedelta(seconds=90)),
        ("0", None),
        (str(int(NOW.timestamp()) - 1), None),
        (str(int(NOW.timestamp()) + 7200), None),
        ("9999999999", None),
        ("99999999999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_when_a_limit_begins_anew_is_a_moment_or_so_many_seconds(value: str, wait: timedelta | None) -> None:
    assert wait_until_reset({"x-ratelimit-reset": value}, now=NOW) == wait

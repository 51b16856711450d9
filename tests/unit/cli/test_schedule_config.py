"""What matou.toml says of when things are done, and what is said of it where it cannot be used."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from matou.cli.schedule_config import ConfiguredSchedule, read_configured_schedule
from matou.errors import Invalid
from matou.model.recurrence import AtDistance, ByClock
from matou.settings import Settings

SOURCE = '[[source]]\nplatform = "gitee"\nurl = "https://gitee.example"\nto = "{to}"\n'


def read(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> ConfiguredSchedule:
    path = folder / "matou.toml"
    path.write_text(text.replace("{to}", str(folder / "archive")), encoding="utf-8")
    return read_configured_schedule(path, Settings.from_environment(environment or {}))


def test_a_file_without_a_schedule_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, SOURCE).tasks == {}


def test_each_source_has_the_schedule_of_the_file_unless_it_says_its_own(tmp_path: Path) -> None:
    other = SOURCE.replace("gitee.example", "other.example")
    schedule = read(
        tmp_path,
        f'[schedule]\ndaily = "02:30"\ntimezone = "Asia/Shanghai"\njitter = "20m"\n{SOURCE}'
        f'{other}schedule = {{ every = "6h", jitter = "5m" }}\n{SOURCE}name = "old"\nschedule = "never"\n',
    )

    first, second = schedule.of(tmp_path / "archive")
    assert (first.name, second.name) == ("backup gitee gitee.example", "backup gitee other.example")
    assert isinstance(first.timing.recurrence, ByClock)
    assert (str(first.timing.recurrence.zone), first.timing.jitter) == ("Asia/Shanghai", timedelta(minutes=20))
    assert second.timing.recurrence == AtDistance(timedelta(hours=6))
    assert second.timing.jitter == timedelta(minutes=5)
    assert first.words == (
        "backup", "--quiet", f"--config={tmp_path / 'matou.toml'}", "--source=gitee gitee.example",
    )  # fmt: skip
    assert (first.platform, first.hosts) == ("gitee", ("gitee.example",))


def test_archives_are_verified_when_the_file_says_so(tmp_path: Path) -> None:
    schedule = read(tmp_path, f'{SOURCE}[schedule]\ntimezone = "UTC"\nverify = {{ weekly = "Sunday 3:00" }}\n')

    (task,) = schedule.of(tmp_path / "archive")
    assert task.words == ("verify", str(tmp_path / "archive"), "--quiet")
    assert task.timing.recurrence.shortest_gap == timedelta(days=7)


def test_several_times_may_be_named(tmp_path: Path) -> None:
    (task,) = read(tmp_path, f'{SOURCE}[schedule]\ndaily = ["02:30", "14:30"]\nweekly = "sun 08:00"\n').of(
        tmp_path / "archive"
    )

    assert task.timing.recurrence.shortest_gap == timedelta(hours=5, minutes=30)


def test_the_zone_is_that_of_the_machine_where_none_is_named(tmp_path: Path) -> None:
    (task,) = read(tmp_path, f'{SOURCE}[schedule]\ndaily = "02:30"\n', {"TZ": "Asia/Tokyo"}).of(tmp_path / "archive")

    assert isinstance(task.timing.recurrence, ByClock)
    assert str(task.timing.recurrence.zone) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ('daily = "24:00"', "'24:00' is no time such as 02:30"),
        ('daily = "2.30"', "'2.30' is no time such as 02:30"),
        ('weekly = "sun"', "'sun' is no time such as sun 03:00"),
        ('weekly = "someday 03:00"', "'someday 03:00' is no time such as sun 03:00"),
        ('every = "soon"', "invalid value for every: 'soon'"),
        ('every = "10s"', "it comes more often than once in a minute"),
        ('every = "6h"\ndaily = "02:30"', "it says both every and daily or weekly"),
        ('daily = "02:30"\njitter = "13h"', "a jitter of 13h is more than half of the time between two"),
        ('daily = "02:30"\ntimezone = "Asia/Nowhere"', "there is no time zone 'Asia/Nowhere'"),
        ('daily = "02:30"\ntimezone = "../../etc/passwd"', "there is no time zone '../../etc/passwd'"),
        ('dayly = "02:30"', "nothing is known of dayly"),
        ("verify = {}", "it says neither daily nor weekly nor every"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, schedule: str, fault: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(tmp_path, f"{SOURCE}[schedule]\n{schedule}\n")

    assert fault in str(caught.value)


def test_sources_that_cannot_be_told_apart_need_names(tmp_path: Path) -> None:
    twice = f'{SOURCE}{SOURCE}[schedule]\ndaily = "02:30"\n'
    with pytest.raises(Invalid, match=r"several sources are called 'gitee gitee\.example'"):
        read(tmp_path, twice)

    named = read(tmp_path, twice.replace("to =", 'name = "a"\nto =', 1))

    assert [task.name for task in named.of(tmp_path / "archive")] == ["backup a", "backup gitee gitee.example"]

"""Downloads: counted in memory, written down one row a day, shown for every day of a range."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from matou.db import downloads
from matou.db.engine import Database, DatabaseBusy, open_database
from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.pending_writes import MOST_PENDING
from matou.forge.repositories.downloads import LONGEST_RANGE_DAYS, UnusableRange, flush_downloads
from support.clocks import Clock
from support.deciding import count_download, delete_repository, download_statistics

TODAY = date(2026, 11, 21)


@pytest.fixture
def impatient(forge: Forge, database: Database) -> Iterator[Forge]:
    """Another process, which waits for no lock."""
    place = database.engine.url.render_as_string(hide_password=False)
    opened = open_database(place, lock_wait=timedelta(milliseconds=100))
    yield Forge(opened, forge.archive, forge.now)
    opened.close()


def test_every_day_of_the_range_has_a_row_and_totals_go_on_from_before(
    forge: Forge, repository: Repository, clock: Clock
) -> None:
    for days_later in (0, 0, 3, 5):
        clock.now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=days_later)
        count_download(forge, repository)

    found = download_statistics(forge, repository, first=date(2026, 11, 2), last=date(2026, 11, 5))

    assert [(day.day.day, day.downloads, day.total) for day in found.days] == [
        (2, 0, 2),
        (3, 0, 2),
        (4, 1, 3),
        (5, 0, 3),
    ]
    assert (found.in_range, found.total) == (1, 3)


def test_without_a_range_it_is_the_thirty_days_up_to_today(forge: Forge, repository: Repository) -> None:
    days = download_statistics(forge, repository).days

    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 10, 23), TODAY, 30)


def test_a_day_ends_at_midnight_in_china(forge: Forge, repository: Repository, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)

    count_download(forge, repository)

    assert download_statistics(forge, repository, first=TODAY, last=TODAY).in_range == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TODAY, TODAY - timedelta(days=1)),
        (TODAY - timedelta(days=LONGEST_RANGE_DAYS), TODAY),
        (date.min, date.max),
    ],
)
def test_a_range_that_is_turned_round_or_too_long_is_refused(
    forge: Forge, repository: Repository, first: date, last: date
) -> None:
    with pytest.raises(UnusableRange):
        download_statistics(forge, repository, first=first, last=last)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days(forge: Forge, repository: Repository, day: date) -> None:
    assert len(download_statistics(forge, repository, first=day, last=day).days) == 1
    assert download_statistics(forge, repository, last=day).days[-1].day == day


def test_a_clean_end_loses_nothing_and_processes_add_up(forge: Forge, repository: Repository, impatient: Forge) -> None:
    for process in (forge, impatient, impatient):
        count_download(process, repository)

    flush_downloads(forge)
    flush_downloads(impatient)

    assert download_statistics(forge, repository, first=TODAY, last=TODAY).total == 3


def test_many_at_once_are_all_counted(forge: Forge, repository: Repository) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3 * MOST_PENDING):
            threads.submit(count_download, forge, repository)

    assert download_statistics(forge, repository).total == 3 * MOST_PENDING


def test_what_cannot_be_written_now_is_written_later(
    forge: Forge, repository: Repository, database: Database, impatient: Forge
) -> None:
    count_download(impatient, repository)

    with database.begin_write() as holding:
        downloads.add_downloads(holding, {(repository.id, TODAY): 1})
        with pytest.raises(DatabaseBusy):
            flush_downloads(impatient)
    flush_downloads(impatient)

    assert download_statistics(forge, repository).total == 2


def test_counts_of_a_repository_that_was_deleted_are_dropped(forge: Forge, repository: Repository) -> None:
    count_download(forge, repository)
    delete_repository(forge, repository)

    flush_downloads(forge)

    assert download_statistics(forge, repository).total == 0


def test_many_downloads_are_written_down_without_being_asked_for(forge: Forge, repository: Repository) -> None:
    for _ in range(MOST_PENDING):
        count_download(forge, repository)

    assert _written_within_seconds(forge, repository, 10) == MOST_PENDING


def test_what_cannot_be_written_in_time_is_logged_and_tried_again(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OSError("no room")])
    write = downloads.add_downloads

    def failing_once(*arguments: object) -> None:
        for failure in failures:
            raise failure
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(downloads, "add_downloads", failing_once)
    monkeypatch.setattr("matou.forge.pending_writes.WRITTEN_AFTER", timedelta(milliseconds=10))

    with capture_logs() as logs:
        count_download(forge, repository)
        assert _written_within_seconds(forge, repository, 10) == 1

    assert [line["event"] for line in logs] == ["downloads_not_written"]


def _written_within_seconds(forge: Forge, repository: Repository, seconds: float) -> int:
    """What the rows say, as soon as they say anything."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with forge.database.begin_read() as connection:
            written = downloads.downloads_before(connection, repository.id, date.max)
        if written:
            return written
        time.sleep(0.02)
    return 0

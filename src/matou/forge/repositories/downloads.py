"""How often a repository was downloaded: counted in memory on the way, and written down one row a day.

What counts is a clone, that is a fetch that has nothing yet (no `have`), and the download of an archive of files. A
fetch of what is new counts nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from matou.db import downloads
from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.errors import Invalid
from matou.forge.access import Authorized, MayReadAnalysis, MayReadCode
from matou.forge.forge import Forge
from matou.forge.pending_writes import PendingWrites

CHINA = timezone(timedelta(hours=8))
"""The zone whose midnight ends a day, as at GitCode."""

LONGEST_RANGE_DAYS = 1100
DEFAULT_RANGE_DAYS = 30


class UnusableRange(Invalid):
    """Days that no statistics are given for: the last before the first, or too many."""


@dataclass(frozen=True, slots=True)
class DailyDownloads:
    """`total` is of all days up to this one."""

    day: date
    downloads: int
    total: int


@dataclass(frozen=True, slots=True)
class DownloadTotals:
    """Every day of a range, oldest first, also those without a download.

    Attributes:
        in_range: the downloads of these days.
        total: those of all days up to the last one.
    """

    days: tuple[DailyDownloads, ...]
    in_range: int
    total: int


class DownloadCounts(PendingWrites[downloads.Day, int]):
    """How many there were of a repository on a day."""

    failure_event = "downloads_not_written"

    def merged(self, one: int, other: int) -> int:
        return one + other

    def write(self, connection: Connection, pending: Mapping[downloads.Day, int]) -> None:
        downloads.add_downloads(connection, pending)


def count_download(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> None:
    """Note one download. It waits for nothing but a lock in memory, so it may be called in an event loop."""
    forge.memory(DownloadCounts).note(forge.database, (granted.subject.id, day_of(forge.now())), 1)


def flush_downloads(forge: Forge) -> None:
    """Write down what was counted; to be called before the database is closed, or a clean end loses counts."""
    forge.memory(DownloadCounts).flush()


def download_statistics(
    forge: Forge,
    granted: Authorized[Repository, MayReadAnalysis],
    *,
    first: date | None = None,
    last: date | None = None,
) -> DownloadTotals:
    """The days from first to last, both included.

    Args:
        first: None for DEFAULT_RANGE_DAYS that end with the last.
        last: None for today.

    Raises:
        UnusableRange: the last is before the first, or there are more than LONGEST_RANGE_DAYS.
    """
    last = last or day_of(forge.now())
    first = first or date.fromordinal(max(1, last.toordinal() - DEFAULT_RANGE_DAYS + 1))
    _require_usable(first, last)
    flush_downloads(forge)
    with forge.database.begin_read() as connection:
        before = downloads.downloads_before(connection, granted.subject.id, first)
        counted = downloads.downloads_on(connection, granted.subject.id, first, last)
    days = tuple(_days(first, last, before, counted))
    return DownloadTotals(days, in_range=sum(counted.values()), total=days[-1].total)


def day_of(moment: datetime) -> date:
    """The day that it is in China."""
    return moment.astimezone(CHINA).date()


def _require_usable(first: date, last: date) -> None:
    if last < first:
        raise UnusableRange("the range ends on {last}, before it begins on {first}", first=first, last=last)
    if (last - first).days >= LONGEST_RANGE_DAYS:
        raise UnusableRange("the range has more than {most} days", most=LONGEST_RANGE_DAYS)


def _days(first: date, last: date, before: int, counted: dict[date, int]) -> Iterator[DailyDownloads]:
    total = before
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        total += counted.get(day, 0)
        yield DailyDownloads(day, counted.get(day, 0), total)

"""How often a repository was downloaded: counted in memory on the way, and written down one row a day.

What counts is a clone, that is a fetch that has nothing yet (no `have`), and the download of an archive of files. A
fetch of what is new counts nothing.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from weakref import ReferenceType, ref

import structlog

from matou.db import downloads
from matou.db.engine import Database
from matou.db.repositories import Repository
from matou.errors import Invalid
from matou.forge.access import Authorized, MayReadAnalysis, MayReadCode
from matou.forge.forge import Forge

log = structlog.get_logger(__name__)

CHINA = timezone(timedelta(hours=8))
"""The zone whose midnight ends a day, as at GitCode."""

WRITTEN_AFTER = timedelta(seconds=60)
MOST_PENDING = 1000
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


class DownloadCounts:
    """What was counted and is not written down yet; safe to share between threads.

    It writes by itself, in a thread of its own: WRITTEN_AFTER the first count, or at once after MOST_PENDING. A process
    that is killed loses what it counted since; one that ends in good order calls `flush_downloads` first.
    """

    def __init__(self) -> None:
        # A timer must not keep a database alive that everybody else has let go.
        self._database: ReferenceType[Database] | None = None
        self._pending: Counter[downloads.Day] = Counter()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def count(self, database: Database, repository: Repository, day: date) -> None:
        with self._lock:
            self._database = self._database or ref(database)
            self._pending[repository.id, day] += 1
            if self._timer is None:
                self._start_timer(WRITTEN_AFTER)
            elif self._pending.total() == MOST_PENDING:
                self._timer.cancel()
                self._start_timer(timedelta(0))

    def flush(self) -> None:
        """Write everything down. What cannot be written now stays counted. Raises as a transaction does."""
        with self._writing:
            with self._lock:
                counts, self._pending = self._pending, Counter()
                self._stop_timer()
            database = None if self._database is None else self._database()
            if database is None or not counts:
                return
            try:
                with database.begin_write() as connection:
                    downloads.add_downloads(connection, counts)
            except BaseException:
                self._take_back(counts)
                raise

    def _take_back(self, counts: "Counter[downloads.Day]") -> None:
        with self._lock:
            self._pending.update(counts)
            if self._timer is None:
                self._start_timer(WRITTEN_AFTER)

    def _flush_in_time(self) -> None:
        try:
            self.flush()
        except Exception:
            log.exception("downloads_not_written")

    def _start_timer(self, after: timedelta) -> None:
        self._timer = threading.Timer(after.total_seconds(), self._flush_in_time)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


def count_download(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> None:
    """Note one download. It waits for nothing but a lock in memory, so it may be called in an event loop."""
    forge.memory(DownloadCounts).count(forge.database, granted.subject, day_of(forge.now()))


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

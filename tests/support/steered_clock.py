"""A clock that only waiting moves, and the one on the wall."""

from datetime import UTC, datetime, timedelta
from functools import partial

from matou.http.retry import Clock

BEGINNING = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)

SYSTEM_CLOCK = Clock(now=partial(datetime.now, UTC))


class SteeredClock:
    """Every wait is noted in `waits` and is over at once."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=lambda: self.seconds, sleep=self.sleep)

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

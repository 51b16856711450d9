"""When something is due again and again: at times of a zone's clocks, or at equal distances. Pure; moments are in UTC.

A local time that clocks skip comes once, as much later as they skip; one that they show twice comes the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import Final, Protocol

_A_WEEK: Final = 7


class Recurrence(Protocol):
    """Moments without end."""

    @property
    def shortest_gap(self) -> timedelta: ...

    def newest(self, now: datetime, *, after: datetime) -> datetime | None:
        """The last one up to now, if it comes after another moment; those before it need not be made up, too."""

    def following(self, moment: datetime) -> datetime:
        """The first one after a moment."""


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day; on one day of the week (Monday is 0), or on every day."""

    at: time
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class ByClock:
    """At times that the clocks of a zone show; there is one at least."""

    times: tuple[ClockTime, ...]
    zone: tzinfo

    @property
    def shortest_gap(self) -> timedelta:
        """Between two times in a week of plain days."""
        minutes = sorted(
            day * 1440 + one.at.hour * 60 + one.at.minute
            for one in self.times
            for day in (range(_A_WEEK) if one.weekday is None else (one.weekday,))
        )
        ends = [*minutes[1:], minutes[0] + _A_WEEK * 1440]
        return timedelta(minutes=min(end - begin for begin, end in zip(minutes, ends, strict=True)))

    def newest(self, now: datetime, *, after: datetime) -> datetime | None:
        newest = max(moment for moment in self._around(now) if moment <= now)
        return newest if newest > after else None

    def following(self, moment: datetime) -> datetime:
        return min(one for one in self._around(moment) if one > moment)

    def _around(self, moment: datetime) -> Iterator[datetime]:
        """All of more than a week before it, and after it."""
        today = moment.astimezone(self.zone).date()
        for days in range(-_A_WEEK - 1, _A_WEEK + 2):
            yield from self._on(today + timedelta(days=days))

    def _on(self, day: date) -> Iterator[datetime]:
        for one in self.times:
            if one.weekday in (None, day.weekday()):
                yield datetime.combine(day, one.at, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class AtDistance:
    """At equal distances from one that was: the clocks of no zone count."""

    distance: timedelta

    @property
    def shortest_gap(self) -> timedelta:
        return self.distance

    def newest(self, now: datetime, *, after: datetime) -> datetime | None:
        passed = (now - after) // self.distance
        return after + passed * self.distance if passed > 0 else None

    def following(self, moment: datetime) -> datetime:
        return moment + self.distance


@dataclass(frozen=True, slots=True)
class Timing:
    """What recurs, and up to how much later it begins, so that not all of the world begins at once."""

    recurrence: Recurrence
    jitter: timedelta = timedelta()

    def begin_of(self, due: datetime, seed: str) -> datetime:
        """When it begins that is due at a moment: the same time whenever it is asked with the same seed."""
        drawn = int.from_bytes(sha256(f"{seed}\n{due.isoformat()}".encode()).digest()[:8])
        return due + self.jitter * (drawn / 2**64)

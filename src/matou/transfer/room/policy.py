"""Which runs a policy keeps: restic's words and their meaning, worked out for one source at a time (pure).

https://restic.readthedocs.io/en/stable/060_forget.html
"""

import re
from calendar import monthrange
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Self

from matou.errors import Invalid, Phrase

_AGE: Final = re.compile(r"(?:([0-9]{1,4})y)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})d)?(?:([0-9]{1,7})h)?\Z")


class InvalidPolicy(Invalid):
    """What is to be kept is not said, or not so that it can be understood."""


@dataclass(frozen=True, slots=True)
class Age:
    """A length of time as restic writes it: `1y6m`, `90d`, `2d12h`. A month is as long as the calendar has it."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidPolicy."""
        match = _AGE.match(text)
        if not text or match is None:
            template = "{text} is no length of time; it is written as 90d, 1y6m or 2d12h"
            raise InvalidPolicy(template, text=repr(text)[:80])
        return cls(*(int(number or 0) for number in match.groups()))

    def before(self, moment: datetime) -> datetime:
        """The moment so long before another; the first of all years where it would be earlier."""
        months = moment.year * 12 + moment.month - 1 - self.years * 12 - self.months
        try:
            day = min(moment.day, monthrange(months // 12, months % 12 + 1)[1])
            earlier = moment.replace(year=months // 12, month=months % 12 + 1, day=day)
            return earlier - timedelta(days=self.days, hours=self.hours)
        except (OverflowError, ValueError):
            return datetime.min.replace(tzinfo=moment.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How many runs of a source are kept: the newest ones, and the newest of so many hours, days, weeks …

    None and 0 keep none on its account, -1 all. `within` keeps all that began within it before the newest one.
    """

    last: int | None = None
    hourly: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None
    within: str | None = None

    def __post_init__(self) -> None:
        if self.within is not None:
            Age.parse(self.within)
        if not any(getattr(self, field.name) for field in fields(self)):
            raise InvalidPolicy(
                "what to keep is not said, so nothing is forgotten",
                advice="Say it with --keep-last, --keep-daily, --keep-weekly, --keep-monthly, --keep-yearly"
                " or --keep-within.",
            )

    def __str__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return " ".join(f"--keep-{name} {value}" for name, value in values if value is not None)


@dataclass(frozen=True, slots=True)
class CountedRun:
    """A run that a policy looks at.

    Attributes:
        began_at: in the zone whose days and weeks count.
        is_whole: all that the source lists was saved.
        has_whole_listing: the list of repositories was read to its end.
    """

    run: int
    began_at: datetime
    is_whole: bool
    has_whole_listing: bool


KEPT_NEWEST: Final = Phrase("the newest run")
KEPT_WHOLE: Final = Phrase("the newest complete run")
KEPT_LISTING: Final = Phrase("the newest run that read the whole list of repositories")

_Bucket = Callable[[CountedRun], Hashable]

_BUCKETS: Final[Mapping[str, tuple[_Bucket, Phrase]]] = {
    "last": (lambda one: one.run, Phrase("one of the last")),
    "hourly": (lambda one: one.began_at.strftime("%Y-%m-%d %H"), Phrase("the last of its hour")),
    "daily": (lambda one: one.began_at.date(), Phrase("the last of its day")),
    "weekly": (lambda one: one.began_at.isocalendar()[:2], Phrase("the last of its week")),
    "monthly": (lambda one: (one.began_at.year, one.began_at.month), Phrase("the last of its month")),
    "yearly": (lambda one: one.began_at.year, Phrase("the last of its year")),
}
_WITHIN: Final = Phrase("recent enough")


def kept_runs(runs: Sequence[CountedRun], policy: Policy) -> dict[int, list[Phrase]]:
    """The runs of one source that stay, each with the reasons; the newest complete one is always among them.

    As with restic, where a policy asks for more days (weeks …) than there are, the oldest run stays for it, too.
    """
    newest_first = sorted(runs, key=lambda one: (one.began_at, one.run), reverse=True)
    kept: dict[int, list[Phrase]] = {}
    for run, reason in (*_always(newest_first), *_by_policy(newest_first, policy)):
        if reason not in kept.setdefault(run, []):
            kept[run].append(reason)
    return kept


def _always(newest_first: Sequence[CountedRun]) -> Iterator[tuple[int, Phrase]]:
    """What the next run goes on from, and what nobody should be without."""
    if newest_first:
        yield max(one.run for one in newest_first), KEPT_NEWEST
        yield newest_first[0].run, KEPT_NEWEST
    for reason, is_such in ((KEPT_WHOLE, _is_whole), (KEPT_LISTING, _has_whole_listing)):
        yield from ((one.run, reason) for one in [one for one in newest_first if is_such(one)][:1])


def _is_whole(run: CountedRun) -> bool:
    return run.is_whole


def _has_whole_listing(run: CountedRun) -> bool:
    return run.has_whole_listing


def _by_policy(newest_first: Sequence[CountedRun], policy: Policy) -> Iterator[tuple[int, Phrase]]:
    for name, (bucket, reason) in _BUCKETS.items():
        left = getattr(policy, name) or 0
        last: Hashable = None
        for one in newest_first:
            is_oldest = one is newest_first[-1]
            if left and (bucket(one) != last or is_oldest):
                yield one.run, reason
                last, left = bucket(one), left - 1
    if policy.within is not None and newest_first:
        last_run = max(newest_first, key=lambda one: one.run)
        # A clock that was once ahead must not make old what was saved before and after.
        since = Age.parse(policy.within).before(min(newest_first[0].began_at, last_run.began_at))
        yield from ((one.run, _WITHIN) for one in newest_first if one.began_at > since)

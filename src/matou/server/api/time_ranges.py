"""Days and moments as clients write them, and the spans of time between them.

A day is China's, as in the answers; of a moment without a zone the same holds. In a query the `+` of a zone is a space.
"""

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final

from matou.db.conditions import Between
from matou.server.api.params import InvalidParameter

CHINA: Final = timezone(timedelta(hours=8))

AFTER_AND_BEFORE = "a day means its first moment, in UTC+8; after is from then on, before is earlier than then"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LOST_PLUS = re.compile(r" ([0-9]{2}:?[0-9]{2})\Z")


def read_day(name: str, text: str) -> date | None:
    """`YYYY-MM-DD`; None for nothing. Raises InvalidParameter."""
    if not text:
        return None
    try:
        if _DAY.match(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidParameter("{name} is not a day as YYYY-MM-DD: {text}", name=name, text=repr(text)[:100])


def read_moment(name: str, text: str) -> datetime | None:
    """A day or a moment of RFC 3339; None for nothing. Raises InvalidParameter."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))
        return read if read.tzinfo else read.replace(tzinfo=CHINA)
    except ValueError:
        raise InvalidParameter(
            "{name} is neither a day nor a moment: {text}", name=name, text=repr(text)[:100]
        ) from None


def read_between(prefix: str, after: str, before: str) -> Between:
    """From `after` on, up to and without `before`. Raises InvalidParameter."""
    return Between(read_moment(f"{prefix}_after", after), read_moment(f"{prefix}_before", before))


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def end_of(day: date) -> datetime | None:
    """The first moment of the next day; None where the calendar ends."""
    return None if day == date.max else start_of(day + timedelta(days=1))

"""How long another server asks us to wait."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from matou.errors import UnknownShape

LONGEST_RESET = timedelta(hours=1)

_LONGEST_MOMENT = 10
"""Digits, of the seconds since 1970."""
_FIRST_MOMENT = 10**9
"""Less is no time of this century."""

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
"""Decimals are in no RFC, but they are sent, and they are a number."""


def wait_before_retry(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Say how long the platform asks us to wait.

    Both forms of Retry-After are read (RFC 9110, section 10.2.3): seconds, or a date.

    Args:
        headers: the answer's headers, names in lower case.
        now: when the answer came in.

    Returns:
        The wait, never negative; None where the platform did not say.

    Raises:
        UnknownShape: Retry-After is there and is neither a number nor a date.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=float(text))
    return max(timedelta(0), _read_date(text) - now)


def wait_until_reset(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Say when a limit of requests begins anew, where the platform tells it by `X-RateLimit-Reset`.

    It is a moment, in seconds since 1970 (Gitee, GitHub), or so many seconds from now.

    Returns:
        The wait; None where nothing is told, or what no hourly limit can mean.
    """
    text = headers.get("x-ratelimit-reset", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_MOMENT):
        return None
    number = int(text)
    wait = datetime.fromtimestamp(number, UTC) - now if number >= _FIRST_MOMENT else timedelta(seconds=number)
    return wait if timedelta() < wait <= LONGEST_RESET else None


def _read_date(text: str) -> datetime:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise UnknownShape("Retry-After", text) from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)

"""How long another server asks us to wait."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from matou.errors import UnknownShape

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


def _read_date(text: str) -> datetime:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise UnknownShape("Retry-After", text) from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)

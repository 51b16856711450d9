"""How values stand in the lines of a GitLab project export: texts that its database takes, times, days, titles."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final

Row = dict[str, Any]

PROJECT: Final = 1
"""Of every row; GitLab puts the new project's number there."""

LONGEST_TITLE: Final = 255
LONGEST_TEXT: Final = 1_000_000
"""Characters of a description or a comment; GitLab's import fails over a longer one."""

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""PostgreSQL takes no NUL, and half of a pair stands for no character."""


def clean(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def clean_line(text: str) -> str:
    return " ".join(clean(text).split())


def shortened(text: str, *, most: int = LONGEST_TITLE) -> str:
    line = clean_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def moment_text(at: datetime | None) -> str:
    """Never none: GitLab's import reads the time of each comment."""
    return (at or _LONG_AGO).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_or_none(at: datetime | None) -> str | None:
    return None if at is None else moment_text(at)


def day_text(day: str | None) -> str | None:
    """What is no day at all is left out."""
    try:
        return date.fromisoformat((day or "")[:10]).isoformat()
    except ValueError:
        return None


def parts_of(text: str) -> list[str]:
    """A text in as many as GitLab takes; one of none is empty."""
    return [text[at : at + LONGEST_TEXT] for at in range(0, max(len(text), 1), LONGEST_TEXT)]

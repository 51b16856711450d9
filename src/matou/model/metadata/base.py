"""What all values of metadata share: how they hold what this Matou does not know, and times in UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
"""A JSON object: texts, numbers, booleans, lists and objects of these."""

PersonKey: TypeAlias = str
"""A key of people.json: the person's id at the platform where there is one, else the login."""

Day: TypeAlias = str
"""`YYYY-MM-DD` where the platform means a day; a time in the form of all others where it gives one."""

Markup: TypeAlias = Literal["markdown", "html", "plain", "coding-rich"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataValue:
    """A value of metadata, as docs/archive-format.md describes it. None means that the platform does not say.

    Ids and numbers are texts. Texts are as they came, byte for byte. Times are aware; they are kept in UTC, to the
    microsecond.

    Attributes:
        unknown: keys that a later Matou wrote and this one does not know; whoever writes the value again writes
            them again. Nothing but reading a metadata repository fills it; None where there are none.
    """

    unknown: JsonObject | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError where a time has no time zone, or none in UTC."""
        kind = type(self)
        for name in _times.get(kind.__name__) or _times_of(kind):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is not UTC:
                object.__setattr__(self, name, _in_utc(moment))


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        message = f"{moment} has no time zone"
        raise ValueError(message)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        message = f"{moment} is in no year that is counted in UTC"
        raise ValueError(message) from error


def require_digest(sha256: str | None) -> None:
    """Raises ValueError for what could name no blob: whoever handed the archive over may have made it a path."""
    if sha256 is not None and not _DIGEST.fullmatch(sha256):
        message = f"{sha256[:100]!r} is no SHA-256"
        raise ValueError(message)


_DIGEST: Final = re.compile("[0-9a-f]{64}")

_times: dict[str, tuple[str, ...]] = {}
"""The names of the fields that are times, by the name of the class."""


def _times_of(kind: type[MetadataValue]) -> tuple[str, ...]:
    if kind.__name__ not in _times:
        _times[kind.__name__] = tuple(one.name for one in fields(kind) if one.type in (datetime, datetime | None))
    return _times[kind.__name__]

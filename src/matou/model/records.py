"""What a platform answered, as received: kept before anything is read from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One answer. It holds no credential, and of the headers only what they count, so it may be kept.

    Attributes:
        at: when the answer was complete; aware, in UTC.
        request: the platform's own name for what was asked.
        parameters: what was asked for, as it was sent.
        counts: the rows and pages of a list, by the name of the header that tells of them.
    """

    at: datetime
    request: str
    parameters: Mapping[str, object]
    status: int
    body: bytes
    counts: Mapping[str, int] = field(default_factory=dict)

"""What a platform answered, as received: kept before anything is read from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One answer. It holds no header and no credential, so it may be kept.

    Attributes:
        at: when the answer was complete; aware, in UTC.
        request: the platform's own name for what was asked.
        parameters: what was asked for, as it was sent.
    """

    at: datetime
    request: str
    parameters: Mapping[str, object]
    status: int
    body: bytes

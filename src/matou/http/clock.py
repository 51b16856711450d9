"""The time and waiting, as one value that is passed in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware and in UTC; `monotonic` and `sleep` count in seconds.

    `sleep` may return early, never late; where it is None, waiting is such that `Session.cancel` ends it.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None

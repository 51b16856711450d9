"""The time and waiting, as one value that is passed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware and in UTC; `monotonic` and `sleep` count in seconds. `sleep` may return early, never late."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], object]

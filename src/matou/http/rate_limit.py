"""How often we ask: a token bucket for each key, which slows down when the other side complains."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

RECOVERY = timedelta(seconds=60)
"""From nothing back to the full rate."""

SAME_COMPLAINT = timedelta(seconds=1)
"""Threads that were all refused at the same moment are one complaint."""

SLOWEST = 1 / 32
"""The share of the full rate below which complaints change nothing any more."""

UNCOUNTED = 0.9
"""The share of a turn that is given back where the other side does not count it. Not all of it: whoever counts no
unchanged answers against the requests of an hour counts them against those of a minute."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    rate: float
    updated: float
    complained: float = -math.inf
    held_until: float = -math.inf


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often one may ask: `burst` requests at once, and `per_second` after that."""

    per_second: float
    burst: int


UNLIMITED = RateLimit(math.inf, 1)


class RateLimiter:
    """At most `burst` at once and `per_second` after that, for each key; threads may share it.

    In any stretch of t seconds a key gets at most burst + per_second * t turns. An infinite rate limits nothing,
    but `hold` still counts.
    """

    def __init__(self, *, monotonic: Callable[[], float], per_second: float = math.inf, burst: int = 1) -> None:
        self._monotonic = monotonic
        self._full_rate = per_second
        self._burst = burst
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def reserve(self, key: str) -> float:
        """Take the next turn and say how many seconds to wait for it; a turn that is not used is lost."""
        with self._lock:
            now = self._monotonic()
            bucket = self._bucket(key, now)
            bucket.tokens -= 1
            return max(0.0, bucket.held_until - now, -bucket.tokens / bucket.rate)

    def give_back(self, key: str) -> None:
        """The other side counts the last turn hardly, since nothing had changed."""
        with self._lock:
            bucket = self._bucket(key, self._monotonic())
            bucket.tokens = min(float(self._burst), bucket.tokens + UNCOUNTED)

    def held(self, key: str) -> float:
        """Say for how many seconds a key is held, whatever its rate."""
        bucket = self._buckets.get(key)
        return 0.0 if bucket is None else max(0.0, bucket.held_until - self._monotonic())

    def slow_down(self, key: str) -> None:
        """Halve the rate of a key: the other side said that we ask too often. It grows back with time."""
        with self._lock:
            now = self._monotonic()
            bucket = self._bucket(key, now)
            if math.isinf(bucket.rate) or now - bucket.complained < SAME_COMPLAINT.total_seconds():
                return
            bucket.complained = now
            bucket.rate = max(bucket.rate / 2, self._full_rate * SLOWEST)
            bucket.tokens = min(bucket.tokens, 0.0)

    def hold(self, key: str, wait: timedelta) -> None:
        """Let nobody ask under this key until the wait is over."""
        with self._lock:
            now = self._monotonic()
            bucket = self._bucket(key, now)
            bucket.held_until = max(bucket.held_until, now + wait.total_seconds())

    def _bucket(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(self._burst), self._full_rate, now)
        elif not math.isinf(bucket.rate):
            self._refill(bucket, now)
        else:
            bucket.tokens = float(self._burst)
        return bucket

    def _refill(self, bucket: _Bucket, now: float) -> None:
        passed = now - bucket.updated
        bucket.updated = now
        bucket.tokens = min(float(self._burst), bucket.tokens + passed * bucket.rate)
        bucket.rate = min(self._full_rate, bucket.rate + self._full_rate * passed / RECOVERY.total_seconds())

"""Makes something at a target once, however often the answer does not come: it looks before it asks again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from matou.errors import MatouError, TryLater, UnknownShape
from matou.http.rate_limit import RateLimiter
from matou.http.responses import FailedAnswer

T = TypeVar("T")

MOST_ATTEMPTS: Final = 6
FIRST_WAIT: Final = timedelta(seconds=1)
_PACE: Final = "writes"
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class OnceWriter:
    """Keeps to a target's pace for what is made there; threads may share it.

    Attributes:
        limiter: of writes alone; the session has that of all requests.
        pause: waits for so many seconds; raises Cancelled where that was cut short.
    """

    limiter: RateLimiter
    pause: Callable[[float], None]

    def make(self, write: Callable[[], T], find: Callable[[], T | None], *, may_come_late: bool = False) -> T:
        """What was made, now or by an attempt whose answer was lost.

        Args:
            find: looks whether the target has it already.
            may_come_late: it may come to be after it was looked for: then it is not asked for again in this run.

        Raises:
            TryLater: the target could not be brought to answer.
            MatouError: it refuses; nothing was made.
        """
        attempt = 1
        while True:
            self._wait_for_turn()
            try:
                return write()
            except (TryLater, UnknownShape) as error:
                self._wait_after(error, attempt)
                is_surely_not_made = _is_surely_not_made(error)
                found = None if is_surely_not_made else find()
                if found is not None:
                    return found
                is_over = isinstance(error, UnknownShape) or (may_come_late and not is_surely_not_made)
                if is_over or attempt == MOST_ATTEMPTS:
                    raise
            attempt += 1

    def set(self, write: Callable[[], None]) -> None:
        """Do what may be done twice. Raises as `make`."""
        attempt = 1
        while True:
            self._wait_for_turn()
            try:
                return write()
            except TryLater as error:
                self._wait_after(error, attempt)
                if attempt == MOST_ATTEMPTS:
                    raise
            attempt += 1

    def _wait_for_turn(self) -> None:
        wait = self.limiter.reserve(_PACE)
        if wait > 0:
            self.pause(wait)

    def _wait_after(self, error: MatouError, attempt: int) -> None:
        self.limiter.slow_down(_PACE)
        own = FIRST_WAIT * 2 ** (attempt - 1)
        requested = error.wait if isinstance(error, TryLater) else None
        self.pause((requested or own).total_seconds())


def _is_surely_not_made(error: BaseException) -> bool:
    """A platform that has had too many requests has not looked at this one."""
    known: BaseException | None = error
    while known is not None and not isinstance(known, FailedAnswer):
        known = known.__cause__
    return isinstance(known, FailedAnswer) and known.answer.status == _TOO_MANY

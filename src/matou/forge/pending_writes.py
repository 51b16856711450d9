"""What is noted many times a second and written down now and then: one transaction for all of it."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import ClassVar, Generic, TypeVar
from weakref import ReferenceType, ref

import structlog

from matou.db.engine import Connection, Database
from matou.forge.forge import Forge

log = structlog.get_logger(__name__)

WRITTEN_AFTER = timedelta(seconds=60)
MOST_PENDING = 1000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class PendingWrites(ABC, Generic[Key, Value]):
    """What was noted and is not written down yet, a value a key; safe to share between threads.

    It writes by itself, in a thread of its own: some time after the first note, or at once after MOST_PENDING. A
    process that is killed loses what it noted since; one that ends in good order calls `flush` first. Noting waits for
    nothing but a lock in memory, so it may be done in an event loop.

    Attributes:
        failure_event: what is logged where it could not be written in time.
        written_after: how long after the first note, where that is not WRITTEN_AFTER.
    """

    failure_event: ClassVar[str]
    written_after: ClassVar[timedelta | None] = None

    def __init__(self) -> None:
        # A timer must not keep a database alive that everybody else has let go.
        self._database: ReferenceType[Database] | None = None
        self._pending: dict[Key, Value] = {}
        self._notes = 0
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    @abstractmethod
    def merged(self, one: Value, other: Value) -> Value:
        """Two values of one key, in whichever order they were noted."""

    @abstractmethod
    def write(self, connection: Connection, pending: Mapping[Key, Value]) -> None:
        """Write all of it down; what it belongs to may be gone by now."""

    def note(self, database: Database, key: Key, value: Value) -> None:
        with self._lock:
            self._database = self._database or ref(database)
            self._put(key, value)
            self._notes += 1
            if self._timer is None:
                self._start_timer(self.written_after or WRITTEN_AFTER)
            elif self._notes == MOST_PENDING:
                self._timer.cancel()
                self._start_timer(timedelta(0))

    def flush(self) -> None:
        """Write everything down. What cannot be written now stays noted. Raises as a transaction does."""
        with self._writing:
            with self._lock:
                pending, self._pending, self._notes = self._pending, {}, 0
                self._stop_timer()
            database = None if self._database is None else self._database()
            if database is None or not pending:
                return
            try:
                with database.begin_write() as connection:
                    self.write(connection, pending)
            except BaseException:
                self._take_back(pending)
                raise

    def _put(self, key: Key, value: Value) -> None:
        held = self._pending.get(key)
        self._pending[key] = value if held is None else self.merged(held, value)

    def _take_back(self, pending: Mapping[Key, Value]) -> None:
        with self._lock:
            for key, value in pending.items():
                self._put(key, value)
            if self._timer is None:
                self._start_timer(WRITTEN_AFTER)

    def _flush_in_time(self) -> None:
        try:
            self.flush()
        except Exception:
            log.exception(self.failure_event)

    def _start_timer(self, after: timedelta) -> None:
        self._timer = threading.Timer(after.total_seconds(), self._flush_in_time)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


def flush_pending_writes(forge: Forge) -> None:
    """Write down what was noted, of every kind; to be called before the database is closed."""
    for memory in forge.memories():
        if isinstance(memory, PendingWrites):
            memory.flush()

"""Whether anything was committed to a PostgreSQL since, by one question: the snapshot that it is at.

A snapshot names the transactions that have ended. So between two equal ones none has, of any process at any machine
(pg_current_snapshot; storage/ipc/procarray.c): what was read between them is still so. No notification is waited for,
and none can be lost.
"""

import threading
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine, exc

PATIENCE_SECONDS: Final = 1.0
"""For others who ask at the moment; whoever waits for longer asks the tables instead."""

_QUESTION: Final = "SELECT pg_current_snapshot()::text"


class Snapshots:
    """One connection that asks nothing else: 40 µs, where a question by way of the pool takes 200. For all threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._connection: Any = None
        self._is_closed = False
        self._seen = ""
        self._number = 0

    def number(self) -> int | None:
        """Another one after each commit; None where that cannot be told now.

        One of before is never given again after the connection broke: it may lead to another server by now.
        """
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            return None
        try:
            seen = self._ask()
        except (exc.SQLAlchemyError, OSError):
            return None
        finally:
            self._lock.release()
        return seen

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def _ask(self) -> int | None:
        if self._is_closed:
            return None
        if self._connection is None:
            self._connect()
        try:
            row = self._connection.execute(_QUESTION).fetchone()
        except self._engine.dialect.loaded_dbapi.Error:
            self._disconnect()
            return None
        if row[0] != self._seen:
            self._seen, self._number = row[0], self._number + 1
        return self._number

    def _connect(self) -> None:
        pooled = self._engine.raw_connection()
        self._connection = pooled.driver_connection
        pooled.detach()
        self._connection.autocommit = True

    def _disconnect(self) -> None:
        connection, self._connection, self._seen = self._connection, None, ""
        if connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                connection.close()

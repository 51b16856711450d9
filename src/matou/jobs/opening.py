"""Which queue a database has: Procrastinate's on PostgreSQL, that of this machine on SQLite."""

from matou.db.engine import Database
from matou.jobs.local_queue import LocalQueue
from matou.jobs.procrastinate_queue import ProcrastinateQueue
from matou.jobs.queue import JobQueue


def open_queue(database: Database) -> JobQueue:
    return LocalQueue(database) if database.engine.dialect.name == "sqlite" else ProcrastinateQueue(database)

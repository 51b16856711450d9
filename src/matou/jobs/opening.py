"""Which queue a database has: Procrastinate's on PostgreSQL, that of this machine on SQLite."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from matou.db.archive_location import LocationState, written_at
from matou.db.engine import Database, open_database
from matou.jobs.local_queue import LocalQueue
from matou.jobs.procrastinate_queue import ProcrastinateQueue
from matou.jobs.queue import JobQueue


def open_queue(database: Database) -> JobQueue:
    return LocalQueue(database) if database.engine.dialect.name == "sqlite" else ProcrastinateQueue(database)


@contextmanager
def queue_of_folder(location: Path | str) -> Iterator[JobQueue]:
    """For who enqueues and looks, and wants nothing else of the archive in a folder whose database this is."""
    with closing(open_database(location)) as database:
        yield open_queue(written_at(database, LocationState.FOLDER))

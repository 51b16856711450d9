"""The table of jobs: a part of the schema that only a queue loads."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from matou.db.column_types import Moment
from matou.db.schema import metadata

# SQLite's alone has rows: on PostgreSQL Procrastinate keeps jobs, in tables of its own (db/procrastinate_jobs.py).
jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("task", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("lock", Text),
    Column("key", Text),
    Column("priority", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("leased_until", BigInteger),
    Column("worker", Text),
    Column("cancelling", Boolean, nullable=False),
    Column("fault", Text),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index("ix_jobs_next", "state", "priority", "id"),
    Index("ix_jobs_lock", "lock", "state"),
    Index(
        "uq_jobs_running_lock",
        "lock",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "uq_jobs_waiting_key",
        "key",
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_autoincrement=True,
)

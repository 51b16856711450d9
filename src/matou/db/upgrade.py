"""Brings a database to the newest schema, under a lock, the first time that a new version of Matou opens it.

One that a newer version has brought further is worked on as it is, where that version says that it has only added
something: while servers are upgraded one by one, both are there.
"""

from sqlalchemy import Connection, inspect, text

from matou.db.engine import Database
from matou.db.schema import HEAD_REVISION
from matou.errors import Invalid

# Any number that nobody else takes: this one spells "matou" on a telephone.
_UPGRADE_LOCK = 62868


class NewerDatabase(Invalid):
    """A newer Matou has changed the tables; this one would not understand them."""


def upgrade_if_behind(database: Database) -> None:
    """Cheap where there is nothing to do: one query, and Alembic is not loaded.

    Raises:
        NewerDatabase: the database is at a revision that this version does not know.
    """
    with database.begin_read() as connection:
        revision = _revision(connection)
    if revision != HEAD_REVISION:
        _upgrade(database)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _oldest_revision(connection: Connection) -> str | None:
    """Who knows this migration understands all that came after it."""
    if not inspect(connection).has_table("schema_compatibility"):
        return None
    return connection.execute(text("SELECT oldest_revision FROM schema_compatibility")).scalar_one_or_none()


def _upgrade(database: Database) -> None:
    from matou.db.migrations.run import known_revisions, run_migrations

    with database.begin_write() as connection:
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        revision = _revision(connection)
        if revision is not None and revision not in known_revisions():
            if _oldest_revision(connection) in known_revisions():
                return
            raise NewerDatabase(
                "the database is at revision {revision}, which this version of Matou does not know",
                revision=revision,
                advice="use the version of Matou that wrote it, or a newer one",
            )
        run_migrations(connection)

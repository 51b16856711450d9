"""Rows that say up to which manifest a source is indexed."""

from sqlalchemy import Connection, delete, func, insert, select

from matou.db.schema import index_state, namespaces, repositories


def newest_indexed_run(connection: Connection) -> int:
    """0 where nothing was ever indexed."""
    newest: int | None = connection.execute(select(func.max(index_state.c.run))).scalar_one()
    return newest or 0


def set_indexed_manifest(connection: Connection, source: str, run: int, manifest_sha256: str) -> None:
    connection.execute(delete(index_state).where(index_state.c.source == source))
    connection.execute(insert(index_state).values(source=source, run=run, manifest_sha256=manifest_sha256))


def count_sourced(connection: Connection) -> tuple[int, int]:
    """How many namespaces and how many repositories a source owns."""
    namespace_count = select(func.count()).select_from(namespaces).where(namespaces.c.source.is_not(None))
    repository_count = select(func.count()).select_from(repositories).where(repositories.c.source.is_not(None))
    return connection.execute(namespace_count).scalar_one(), connection.execute(repository_count).scalar_one()

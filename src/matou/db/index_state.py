"""Rows that say up to which manifest a source is indexed."""

from sqlalchemy import Connection, delete, insert, select

from matou.db.schema import index_state


def indexed_manifests(connection: Connection) -> dict[str, str]:
    """The SHA-256 of the newest manifest that was indexed, by source."""
    rows = connection.execute(select(index_state.c.source, index_state.c.manifest_sha256))
    return {row.source: row.manifest_sha256 for row in rows}


def set_indexed_manifest(connection: Connection, source: str, run: int, manifest_sha256: str) -> None:
    connection.execute(delete(index_state).where(index_state.c.source == source))
    connection.execute(insert(index_state).values(source=source, run=run, manifest_sha256=manifest_sha256))

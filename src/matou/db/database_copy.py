"""All rows of one database written into another that has none: accounts go with the archive when it is moved.

What is made again from the archive's own files is left out, so that the next start indexes it, and jobs that wait.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Column, Connection, Table, func, insert, select, text, update

from matou.db.engine import Database
from matou.db.schema import index_state, metadata, metadata_repositories

ROWS_AT_ONCE: Final = 1000

_EVIDENCE: Final = ("users", "namespaces", "repositories", "archive_location")
_LEFT_OUT: Final = frozenset({"jobs", "link_keys", "login_attempts", "schema_compatibility", index_state.name})


def is_unused(database: Database) -> bool:
    """Whether nobody has ever served an archive with it."""
    with database.begin_read() as connection:
        return not any(
            connection.execute(select(metadata.tables[name]).limit(1)).first() is not None for name in _EVIDENCE
        )


def copy_rows(source: Database, target: Database) -> int:
    """Write everything into the other, in one transaction, and say how many rows that was."""
    with source.begin_read() as reading, target.begin_write() as writing:
        return sum(_copy_table(reading, writing, table) for table in _tables())


def _tables() -> Iterator[Table]:
    """Those that others refer to first."""
    left_out = {*_LEFT_OUT, metadata_repositories.name}
    for table in metadata.sorted_tables:
        if table.name in left_out or any(_refers_to(column, left_out) for column in table.columns):
            left_out.add(table.name)
        else:
            yield table


def _refers_to(column: "Column[object]", names: set[str]) -> bool:
    return any(key.column.table.name in names for key in column.foreign_keys)


def _copy_table(reading: Connection, writing: Connection, table: Table) -> int:
    count, inner = 0, [column.name for column in table.columns if _refers_to(column, {table.name})]
    for partition in reading.execute(select(table)).mappings().partitions(ROWS_AT_ONCE):
        rows = [dict(row) for row in partition]
        # A row may refer to one of its own table that comes later.
        writing.execute(insert(table), [{**row, **dict.fromkeys(inner)} for row in rows])
        count += len(rows)
    if inner and count:
        _join(reading, writing, table, inner)
    if writing.dialect.name == "postgresql" and "id" in table.columns and count:
        _go_on_counting(writing, table)
    return count


def _join(reading: Connection, writing: Connection, table: Table, columns: Sequence[str]) -> None:
    key = next(iter(table.primary_key.columns))
    for row in reading.execute(select(table)).mappings().all():
        if any(row[name] is not None for name in columns):
            values = {name: row[name] for name in columns}
            writing.execute(update(table).where(key == row[key.name]).values(**values))


def _go_on_counting(writing: Connection, table: Table) -> None:
    """The next id is one that no row of before had."""
    newest = select(func.max(table.c.id)).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, text("'id'"))
    writing.execute(select(func.setval(sequence, newest)))

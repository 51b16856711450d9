"""Which of some words any row of any table holds: asked before something is deleted that a row may need."""

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection, select

from matou.db.schema import metadata

_AT_ONCE = 1000


def words_in_rows(connection: Connection, words_of: Callable[[bytes], Iterable[str]]) -> Iterator[str]:
    """What is found in the text, JSON or bytes of every column of every table, also of one that is added tomorrow."""
    for table in metadata.sorted_tables:
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(select(table))
        for row in rows:
            for value in row:
                if isinstance(value, bytes):
                    yield from words_of(value)
                elif value is not None and not isinstance(value, int | float):
                    yield from words_of(str(value).encode("utf-8", "surrogatepass"))

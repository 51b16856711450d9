"""A migration only adds: the release before it goes on with the database, while servers are upgraded one by one.

What is to go is unused for one release first; the migration that takes it away then names, in `schema_compatibility`,
the oldest revision whose code does without it, and itself in REMOVING.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect

from matou.db.migrations.run import known_revisions, run_migrations

FIRST = "0014"
"""Before this rule."""

REMOVING: frozenset[str] = frozenset()

Tables = Mapping[str, Mapping[str, tuple[str, bool]]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    yield engine
    engine.dispose()


def tables_of(connection: Connection) -> Tables:
    """The columns of each: their type, and whether a row of whoever does not know of them can be written."""
    inspector = inspect(connection)
    return {
        table: {
            column["name"]: (str(column["type"]), _may_be_left_out(column)) for column in inspector.get_columns(table)
        }
        for table in inspector.get_table_names()
    }


def _may_be_left_out(column: Any) -> bool:
    return column["nullable"] or column["default"] is not None


def unique_of(connection: Connection) -> set[tuple[str, ...]]:
    """Indexes and constraints by which a row may be refused."""
    inspector: Any = inspect(connection)
    return {
        (table, *(name or "" for name in found["column_names"]))
        for table in inspector.get_table_names()
        for found in (
            *inspector.get_unique_constraints(table),
            *(i for i in inspector.get_indexes(table) if i["unique"]),
        )
    }


def breaks(before: Tables, after: Tables) -> list[str]:
    """What the code of before cannot do any more."""
    found = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        found += [f"{table}.{name} is gone" for name in old.keys() - new.keys()]
        found += [
            f"{table}.{name} has another type" for name in old.keys() & new.keys() if old[name][0] != new[name][0]
        ]
        found += [f"{table}.{name} has to be written" for name in new.keys() - old.keys() if not new[name][1]]
    return sorted(found)


def test_each_migration_only_adds(engine: Engine) -> None:
    found = {}
    with engine.begin() as connection:
        run_migrations(connection, to=FIRST)
        for revision in sorted(each for each in known_revisions() if each > FIRST):
            before, unique = tables_of(connection), unique_of(connection)
            run_migrations(connection, to=revision)
            narrower = [f"{each} is unique" for each in unique_of(connection) - unique if each[0] in before]
            found[revision] = breaks(before, tables_of(connection)) + narrower

    assert {revision: what for revision, what in found.items() if what and revision not in REMOVING} == {}


def test_what_is_more_than_an_addition_is_found() -> None:
    before = {"users": {"id": ("INTEGER", False), "name": ("TEXT", False)}, "old": {}}
    after = {"users": {"id": ("TEXT", False), "mail": ("TEXT", False), "note": ("TEXT", True)}, "new": {}}

    assert breaks(before, after) == [
        "old is gone",
        "users.id has another type",
        "users.mail has to be written",
        "users.name is gone",
    ]

"""What the server remembers of the database is gone with the next commit, whoever makes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.db.engine import Database, open_database
from matou.forge.caches import QueryCache


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "matou.db")
    yield database
    database.close()


def test_an_answer_is_remembered_until_another_connection_commits(sqlite: Database, tmp_path: Path) -> None:
    memory, requests_seen = QueryCache(sqlite), iter(range(10))
    other = open_database(tmp_path / "matou.db")

    before = [memory.recall(("what",), lambda: next(requests_seen) + 1) for _ in range(3)]
    with other.begin_write() as connection:
        connection.exec_driver_sql("CREATE TABLE written (n INTEGER)")
    after = [memory.recall(("what",), lambda: next(requests_seen) + 1) for _ in range(3)]
    other.close()

    assert (before, after) == ([1, 1, 1], [2, 2, 2])


def test_an_answer_is_gone_with_a_commit_of_this_process(sqlite: Database) -> None:
    memory, requests_seen = QueryCache(sqlite), iter(range(10))

    before = memory.recall(("what",), lambda: next(requests_seen) + 1)
    with sqlite.begin_write() as connection:
        connection.exec_driver_sql("CREATE TABLE written (n INTEGER)")

    assert (before, memory.recall(("what",), lambda: next(requests_seen) + 1)) == (1, 2)


def test_what_was_asked_before_a_commit_and_answered_after_it_is_not_remembered(sqlite: Database) -> None:
    memory = QueryCache(sqlite)

    def ask_while_somebody_writes() -> str:
        with sqlite.begin_write() as connection:
            connection.exec_driver_sql("CREATE TABLE written (n INTEGER)")
        return "old"

    memory.recall(("what",), ask_while_somebody_writes)

    assert memory.recall(("what",), lambda: "new") == "new"


def test_nothing_found_is_asked_again(sqlite: Database) -> None:
    memory = QueryCache(sqlite)

    assert memory.recall(("what",), lambda: None) is None
    assert memory.recall(("what",), lambda: "there now") == "there now"


def test_the_memory_is_bounded(sqlite: Database) -> None:
    memory, requests_seen = QueryCache(sqlite, most=2), []

    def ask(number: int) -> int:
        requests_seen.append(number)
        return number

    for number in (1, 2, 3, 3, 1):
        memory.recall((number,), lambda number=number: ask(number))  # type: ignore[misc]

    assert requests_seen == [1, 2, 3, 1]

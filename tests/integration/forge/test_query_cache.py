"""What the server remembers of the database is gone with the next commit, whoever makes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.db.engine import Connection, Database, open_database
from matou.forge.caches import QueryCache
from support.databases import run_statement

ENDS_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


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


def test_on_postgresql_an_answer_is_gone_with_a_commit_of_another_machine(postgres_url: str) -> None:
    here, there = open_database(postgres_url), open_database(postgres_url)
    memory, answers = QueryCache(here), iter("abc")

    before = [memory.recall(("what",), lambda: next(answers)) for _ in range(3)]
    with there.begin_write() as connection:
        write(connection)
        meanwhile = [memory.recall(("what",), lambda: next(answers)) for _ in range(2)]
    after = [memory.recall(("what",), lambda: next(answers)) for _ in range(3)]
    here.close()
    there.close()

    assert before == ["a", "a", "a"]
    assert meanwhile[0] in ("a", "b")
    assert set(after) == {"c"} if "b" in meanwhile else {"b"}
    assert after[0] != meanwhile[0]


def test_on_postgresql_nothing_that_was_asked_in_the_middle_of_a_commit_is_remembered(postgres_url: str) -> None:
    here, there = open_database(postgres_url), open_database(postgres_url)
    memory = QueryCache(here)

    def ask_while_somebody_writes() -> str:
        with there.begin_write() as connection:
            write(connection)
        return "old"

    memory.recall(("what",), ask_while_somebody_writes)
    answer = memory.recall(("what",), lambda: "new")
    here.close()
    there.close()

    assert answer == "new"


def test_a_connection_that_broke_says_nothing_and_the_next_one_says_something_else(postgres_url: str) -> None:
    database = open_database(postgres_url)
    memory, answers = QueryCache(database), iter("abcd")
    before = (database.confirmed_version(), memory.recall(("what",), lambda: next(answers)))
    run_statement(postgres_url, ENDS_OTHERS)

    broken = memory.recall(("what",), lambda: next(answers))
    later = [memory.recall(("what",), lambda: next(answers)) for _ in range(2)]
    number = database.confirmed_version()
    database.close()

    assert (before[1], broken, later) == ("a", "b", ["c", "c"])
    assert before[0] is not None
    assert number is not None
    assert number > before[0]
    assert database.confirmed_version() is None


def write(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TEMPORARY TABLE written (n INTEGER)")

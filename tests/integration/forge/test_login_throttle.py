"""Whoever guesses is slowed, at whichever process, and nobody locks somebody else out."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from matou.credentials import Secret
from matou.db.engine import Database, open_database
from matou.db.login_attempts import delete_ended, lock_attempts, open_attempts
from matou.forge.forge import Forge
from matou.forge.login_throttle import (
    FAILURES_FORGOTTEN_AFTER,
    FIRST_PAUSE,
    FREE_FAILURES,
    FREE_FAILURES_OF_AN_ADDRESS,
    LONGEST_PAUSE,
    MOST_TRUSTED,
    SWEPT_EVERY,
    LoginThrottle,
)

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = Secret("correct horse")
NOTHING = timedelta(0)
GUESSES = count()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "log-ins.db"


@pytest.fixture
def failures(file: Path, sqlite_database: Database) -> Iterator[LoginThrottle]:
    with closing(open_attempts(sqlite_database, file)) as attempts:
        yield LoginThrottle(lambda: attempts)


def fail(
    failures: LoginThrottle, times: int, *, account: str = "anna", address: str = "192.0.2.1", exists: bool = True
) -> None:
    """Each time with another guess."""
    for _ in range(times):
        failures.failed(account, address, exists=exists, tried=Secret(f"guess {next(GUESSES)}"), now=NOW)


def without_room(_database: Database) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_tried_again_is_counted_once(failures: LoginThrottle) -> None:
    for _ in range(50):
        failures.failed("anna", "192.0.2.1", exists=True, tried=PASSWORD, now=NOW)
        failures.failed("", "192.0.2.1", exists=True, tried=PASSWORD, now=NOW)
    fail(failures, FREE_FAILURES - 2)
    before = failures.wait("anna", "192.0.2.1", now=NOW)
    fail(failures, 1)

    assert (before, failures.wait("anna", "192.0.2.1", now=NOW)) == (NOTHING, FIRST_PAUSE)


def test_one_password_tried_at_many_accounts_is_counted_each_time(failures: LoginThrottle) -> None:
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        failures.failed(f"user{number}", "192.0.2.1", exists=True, tried=PASSWORD, now=NOW)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_what_was_tried_long_ago_is_counted_again(failures: LoginThrottle) -> None:
    failures.failed("anna", "", exists=True, tried=PASSWORD, now=NOW)
    later = NOW + FAILURES_FORGOTTEN_AFTER + timedelta(seconds=1)
    failures.failed("anna", "", exists=True, tried=PASSWORD, now=later)
    for number in range(FREE_FAILURES - 1):
        failures.failed("anna", "", exists=True, tried=Secret(f"{number}"), now=later)

    assert failures.wait("anna", "", now=later) == FIRST_PAUSE


def test_the_first_failures_are_free_and_then_each_doubles_the_pause(failures: LoginThrottle) -> None:
    waits = []
    for _ in range(FREE_FAILURES + 3):
        waits.append(failures.wait("anna", "192.0.2.1", now=NOW))
        fail(failures, 1)

    assert waits == [NOTHING] * FREE_FAILURES + [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]


def test_no_pause_is_longer_than_the_longest(failures: LoginThrottle) -> None:
    fail(failures, 50)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == LONGEST_PAUSE


def test_an_account_is_slowed_wherever_the_guesses_come_from(failures: LoginThrottle) -> None:
    for number in range(FREE_FAILURES):
        fail(failures, 1, address=f"192.0.2.{number}")

    assert failures.wait("anna", "198.51.100.1", now=NOW) == FIRST_PAUSE


def test_an_address_is_slowed_whatever_account_it_guesses_at(failures: LoginThrottle) -> None:
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        fail(failures, 1, account=f"user{number}")

    waits = [failures.wait("berta", address, now=NOW) for address in ("192.0.2.1", "192.0.2.2")]

    assert waits == [FIRST_PAUSE, NOTHING]


def test_whoever_has_a_network_of_ipv6_is_slowed_as_one(failures: LoginThrottle) -> None:
    for host in range(FREE_FAILURES_OF_AN_ADDRESS):
        fail(failures, 1, account=f"user {host}", address=f"2001:db8::{host:x}")

    assert failures.wait("anna", "2001:db8::ffff", now=NOW) == FIRST_PAUSE
    assert failures.wait("anna", "2001:db8:0:1::1", now=NOW) == NOTHING


def test_who_logged_in_is_trusted_at_each_address_of_their_network(failures: LoginThrottle) -> None:
    """A device takes another one each day."""
    failures.succeeded("anna", "2001:db8::1", now=NOW)
    fail(failures, FREE_FAILURES, address="192.0.2.66")

    assert failures.wait("anna", "2001:db8::2", now=NOW) == NOTHING
    assert failures.wait("anna", "2001:db8:0:1::1", now=NOW) == FIRST_PAUSE


def test_nobody_locks_out_whoever_logs_in_from_where_they_did_before(failures: LoginThrottle) -> None:
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    fail(failures, 100, address="203.0.113.5")

    waits = [failures.wait("anna", address, now=NOW) for address in ("192.0.2.1", "198.51.100.1")]

    assert waits == [NOTHING, LONGEST_PAUSE]


def test_nobody_is_slowed_where_they_logged_in_by_what_others_do_from_there(failures: LoginThrottle) -> None:
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    for number in range(100):
        fail(failures, 1, account=f"user{number}")

    assert failures.wait("anna", "192.0.2.1", now=NOW) == NOTHING


def test_guesses_from_a_trusted_address_are_slowed_too(failures: LoginThrottle) -> None:
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    fail(failures, FREE_FAILURES)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_success_does_not_free_an_address(failures: LoginThrottle) -> None:
    fail(failures, FREE_FAILURES_OF_AN_ADDRESS, account="victim")
    failures.succeeded("attacker", "192.0.2.1", now=NOW)

    assert failures.wait("another", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_failures_are_forgotten_with_time(failures: LoginThrottle) -> None:
    fail(failures, 100)

    later = NOW + FAILURES_FORGOTTEN_AFTER + timedelta(seconds=1)

    assert failures.wait("anna", "192.0.2.1", now=later) == NOTHING


def test_an_administrator_can_free_an_account(failures: LoginThrottle) -> None:
    fail(failures, FREE_FAILURES)

    failures.forget("anna")

    assert failures.wait("anna", "192.0.2.9", now=NOW) == NOTHING


def test_remembered_failures_are_bounded(file: Path, sqlite_database: Database) -> None:
    failures = LoginThrottle(lambda: open_attempts(sqlite_database, file), most=10)
    for number in range(SWEPT_EVERY + 1):
        fail(failures, 1, account=f"user{number}", address=f"address{number}", exists=False)

    with closing(open_attempts(sqlite_database, file)) as attempts, attempts.begin_read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM login_attempts").scalar_one()
    assert kept == 10


def test_nobody_pushes_out_what_counts_for_an_account(file: Path, sqlite_database: Database) -> None:
    """From many addresses, at names that nobody has."""
    failures = LoginThrottle(lambda: open_attempts(sqlite_database, file), most=10)
    fail(failures, FREE_FAILURES)
    fail(failures, FREE_FAILURES_OF_AN_ADDRESS, account="", address="203.0.113.5")
    for number in range(2 * SWEPT_EVERY):
        fail(failures, 1, account=f"nobody{number}", address=f"address{number}", exists=False)

    assert failures.wait("anna", "198.51.100.1", now=NOW) == FIRST_PAUSE
    assert failures.wait("berta", "203.0.113.5", now=NOW) == FIRST_PAUSE


def test_an_account_is_trusted_at_so_many_addresses_and_no_other_loses_any(
    file: Path, sqlite_database: Database
) -> None:
    failures = LoginThrottle(lambda: open_attempts(sqlite_database, file), most=10)
    failures.succeeded("berta", "192.0.2.1", now=NOW)
    for number in range(MOST_TRUSTED + SWEPT_EVERY):
        failures.succeeded("anna", f"address{number}", now=NOW + timedelta(seconds=number))

    with closing(open_attempts(sqlite_database, file)) as attempts, attempts.begin_read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM login_attempts").scalar_one()
    assert kept == MOST_TRUSTED + 1
    fail(failures, 100, account="berta", address="203.0.113.5")
    assert failures.wait("berta", "192.0.2.1", now=NOW) == NOTHING


def test_who_sweeps_waits_for_nobody(postgres_url: str) -> None:
    """Each of two who swept held what the other one waited for."""
    with closing(open_database(postgres_url)) as one, closing(open_database(postgres_url)) as other:
        with one.begin_write() as connection:
            for name in ("a", "b"):
                lock_attempts(connection, name, "", NOW)
        with one.begin_write() as first, other.begin_write() as second:
            lock_attempts(first, "a", "", NOW)
            lock_attempts(second, "b", "", NOW)
            delete_ended(second, NOW, most=0)
            delete_ended(first, NOW, most=0)

        with one.begin_read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM login_attempts").scalar_one() == 0


def test_without_room_failures_count_all_the_same_and_a_right_password_lets_in(
    file: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_attempts(sqlite_database, file)) as attempts:
        failures = LoginThrottle(lambda: attempts)
        fail(failures, 3)
        with monkeypatch.context() as full:
            full.setattr(Database, "begin_write", without_room)
            fail(failures, FREE_FAILURES - 3)
            slowed = failures.wait("anna", "192.0.2.1", now=NOW)
            failures.succeeded("anna", "192.0.2.2", now=NOW)
            freed = failures.wait("anna", "192.0.2.1", now=NOW)
        fail(failures, FREE_FAILURES - 3)

        assert (slowed, freed) == (FIRST_PAUSE, NOTHING)
        assert failures.wait("anna", "192.0.2.1", now=NOW) == FIRST_PAUSE


@pytest.mark.parametrize("account", ["anna", ""])
def test_failures_count_over_all_processes(this_process: Forge, other_process: Forge, account: str) -> None:
    both = [this_process.failures, other_process.failures]
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        fail(both[number % 2], 1, account=account)

    waits = [failures.wait(account, "192.0.2.1", now=NOW) for failures in both]

    assert waits == [LONGEST_PAUSE if account else FIRST_PAUSE] * 2


def test_who_succeeds_at_one_process_is_trusted_at_another(this_process: Forge, other_process: Forge) -> None:
    fail(this_process.failures, FREE_FAILURES, address="203.0.113.5")
    slowed = other_process.failures.wait("anna", "192.0.2.1", now=NOW)

    this_process.failures.succeeded("anna", "192.0.2.1", now=NOW)
    fail(other_process.failures, 100, address="203.0.113.5")

    assert slowed == FIRST_PAUSE
    assert other_process.failures.wait("anna", "192.0.2.1", now=NOW) == NOTHING


def test_two_who_fail_at_once_are_counted_both(this_process: Forge, other_process: Forge) -> None:
    def try_often(failures: LoginThrottle) -> None:
        fail(failures, FREE_FAILURES)

    with ThreadPoolExecutor(2) as processes:
        list(processes.map(try_often, (this_process.failures, other_process.failures)))

    assert this_process.failures.wait("anna", "192.0.2.1", now=NOW) == LONGEST_PAUSE


def break_header(file: Path) -> None:
    file.write_bytes(b"x" * file.stat().st_size)


def break_pages(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"x" * (len(content) - 4096))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096])


@pytest.mark.parametrize("damage", [break_header, break_pages, cut])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_file_keeps_nobody_out(
    file: Path, sqlite_database: Database, damage: Callable[[Path], None], is_open: bool
) -> None:
    """It is not synced: what a power cut leaves of it may be anything."""
    throttles = [LoginThrottle(lambda: open_attempts(sqlite_database, file)) for _ in range(3)]
    for failures in throttles[: 2 if is_open else 1]:
        failures.succeeded("li", "192.0.2.1", now=NOW)
        fail(failures, 1)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(file)

    for failures in throttles if is_open else throttles[1:]:
        assert failures.wait("chen", "192.0.2.7", now=NOW) == NOTHING
        failures.succeeded("chen", "192.0.2.7", now=NOW)
    fail(throttles[1], FREE_FAILURES)

    assert throttles[2].wait("anna", "192.0.2.99", now=NOW) >= FIRST_PAUSE


def test_neither_names_nor_addresses_nor_guesses_are_kept(file: Path, failures: LoginThrottle) -> None:
    failures.failed("anna", "192.0.2.1", exists=True, tried=PASSWORD, now=NOW)
    failures.succeeded("berta", "192.0.2.1", now=NOW)

    kept = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))

    assert not [text for text in (b"anna", b"berta", b"192.0.2.1", b"correct") if text in kept]

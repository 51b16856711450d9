"""What a server remembers: no longer, no more and for nobody else than it should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.forge.caches import (
    FAILURES_FORGOTTEN_AFTER,
    FIRST_PAUSE,
    FREE_FAILURES,
    FREE_FAILURES_OF_AN_ADDRESS,
    LONGEST_PAUSE,
    PASSWORD_LIFE,
    LoginThrottle,
    PasswordCache,
    RefListingCache,
)
from matou.git.refs.listing import PackedRefs
from matou.git.wire.known_refs import KnownRefs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
STORED = Secret("$argon2id$1")
PASSWORD = Secret("correct horse")
NOTHING = timedelta(0)
GUESSES = count()


def test_a_password_is_remembered_for_a_minute() -> None:
    memory = PasswordCache()
    memory.remember(STORED, PASSWORD, right=True, now=NOW)

    before_the_end = memory.is_right(STORED, PASSWORD, now=NOW + PASSWORD_LIFE - timedelta(seconds=1))
    at_the_end = memory.is_right(STORED, PASSWORD, now=NOW + PASSWORD_LIFE)

    assert (before_the_end, at_the_end) == (True, None)


@pytest.mark.parametrize(
    ("stored", "password"),
    [(STORED, Secret("another")), (Secret("$argon2id$2"), PASSWORD), (Secret("$argon2id$1\0"), Secret("orrect horse"))],
)
def test_only_the_same_password_of_the_same_hash_is_remembered(stored: Secret, password: Secret) -> None:
    memory = PasswordCache()
    memory.remember(STORED, PASSWORD, right=True, now=NOW)

    assert memory.is_right(stored, password, now=NOW) is None


def test_remembered_passwords_are_bounded_and_the_oldest_goes_first() -> None:
    memory = PasswordCache(most=2)
    for number in range(3):
        memory.remember(STORED, Secret(f"password {number}"), right=True, now=NOW)

    known = [memory.is_right(STORED, Secret(f"password {number}"), now=NOW) for number in range(3)]

    assert known == [None, True, True]


def test_a_wrong_password_is_remembered_as_that() -> None:
    memory = PasswordCache()
    memory.remember(STORED, PASSWORD, right=False, now=NOW)

    assert memory.is_right(STORED, PASSWORD, now=NOW) is False
    assert memory.is_right(Secret("$argon2id$2"), PASSWORD, now=NOW) is None


def fail(failures: LoginThrottle, times: int, *, account: str = "anna", address: str = "192.0.2.1") -> None:
    """Each time with another guess."""
    for _ in range(times):
        failures.failed(account, address, tried=Secret(f"guess {next(GUESSES)}"), now=NOW)


def test_what_is_tried_again_is_counted_once() -> None:
    failures = LoginThrottle()
    for _ in range(1000):
        failures.failed("anna", "192.0.2.1", tried=PASSWORD, now=NOW)
        failures.failed("", "192.0.2.1", tried=PASSWORD, now=NOW)
    fail(failures, FREE_FAILURES - 2)
    before = failures.wait("anna", "192.0.2.1", now=NOW)
    fail(failures, 1)

    assert (before, failures.wait("anna", "192.0.2.1", now=NOW)) == (NOTHING, FIRST_PAUSE)


def test_one_password_tried_at_many_accounts_is_counted_each_time() -> None:
    failures = LoginThrottle()
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        failures.failed(f"user{number}", "192.0.2.1", tried=PASSWORD, now=NOW)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_what_was_tried_long_ago_is_counted_again() -> None:
    failures = LoginThrottle()
    failures.failed("anna", "", tried=PASSWORD, now=NOW)
    later = NOW + FAILURES_FORGOTTEN_AFTER + timedelta(seconds=1)
    failures.failed("anna", "", tried=PASSWORD, now=later)
    for number in range(FREE_FAILURES - 1):
        failures.failed("anna", "", tried=Secret(f"{number}"), now=later)

    assert failures.wait("anna", "", now=later) == FIRST_PAUSE


def test_the_first_failures_are_free_and_then_each_doubles_the_pause() -> None:
    failures = LoginThrottle()
    waits = []
    for _ in range(FREE_FAILURES + 3):
        waits.append(failures.wait("anna", "192.0.2.1", now=NOW))
        fail(failures, 1)

    assert waits == [NOTHING] * FREE_FAILURES + [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]


def test_no_pause_is_longer_than_the_longest() -> None:
    failures = LoginThrottle()
    fail(failures, 1000)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == LONGEST_PAUSE


def test_an_account_is_slowed_wherever_the_guesses_come_from() -> None:
    failures = LoginThrottle()
    for number in range(FREE_FAILURES):
        fail(failures, 1, address=f"192.0.2.{number}")

    assert failures.wait("anna", "198.51.100.1", now=NOW) == FIRST_PAUSE


def test_an_address_is_slowed_whatever_account_it_guesses_at() -> None:
    failures = LoginThrottle()
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        fail(failures, 1, account=f"user{number}")

    waits = [failures.wait("berta", address, now=NOW) for address in ("192.0.2.1", "192.0.2.2")]

    assert waits == [FIRST_PAUSE, NOTHING]


def test_nobody_locks_out_whoever_logs_in_from_where_they_did_before() -> None:
    failures = LoginThrottle()
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    fail(failures, 100, address="203.0.113.5")

    waits = [failures.wait("anna", address, now=NOW) for address in ("192.0.2.1", "198.51.100.1")]

    assert waits == [NOTHING, LONGEST_PAUSE]


def test_nobody_is_slowed_where_they_logged_in_by_what_others_do_from_there() -> None:
    failures = LoginThrottle()
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    for number in range(100):
        fail(failures, 1, account=f"user{number}")

    assert failures.wait("anna", "192.0.2.1", now=NOW) == NOTHING


def test_guesses_from_a_trusted_address_are_slowed_too() -> None:
    failures = LoginThrottle()
    failures.succeeded("anna", "192.0.2.1", now=NOW)
    fail(failures, FREE_FAILURES)

    assert failures.wait("anna", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_success_does_not_free_an_address() -> None:
    failures = LoginThrottle()
    fail(failures, FREE_FAILURES_OF_AN_ADDRESS, account="victim")
    failures.succeeded("attacker", "192.0.2.1", now=NOW)

    assert failures.wait("another", "192.0.2.1", now=NOW) == FIRST_PAUSE


def test_failures_are_forgotten_with_time() -> None:
    failures = LoginThrottle()
    fail(failures, 100)

    later = NOW + FAILURES_FORGOTTEN_AFTER + timedelta(seconds=1)

    assert failures.wait("anna", "192.0.2.1", now=later) == NOTHING


def test_an_administrator_can_free_an_account() -> None:
    failures = LoginThrottle()
    fail(failures, FREE_FAILURES)

    failures.forget("anna")

    assert failures.wait("anna", "192.0.2.9", now=NOW) == NOTHING


def test_remembered_failures_are_bounded() -> None:
    failures = LoginThrottle(most=10)
    for number in range(100):
        fail(failures, 1, account=f"user{number}", address=f"address{number}")

    assert len(failures._counts) == 10


def known(refs: int) -> KnownRefs:
    names = {RefName(f"refs/heads/b{number}"): ObjectId("a" * 40) for number in range(refs)}
    listing, packed = RefListing(names), PackedRefs(names, {}, is_fully_peeled=True)
    return KnownRefs({}, frozenset(), packed, {}, listing, listing)


def test_refs_are_remembered_by_their_folder() -> None:
    memory, kept = RefListingCache(), known(1)
    memory.put(Path("/a.git"), kept)

    assert memory.get(Path("/a.git")) is kept
    assert memory.get(Path("/b.git")) is None


def test_what_was_changed_is_looked_at_again() -> None:
    memory, mark = RefListingCache(), (1, 2, 3, 4)
    memory.put(Path("/a.git"), replace(known(1), marks={b"/a.git/HEAD": mark}))

    memory.forget(Path("/a.git"))

    found = memory.get(Path("/a.git"))
    assert found is not None
    assert not found.is_current({b"/a.git/HEAD": mark})


def test_what_is_known_of_refs_is_bounded_and_the_least_used_goes_first() -> None:
    memory = RefListingCache(most_bytes=2 * known(10).size_bytes + 1)
    memory.put(Path("/a.git"), known(10))
    memory.put(Path("/b.git"), known(10))
    memory.get(Path("/a.git"))

    memory.put(Path("/c.git"), known(10))

    assert [memory.get(Path(f"/{name}.git")) is not None for name in "abc"] == [True, False, True]


def test_refs_that_take_more_than_all_room_are_not_kept() -> None:
    memory = RefListingCache(most_bytes=known(5).size_bytes)

    memory.put(Path("/a.git"), known(10))
    memory.put(Path("/b.git"), known(2))

    assert memory.get(Path("/a.git")) is None
    assert memory.get(Path("/b.git")) is not None


def test_refs_that_are_put_again_count_once() -> None:
    memory = RefListingCache(most_bytes=2 * known(10).size_bytes)
    for _ in range(4):
        memory.put(Path("/a.git"), known(10))
    memory.put(Path("/b.git"), known(10))

    assert memory.get(Path("/a.git")) is not None

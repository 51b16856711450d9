"""What a server remembers: no longer, no more and for nobody else than it should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.forge.caches import PASSWORD_LIFE, PasswordCache, RefListingCache
from matou.git.refs.listing import PackedRefs
from matou.git.wire.known_refs import KnownRefs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
STORED = Secret("$argon2id$1")
PASSWORD = Secret("correct horse")


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

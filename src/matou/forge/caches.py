"""What a server remembers for a short while, and may forget at any time: failures, passwords, ref listings."""

import hashlib
import hmac
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from matou.caching import SizedCache
from matou.credentials import Secret
from matou.db.engine import Database

if TYPE_CHECKING:
    from matou.git.wire.known_refs import KnownRefs

Answer = TypeVar("Answer")

PASSWORD_LIFE = timedelta(seconds=60)
FREE_FAILURES = 10
FREE_FAILURES_OF_AN_ADDRESS = 30
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
FAILURES_FORGOTTEN_AFTER = timedelta(minutes=15)
TRUST_AFTER_SUCCESS = timedelta(days=1)
MOST_REMEMBERED = 10_000
MOST_TRIED = 16
MOST_BYTES_OF_REFS = 128 * 1024 * 1024


class PasswordCache:
    """Which passwords were right or wrong a moment ago, so that the three requests of one `git push` cost one argon2.

    Nothing in it gives a password away: the key of its digests dies with the process. As the stored hash is part
    of what is digested, a password that was changed, here or in another process, is not remembered.
    """

    def __init__(self, life: timedelta = PASSWORD_LIFE, most: int = MOST_REMEMBERED) -> None:
        self._key = os.urandom(32)
        self._life = life
        self._known = SizedCache[bytes, tuple[bool, datetime]](most)

    def is_right(self, stored_hash: Secret, password: Secret, *, now: datetime) -> bool | None:
        """None where it was not looked at, or too long ago."""
        right, until = self._known.get(self._digest(stored_hash, password)) or (None, now)
        return right if now < until else None

    def remember(self, stored_hash: Secret, password: Secret, *, right: bool, now: datetime) -> None:
        self._known.put(self._digest(stored_hash, password), (right, now + self._life))

    def _digest(self, stored_hash: Secret, password: Secret) -> bytes:
        # A stored hash holds no NUL, so the pair cannot be cut in two places.
        text = f"{stored_hash.reveal()}\0{password.reveal()}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, hashlib.sha256)


@dataclass(slots=True)
class _Count:
    """`tried`: what the last failures were about, as digests."""

    failures: int
    last: datetime
    tried: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST_TRIED))


class LoginThrottle:
    """Slows down whoever guesses: by account, and by address.

    What was tried and was wrong a moment ago is wrong still: a program that asks again and again with an old password
    learns nothing, and is counted once. The first failures are free; each one after them doubles the pause, up to
    LONGEST_PAUSE, and a quarter of an hour without one forgets them. Where an account was logged in to before, neither
    what others do to that account nor what they do from that address counts: nobody locks somebody else out.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._key = os.urandom(32)
        self._counts = SizedCache[tuple[str, str], _Count](most)
        self._trusted = SizedCache[tuple[str, str], datetime](most)
        self._lock = threading.Lock()

    def wait(self, account: str, address: str, *, now: datetime) -> timedelta:
        """How long this account from this address must wait; zero if it may try."""
        with self._lock:
            waits = [self._wait_of(key, free, now) for key, free in self._keys(account, address, now)]
        return max(waits, default=timedelta(0))

    def failed(self, account: str, address: str, *, tried: Secret, now: datetime) -> None:
        """Args: tried: the wrong password or token."""
        text = f"{account}\0{tried.reveal()}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, text, hashlib.sha256)
        with self._lock:
            for key, _ in self._keys(account, address, now):
                self._count(key, digest, now)

    def succeeded(self, account: str, address: str, *, now: datetime) -> None:
        """Forget the account's failures. Those of the address stay: an attacker may have an account of their own."""
        with self._lock:
            for kind in ("account", f"account from {address}"):
                self._counts.pop((kind, account))
            self._trusted.put((account, address), now + TRUST_AFTER_SUCCESS)

    def forget(self, account: str) -> None:
        """Free an account, as an administrator does."""
        with self._lock:
            for key in self._counts.list_keys():
                if key[1] == account and key[0].startswith("account"):
                    self._counts.pop(key)

    def _keys(self, account: str, address: str, now: datetime) -> list[tuple[tuple[str, str], int]]:
        """What a failure counts for, with how many of them are free."""
        if account and (self._trusted.get((account, address)) or now) > now:
            return [((f"account from {address}", account), FREE_FAILURES)]
        keys = [(("account", account), FREE_FAILURES), (("address", address), FREE_FAILURES_OF_AN_ADDRESS)]
        return [(key, free) for key, free in keys if key[1]]

    def _wait_of(self, key: tuple[str, str], free: int, now: datetime) -> timedelta:
        count = self._counts.get(key)
        if count is None or count.failures < free or now - count.last > FAILURES_FORGOTTEN_AFTER:
            return timedelta(0)
        doublings = min(count.failures - free, 20)
        pause = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
        return max(count.last + pause - now, timedelta(0))

    def _count(self, key: tuple[str, str], tried: bytes, now: datetime) -> None:
        count = self._counts.get(key)
        if count is None or now - count.last > FAILURES_FORGOTTEN_AFTER:
            count = _Count(0, now)
        if tried not in count.tried:
            count.failures, count.last = count.failures + 1, now
            count.tried.append(tried)
        self._counts.put(key, count)


class QueryCache:
    """What the database answered, for as long as nobody has written to it since; nothing where it does not tell.

    A token that was revoked, a member who was removed or a repository that was made private, by this process or by
    another, is a write: the next request asks anew.
    """

    def __init__(self, database: Database, most: int = MOST_REMEMBERED) -> None:
        self._database = database
        self._most = most
        self._version: int | None = None
        self._answers: dict[Hashable, object] = {}
        self._lock = threading.Lock()

    def recall(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer that `ask` gave under this key, or gives now. One that it raises instead is not remembered.

        Args:
            key: begins with a word that says what was asked, so that all its answers have one type.
        """
        version = self._database.version()
        with self._lock:
            if version != self._version:
                self._answers, self._version = {}, version
            cached = self._answers.get(key)
        if cached is not None:
            return cast("Answer", cached)
        answer = ask()
        with self._lock:
            # The version was read before the question: whatever was written in between makes it another one.
            if answer is not None and version is not None and version == self._version:
                if len(self._answers) >= self._most:
                    self._answers.clear()
                self._answers[key] = answer
        return answer


class RefListingCache:
    """What is known of the refs of repositories, by folder; bounded by about what that takes of memory."""

    def __init__(self, most_bytes: int = MOST_BYTES_OF_REFS) -> None:
        self._known: SizedCache[Path, KnownRefs] = SizedCache(most_bytes, size_of=lambda known: known.size_bytes)

    def get(self, git_dir: Path) -> "KnownRefs | None":
        return self._known.get(git_dir)

    def put(self, git_dir: Path, known: "KnownRefs") -> None:
        self._known.put(git_dir, known)

    def forget(self, git_dir: Path) -> None:
        """Look at all of it again: somebody has changed a ref."""
        cached = self._known.get(git_dir)
        if cached is not None:
            self._known.put(git_dir, cached.in_doubt())

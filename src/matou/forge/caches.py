"""What a server remembers for a short while, and may forget at any time: failures, passwords, ref listings."""

import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Hashable
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
MOST_REMEMBERED = 10_000
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


class QueryCache:
    """What the database answered, for as long as nobody has written to it since; nothing where it does not tell.

    For threads: PostgreSQL is asked each time whether somebody has, which costs a fifth of asking for the answer.

    A token that was revoked, a member who was removed or a repository that was made private, by this process or by
    another, is a write: the next request asks anew.
    """

    def __init__(self, database: Database, most: int = MOST_REMEMBERED) -> None:
        self._database = database
        self._most = most
        self._version: int | None = None
        self._answers: dict[Hashable, object] = {}
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def recall(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer that `ask` gave under this key, or gives now. One that it raises instead is not remembered.

        Args:
            key: begins with a word that says what was asked, so that all its answers have one type.
        """
        version = self._database.confirmed_version()
        with self._lock:
            if version != self._version:
                self._answers, self._version = {}, version
            cached = self._answers.get(key)
            self.hits += cached is not None
            self.misses += cached is None
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

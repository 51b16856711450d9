"""Slows down whoever guesses, at whichever process or machine they do."""

import hashlib
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final, TypeVar

import structlog

from matou.caching import SizedCache
from matou.credentials import Secret
from matou.db import login_attempts as rows
from matou.db.engine import Connection, DamagedDatabase, Database
from matou.db.login_attempts import LoginAttempts
from matou.forge.caches import QueryCache
from matou.fs import NO_ROOM

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

FREE_FAILURES = 10
FREE_FAILURES_OF_AN_ADDRESS = 30
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
FAILURES_FORGOTTEN_AFTER = timedelta(minutes=15)
TRUST_AFTER_SUCCESS = timedelta(days=1)
MOST_TRIED = 16
MOST_ATTEMPTS = 10_000
"""Of addresses, and of names that nobody has. What counts for an account is no part of it, and nobody pushes it out."""

MOST_TRUSTED = 50
"""Addresses of one account."""

SWEPT_EVERY: Final = 100
NETWORK_BITS: Final = 64
"""Of IPv6: whoever has one address there has all that begin alike."""

_TRIED_DIGITS: Final = 4
"""Few enough that nobody learns from them what was tried; of two guesses, one in 65,536 is taken for the other."""


class LoginThrottle:
    """By account, and by address; safe to share between threads.

    What was tried and was wrong a moment ago is wrong still: a program that asks again and again with an old password
    learns nothing, and is counted once. The first failures are free; each one after them doubles the pause, up to
    LONGEST_PAUSE, and a quarter of an hour without one forgets them. Where an account was logged in to before, neither
    what others do to that account nor what they do from that address counts: nobody locks somebody else out.

    Where there is no room to write, nobody is kept out for that: failures are counted in memory, by this process alone.

    Args:
        opened: opens the database of attempts, when it is first asked for.
    """

    def __init__(self, opened: Callable[[], Database], most: int = MOST_ATTEMPTS) -> None:
        self._opened = opened
        self._most = most
        self._answers: QueryCache | None = None
        self._attempts: Database | None = None
        self._opening = Lock()
        self._written = 0
        self._has_room = True
        self._unwritten = _UnwrittenAttempts()

    def wait(self, account: str, address: str, *, now: datetime) -> timedelta:
        """How long this account from this address must wait; zero if it may try."""
        address = network_of(address)
        known = self._known(account, address, now)
        waits = [_wait_of(known[key], free, now) for key, free in _keys(known, account, address) if key in known]
        return max(waits, default=timedelta(0))

    def failed(self, account: str, address: str, *, exists: bool, tried: Secret, now: datetime) -> None:
        """Args:
        exists: somebody has an account of this name.
        tried: the wrong password or token.
        """
        text = f"{account}\0{tried.reveal()}".encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(text).hexdigest()[:_TRIED_DIGITS]
        address = network_of(address)
        known = self._known(account, address, now)
        keys = [key for key, _ in _keys(known, account, address)]
        if all(key in known and digest in known[key].tried for key in keys):
            return

        def count(connection: Connection) -> None:
            for key in keys:
                found = rows.lock_attempts(connection, key, _account_of(key, account, address) if exists else "", now)
                rows.write_attempts(connection, _counted(found, digest, now))
            self._sweep(connection, now)

        if not self._write(count):
            for key in keys:
                found = known.get(key) or LoginAttempts(key, "", 0, (), now)
                self._unwritten.put(_counted(found, digest, now), is_account=exists and key != _of("address", address))

    def succeeded(self, account: str, address: str, *, now: datetime) -> None:
        """Forget the account's failures. Those of the address stay: an attacker may have an account of their own.

        It writes only where there is something to forget, or to trust for longer.
        """
        address = network_of(address)
        known, trust = self._known(account, address, now), _trust(account, address)
        is_trusted = trust in known and known[trust].ends_at - now > TRUST_AFTER_SUCCESS / 2
        failures = [key for key in (_of("account", account), _of("account from", account, address)) if key in known]
        if is_trusted and not failures:
            return
        self._unwritten.forget(failures)
        kept = LoginAttempts(trust, _of("whose", account), 0, (), now + TRUST_AFTER_SUCCESS)

        def trust_it(connection: Connection) -> None:
            rows.delete_attempts(connection, failures)
            rows.lock_attempts(connection, trust, kept.account, now)
            rows.write_attempts(connection, kept)
            rows.delete_oldest_trust(connection, kept.account, keep=MOST_TRUSTED)
            self._sweep(connection, now)

        self._write(trust_it)

    def forget(self, account: str) -> None:
        """Free an account, as an administrator does."""
        self._write(lambda connection: rows.delete_attempts_of(connection, _of("whose", account)))

    def _known(self, account: str, address: str, now: datetime) -> dict[str, LoginAttempts]:
        keys = (_of("account", account), _of("address", address), _of("account from", account, address))
        names = (*keys, _trust(account, address))

        def find(answers: QueryCache, database: Database) -> dict[str, LoginAttempts]:
            def ask() -> dict[str, LoginAttempts]:
                with database.begin_read() as connection:
                    return rows.find_attempts(connection, names, now)

            return answers.recall(("login attempts", names), ask)

        found, unwritten = self._found(find), self._unwritten.find(names)
        both = [*found.values(), *unwritten.values()]
        # Of one name what says more is the later: those of a trusted address fail no more than others.
        most = {attempts.name: attempts for attempts in sorted(both, key=lambda each: each.failures)}
        return {name: attempts for name, attempts in most.items() if attempts.ends_at > now}

    def _found(self, find: Callable[[QueryCache, Database], dict[str, LoginAttempts]]) -> dict[str, LoginAttempts]:
        try:
            return self._undamaged(find)
        except OSError as error:
            # The file could not even be made.
            _require_no_room(error)
            return {}

    def _write(self, change: Callable[[Connection], None]) -> bool:
        """Whether there was room for it."""

        def write(_answers: QueryCache, database: Database) -> None:
            with database.begin_write() as connection:
                change(connection)

        try:
            self._undamaged(write)
        except OSError as error:
            _require_no_room(error)
            if self._has_room:
                log.warning("log_in_attempts_not_written", reason=error.strerror)
            self._has_room = False
            return False
        self._has_room = True
        return True

    def _undamaged(self, work: Callable[[QueryCache, Database], Answer]) -> Answer:
        """Whoever opens a damaged file finds it made anew: what was counted may be lost, and that keeps nobody out."""
        opened = self._open()
        try:
            return work(*opened)
        except DamagedDatabase:
            with self._opening:
                if self._attempts is opened[1]:
                    self._answers = self._attempts = None
            return work(*self._open())

    def _open(self) -> tuple[QueryCache, Database]:
        with self._opening:
            if self._answers is None or self._attempts is None:
                self._attempts = self._opened()
                self._answers = QueryCache(self._attempts)
                weakref.finalize(self, self._attempts.close)
            return self._answers, self._attempts

    def _sweep(self, connection: Connection, now: datetime) -> None:
        self._written += 1
        if self._written % SWEPT_EVERY == 1:
            rows.delete_ended(connection, now, most=self._most)


class _UnwrittenAttempts:
    """What was counted while there was no room; of accounts apart, so that nobody pushes it out."""

    def __init__(self) -> None:
        self._of_accounts = SizedCache[str, LoginAttempts](MOST_ATTEMPTS)
        self._of_others = SizedCache[str, LoginAttempts](MOST_ATTEMPTS)

    def put(self, attempts: LoginAttempts, *, is_account: bool) -> None:
        (self._of_accounts if is_account else self._of_others).put(attempts.name, attempts)

    def find(self, names: Sequence[str]) -> dict[str, LoginAttempts]:
        found = ((name, self._of_accounts.get(name) or self._of_others.get(name)) for name in names)
        return {name: attempts for name, attempts in found if attempts is not None}

    def forget(self, names: Sequence[str]) -> None:
        for name in names:
            self._of_accounts.pop(name)
            self._of_others.pop(name)


def _require_no_room(error: OSError) -> None:
    """Raises the error, if it is another one."""
    if error.errno not in NO_ROOM:
        raise error


def _keys(known: dict[str, LoginAttempts], account: str, address: str) -> list[tuple[str, int]]:
    """What a failure counts for, with how many of them are free."""
    if account and _trust(account, address) in known:
        return [(_of("account from", account, address), FREE_FAILURES)]
    keys = [("account", account, FREE_FAILURES), ("address", address, FREE_FAILURES_OF_AN_ADDRESS)]
    return [(_of(kind, whose), free) for kind, whose, free in keys if whose]


def _account_of(key: str, account: str, address: str) -> str:
    return "" if key == _of("address", address) else _of("whose", account)


def _trust(account: str, address: str) -> str:
    return _of("trusted", account, address)


def network_of(address: str) -> str:
    """What counts as one address, as text: of IPv6 the network that it is in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address) or parsed.ipv4_mapped is not None:
        return address
    return f"{int(parsed) >> (128 - NETWORK_BITS):x}/{NETWORK_BITS}"


def _of(*parts: str) -> str:
    """A digest: neither addresses nor what was typed for a name are kept."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _wait_of(attempts: LoginAttempts, free: int, now: datetime) -> timedelta:
    if attempts.failures < free:
        return timedelta(0)
    pause = min(FIRST_PAUSE * (1 << min(attempts.failures - free, 20)), LONGEST_PAUSE)
    return max(attempts.ends_at - FAILURES_FORGOTTEN_AFTER + pause - now, timedelta(0))


def _counted(attempts: LoginAttempts, tried: str, now: datetime) -> LoginAttempts:
    if tried in attempts.tried:
        return attempts
    last = (*attempts.tried, tried)[-MOST_TRIED:]
    return replace(attempts, failures=attempts.failures + 1, tried=last, ends_at=now + FAILURES_FORGOTTEN_AFTER)

"""Slows down whoever guesses, at whichever process or machine they do."""

import hashlib
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final, TypeVar

from matou.credentials import Secret
from matou.db import login_attempts as rows
from matou.db.engine import Connection, DamagedDatabase, Database
from matou.db.login_attempts import LoginAttempts
from matou.forge.caches import QueryCache

Answer = TypeVar("Answer")

FREE_FAILURES = 10
FREE_FAILURES_OF_AN_ADDRESS = 30
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
FAILURES_FORGOTTEN_AFTER = timedelta(minutes=15)
TRUST_AFTER_SUCCESS = timedelta(days=1)
MOST_TRIED = 16
MOST_ATTEMPTS = 10_000
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

    def wait(self, account: str, address: str, *, now: datetime) -> timedelta:
        """How long this account from this address must wait; zero if it may try."""
        address = network_of(address)
        known = self._known(account, address, now)
        waits = [_wait_of(known[key], free, now) for key, free in _keys(known, account, address) if key in known]
        return max(waits, default=timedelta(0))

    def failed(self, account: str, address: str, *, tried: Secret, now: datetime) -> None:
        """Args: tried: the wrong password or token."""
        text = f"{account}\0{tried.reveal()}".encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(text).hexdigest()[:_TRIED_DIGITS]
        address = network_of(address)
        known = self._known(account, address, now)
        keys = [key for key, _ in _keys(known, account, address)]
        if all(key in known and digest in known[key].tried for key in keys):
            return

        def count(connection: Connection) -> None:
            for key in keys:
                found = rows.lock_attempts(connection, key, _account_of(key, account, address), now)
                rows.write_attempts(connection, _counted(found, digest, now))
            self._sweep(connection, now)

        self._write(count)

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
        kept = LoginAttempts(trust, _of("whose", account), 0, (), now + TRUST_AFTER_SUCCESS)

        def trust_it(connection: Connection) -> None:
            rows.delete_attempts(connection, failures)
            rows.lock_attempts(connection, trust, kept.account, now)
            rows.write_attempts(connection, kept)
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

        found = self._undamaged(find)
        return {name: attempts for name, attempts in found.items() if attempts.ends_at > now}

    def _write(self, change: Callable[[Connection], None]) -> None:
        def write(_answers: QueryCache, database: Database) -> None:
            with database.begin_write() as connection:
                change(connection)

        self._undamaged(write)

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

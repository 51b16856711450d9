"""Rows of who failed to log in, and of where an account was logged in to; none outlives what it says by long.

PostgreSQL has them beside all else, since machines share it. SQLite has them in a file of their own, which is not
synced: each commit to the archive's database makes all processes ask anew what they remember of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.engine import Database
from matou.db.schema import login_attempts
from matou.db.unsynced import open_unsynced


@dataclass(frozen=True, slots=True)
class LoginAttempts:
    """What counts under one name.

    Attributes:
        name: what it counts for, as a digest.
        account: whose it is, as a digest; empty for what counts for an address, or for a name that nobody has.
        tried: digests of what the last failures were about.
        ends_at: then it is forgotten.
    """

    name: str
    account: str
    failures: int
    tried: tuple[str, ...]
    ends_at: datetime


_COLUMNS = tuple(login_attempts.c[name] for name in LoginAttempts.__slots__)


def open_attempts(database: Database, file: Path) -> Database:
    """Where they are: the database itself, if it is PostgreSQL; else the file, which is made."""
    return open_unsynced(file, [login_attempts]) if database.engine.dialect.name == "sqlite" else database


def find_attempts(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, LoginAttempts]:
    """By name; what has ended is not there."""
    statement = select(*_COLUMNS).where(login_attempts.c.name.in_(names), login_attempts.c.ends_at > now)
    found = (
        LoginAttempts(row.name, row.account, row.failures, tuple(row.tried.split()), row.ends_at)
        for row in connection.execute(statement)
    )
    return {attempts.name: attempts for attempts in found}


def lock_attempts(connection: Connection, name: str, account: str, now: datetime) -> LoginAttempts:
    """What counts under a name, and nothing where that has ended; nobody else changes it until the transaction ends."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    nothing = {"name": name, "account": account, "failures": 0, "tried": "", "ends_at": now}
    connection.execute(kind(login_attempts).values(nothing).on_conflict_do_nothing())
    connection.execute(select(login_attempts.c.name).where(login_attempts.c.name == name).with_for_update())
    return find_attempts(connection, [name], now).get(name) or LoginAttempts(name, account, 0, (), now)


def write_attempts(connection: Connection, attempts: LoginAttempts) -> None:
    """Of a name that was locked."""
    values = {"failures": attempts.failures, "tried": " ".join(attempts.tried), "ends_at": attempts.ends_at}
    connection.execute(update(login_attempts).where(login_attempts.c.name == attempts.name).values(values))


def delete_attempts(connection: Connection, names: Sequence[str]) -> None:
    _delete(connection, login_attempts.c.name.in_(names))


def delete_attempts_of(connection: Connection, account: str) -> None:
    _delete(connection, login_attempts.c.account == account)


def delete_oldest_trust(connection: Connection, account: str, *, keep: int) -> None:
    """Of where an account was logged in to, all but what lasts longest."""
    is_trust = (login_attempts.c.account == account) & (login_attempts.c.failures == 0)
    kept = select(login_attempts.c.name).where(is_trust).order_by(login_attempts.c.ends_at.desc()).limit(keep)
    _delete_unlocked(connection, is_trust & login_attempts.c.name.not_in(kept))


def delete_ended(connection: Connection, now: datetime, *, most: int) -> None:
    """And, beyond so many of those that belong to no account, those that say least: few failures, long ago."""
    _delete_unlocked(connection, login_attempts.c.ends_at <= now)
    is_nobodys = login_attempts.c.account == ""
    count = connection.execute(select(func.count()).select_from(login_attempts).where(is_nobodys)).scalar_one()
    if count > most:
        least = select(login_attempts.c.name).where(is_nobodys)
        least = least.order_by(login_attempts.c.failures, login_attempts.c.ends_at).limit(count - most)
        _delete_unlocked(connection, login_attempts.c.name.in_(least))


def _delete(connection: Connection, which: ColumnElement[bool]) -> None:
    """Two who delete the same rows wait for them in one order, and not for one another."""
    locked = select(login_attempts.c.name).where(which).order_by(login_attempts.c.name).with_for_update()
    names = connection.execute(locked).scalars().all()
    connection.execute(delete(login_attempts).where(login_attempts.c.name.in_(names)))


def _delete_unlocked(connection: Connection, which: ColumnElement[bool]) -> None:
    """What somebody works with stays: whoever sweeps holds rows already, and waits for none."""
    free = select(login_attempts.c.name).where(which).with_for_update(skip_locked=True)
    connection.execute(delete(login_attempts).where(login_attempts.c.name.in_(free)))

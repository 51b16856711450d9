"""Rows of who came in and who was refused: written once, never changed, and deleted for their age or number alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from matou.db.log_in_tables import log_ins


@dataclass(frozen=True, slots=True)
class NewLogIn:
    """One way in, or in vain.

    Attributes:
        account: its name; of nobody known, "".
        kind: of what was shown, or that it was refused; as `interface` a word of ours.
        key: of an SSH key, its fingerprint.
    """

    at: datetime
    account: str
    kind: str
    interface: str
    address: str
    key: str


@dataclass(frozen=True, slots=True)
class LogInSelection:
    """Which are listed: of one account alone, where one is given, and of one kind alone."""

    account: str = ""
    kind: str = ""


_COLUMNS = [log_ins.c[name] for name in NewLogIn.__slots__]


def insert_log_ins(connection: Connection, new: Sequence[NewLogIn]) -> None:
    rows = [{name: getattr(each, name) for name in NewLogIn.__slots__} for each in new]
    connection.execute(insert(log_ins), rows)


def list_log_ins(
    connection: Connection, selection: LogInSelection, *, offset: int, limit: int
) -> tuple[tuple[NewLogIn, ...], int]:
    """The newest first, and how many there are in all."""
    selected = _selected(selection)
    total = connection.execute(select(func.count()).select_from(log_ins).where(*selected)).scalar_one()
    listed = select(*_COLUMNS).where(*selected).order_by(log_ins.c.id.desc()).offset(offset).limit(limit)
    return tuple(NewLogIn(**row) for row in connection.execute(listed).mappings()), total


def delete_log_ins(connection: Connection, before: datetime) -> None:
    connection.execute(delete(log_ins).where(log_ins.c.at < before))


def delete_oldest_log_ins(connection: Connection, kind: str, *, keep: int) -> None:
    """Of one kind, all but the newest `keep`."""
    newest = select(log_ins.c.id).where(log_ins.c.kind == kind).order_by(log_ins.c.id.desc())
    last_gone = newest.offset(keep).limit(1).scalar_subquery()
    connection.execute(delete(log_ins).where(log_ins.c.kind == kind, log_ins.c.id <= last_gone))


def _selected(selection: LogInSelection) -> list[ColumnElement[bool]]:
    selected: list[ColumnElement[bool]] = []
    if selection.account:
        selected.append(log_ins.c.account == selection.account)
    if selection.kind:
        selected.append(log_ins.c.kind == selection.kind)
    return selected

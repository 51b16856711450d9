"""Who came in by a password, a token or a key, and who was refused: each way in once a day.

A note says the name of an account and never what somebody typed in its place, which may be a password.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from matou.caching import SizedCache
from matou.db import log_ins as rows
from matou.db import users
from matou.db.engine import Connection
from matou.db.log_ins import LogInSelection, NewLogIn
from matou.errors import Phrase
from matou.forge.access import Administrator
from matou.forge.accounts.audit import INTERFACE_PHRASES, Interface
from matou.forge.forge import Forge
from matou.forge.login_throttle import network_of
from matou.forge.pending_writes import PendingWrites

MOST_REMEMBERED: Final = 20_000
MOST_OF_ONE_A_DAY: Final = 200
"""That one process notes of one account, of those who came in and of those who were refused: nobody hides others'."""

MOST_OF_NOBODY_A_DAY: Final = 5_000
"""Of those who were refused and named no account."""

KEPT_FOR: Final = timedelta(days=400)
MOST_REFUSALS: Final = 200_000
"""That are kept, some 40 MB: whoever asks from a million addresses fills no disk."""


class LogInKind(StrEnum):
    """By what somebody came in, or that they did not."""

    PASSWORD = "password"  # noqa: S105 - a word
    TOKEN = "token"  # noqa: S105 - a word
    KEY = "key"
    REFUSED = "refused"


_KIND_PHRASES: Final[Mapping[LogInKind, Phrase]] = MappingProxyType(
    {
        LogInKind.PASSWORD: Phrase("came in by a password"),
        LogInKind.TOKEN: Phrase("came in by a token"),
        LogInKind.KEY: Phrase("came in by a key"),
        LogInKind.REFUSED: Phrase("somebody was refused"),
    }
)


@dataclass(frozen=True, slots=True)
class ShownLogIn:
    """As NewLogIn, with phrases for words of ours; those that a newer Matou wrote stand as they are."""

    at: datetime
    account: str
    what: Phrase | str
    key: str
    interface: Phrase | str
    address: str


@dataclass(frozen=True, slots=True)
class _LogInOfDay:
    """What is one way. `network` is what counts as one address."""

    day: date
    kind: LogInKind
    account: str
    key: str
    interface: Interface
    network: str


class LogIns(PendingWrites[_LogInOfDay, tuple[datetime, str]]):
    """What was noted a moment ago, with when and from which address, and what was noted today."""

    failure_event = "log_ins_not_written"
    written_after = timedelta(seconds=2)

    def __init__(self) -> None:
        super().__init__()
        self._noted = SizedCache[_LogInOfDay, bool](MOST_REMEMBERED)
        self._counting = threading.Lock()
        self._day = self._swept = date.min
        self._counts = Counter[tuple[bool, str]]()

    def merged(self, one: tuple[datetime, str], other: tuple[datetime, str]) -> tuple[datetime, str]:
        return min(one, other)

    def write(self, connection: Connection, pending: Mapping[_LogInOfDay, tuple[datetime, str]]) -> None:
        noted = sorted(pending.items(), key=lambda pair: pair[1])
        new = [NewLogIn(at, way.account, way.kind, way.interface, address, way.key) for way, (at, address) in noted]
        rows.insert_log_ins(connection, new)
        if new[-1].at.date() != self._swept:
            rows.delete_log_ins(connection, new[-1].at - KEPT_FOR)
            rows.delete_oldest_log_ins(connection, LogInKind.REFUSED, keep=MOST_REFUSALS)
            self._swept = new[-1].at.date()

    def is_new(self, way: _LogInOfDay) -> bool:
        """Whether it is to be noted: the first of its kind today, and not one too many."""
        counted = (way.kind is LogInKind.REFUSED, way.account)
        with self._counting:
            if way.day != self._day:
                self._day, self._counts = way.day, Counter()
            is_too_much = self._counts[counted] >= (MOST_OF_ONE_A_DAY if way.account else MOST_OF_NOBODY_A_DAY)
            if is_too_much or self._noted.get(way) is not None:
                return False
            self._counts[counted] += 1
            self._noted.put(way, True)  # noqa: FBT003
            return True


def note_log_in(
    forge: Forge, account: str, kind: LogInKind, interface: Interface, *, address: str, key: str = ""
) -> None:
    """Waits for nothing but a lock in memory. A deploy key belongs to no account."""
    now, memory = forge.now(), forge.memory(LogIns)
    way = _LogInOfDay(now.date(), kind, account, key, interface, network_of(address))
    if memory.is_new(way):
        memory.note(forge.database, way, (now, address))


def note_refusal(forge: Forge, login: str, interface: Interface, *, address: str) -> None:
    """Args: login: as it was typed; it is noted where an account is called so."""
    name = ""
    if login:
        with forge.database.begin_read() as connection:
            found = users.find_user_to_log_in(connection, login)
        name = "" if found is None else found[0].name
    note_log_in(forge, name, LogInKind.REFUSED, interface, address=address)


def read_log_ins(
    forge: Forge, administrator: Administrator, *, account: str = "", kind: str = "", offset: int, limit: int
) -> tuple[tuple[ShownLogIn, ...], int]:
    """The newest first, and how many there are in all; of one account, or one kind."""
    del administrator  # that there is one is all that is asked
    selection = LogInSelection(account, kind)
    with forge.database.begin_read() as connection:
        found, total = rows.list_log_ins(connection, selection, offset=offset, limit=limit)
    return tuple(_shown(each) for each in found), total


def _shown(row: NewLogIn) -> ShownLogIn:
    is_known, is_known_interface = row.kind in set(LogInKind), row.interface in set(Interface)
    return ShownLogIn(
        at=row.at,
        account=row.account,
        what=_KIND_PHRASES[LogInKind(row.kind)] if is_known else row.kind,
        key=row.key,
        interface=INTERFACE_PHRASES[Interface(row.interface)] if is_known_interface else row.interface,
        address=row.address,
    )

"""Who is told, as matou.toml says: its [[notify]]."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from matou.cli.config import SourceTable, read_tables
from matou.cli.configured_sources import name_of_source
from matou.cli.durations import read_duration
from matou.credentials import Secret
from matou.errors import Invalid, NotFound, Phrase
from matou.settings import Settings
from matou.transfer.notices.notice import NoticeEvent
from matou.transfer.notices.recipient import (
    SECRETS_OF,
    MailAddressing,
    MailSecurity,
    NoticeKind,
    Recipient,
    SecretPart,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_PORTS: Final = {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.NONE: 25}
_BY_URL: Final = frozenset({NoticeKind.WEBHOOK, NoticeKind.NTFY})

FindSecret = Callable[[str, SecretPart], Secret | None]
"""Gives a secret of a recipient, by its name."""


class NotifyTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"sender": "from", "events": "on"}):
    """One that is told, as matou.toml has it. No secret is in it."""

    kind: NoticeKind
    name: str = ""
    events: tuple[Literal["failure", "recovery", "old", "weekly"], ...] = ("failure", "recovery", "old", "weekly")
    sources: tuple[str, ...] = ()
    language: Literal["en", "zh"] | None = None
    max_age: str = ""
    url: str = ""
    server: str = ""
    port: int | None = None
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    sender: str = ""
    to: str | tuple[str, ...] = ()


class NotifyTables(msgspec.Struct, frozen=True):
    """What notices need of the file."""

    source: tuple[SourceTable, ...] = ()
    notify: tuple[NotifyTable, ...] = ()


def read_notify_tables(path: Path) -> NotifyTables:
    """Raises NotFound, Invalid."""
    try:
        return read_tables(path, NotifyTables)
    except FileNotFoundError as error:
        raise NotFound("there is no {path}", path=path) from error


def recipients_of(tables: NotifyTables, settings: Settings, secret: FindSecret) -> tuple[Recipient, ...]:
    """Raises Invalid."""
    known = {name_of_source(table) for table in tables.source} | {"verify"}
    found = tuple(_recipient(table, known, settings, secret) for table in tables.notify)
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise Invalid(
            "several [[notify]] are called {name}", name=repr(twice[0]), advice="give each a name of its own: name = …"
        )
    return found


def _recipient(table: NotifyTable, known: set[str], settings: Settings, secret: FindSecret) -> Recipient:
    name = table.name or table.kind.value
    if not _NAME.fullmatch(name):
        raise _unusable(name, Phrase("its name has other characters than letters, digits, - and _"))
    for source in table.sources:
        if source not in known:
            raise _unusable(name, Phrase("there is no source {name}", name=repr(source)))
    _require_address(table, name)
    return Recipient(
        name,
        table.kind,
        frozenset(map(NoticeEvent, table.events)),
        table.language or settings.language,
        lambda part: secret(name, part) if part in SECRETS_OF[table.kind] else None,
        table.sources,
        table.url,
        _mail(table, name) if table.kind is NoticeKind.MAIL else None,
        read_duration(table.max_age, "max_age") if table.max_age else None,
    )


def _require_address(table: NotifyTable, name: str) -> None:
    if table.kind in _BY_URL and not table.url:
        raise _unusable(name, Phrase("{name} is missing", name="url"))
    if table.kind not in _BY_URL and table.url:
        raise Invalid(
            "the address of {name} is a secret, and does not belong into the file",
            name=name,
            advice="take url out, and keep it with: matou notify login {name}",
        )


def _mail(table: NotifyTable, name: str) -> MailAddressing:
    to = (table.to,) if isinstance(table.to, str) and table.to else tuple(table.to)
    fields: Sequence[tuple[str, object]] = (("server", table.server), ("from", table.sender), ("to", to))
    for field, value in fields:
        if not value:
            raise _unusable(name, Phrase("{name} is missing", name=field))
    port = table.port or _PORTS[table.security]
    return MailAddressing(table.server, port, table.security, table.user, table.sender, to)


def _unusable(name: str, fault: Phrase) -> Invalid:
    return Invalid("[[notify]] {name} cannot be used: {fault}", name=repr(name), fault=fault)

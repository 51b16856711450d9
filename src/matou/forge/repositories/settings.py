"""What is set for one repository: read at every turn, changed by whoever may."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from matou.db import settings, users
from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.db.settings import StoredSettings
from matou.db.users import UserId
from matou.forge.access import Authorized, MayChangeSettings, MaySeeSettings
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.forge import Forge
from matou.forge.push.patterns import compile_pattern
from matou.forge.repositories.events import record_event
from matou.model.decodable import decodable
from matou.model.decoding_faults import fault_of_shape
from matou.model.events import EventKind
from matou.model.repository_settings import RepositorySettings, UnusableSetting, names_of

LARGEST_ID = 2**63

S = TypeVar("S", bound=RepositorySettings)


def read_settings(forge: Forge, granted: Authorized[Repository, MaySeeSettings], kind: type[S]) -> S:
    """What was set, and the defaults of what was not."""
    return applied_settings(forge, granted.subject, kind)


def applied_settings(forge: Forge, repository: Repository, kind: type[S]) -> S:
    """As `read_settings`, for what acts by them, whoever asks, and shows them to nobody."""
    return forge.answers.recall(("settings", repository.id, kind), lambda: _read_settings(forge, repository, kind))


def stored_settings(
    forge: Forge, granted: Authorized[Repository, MaySeeSettings], kind: type[RepositorySettings]
) -> StoredSettings | None:
    """The row itself, for its id and times; None where nothing of this kind was ever set."""
    with forge.database.begin_read() as connection:
        return settings.find_settings(connection, granted.subject.id, kind)


def change_settings(
    forge: Forge, granted: Authorized[Repository, MayChangeSettings], kind: type[S], **changes: object
) -> S:
    """Set some of the fields of a kind; all of them or, if one is refused, none.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        UnusableSetting: a field has a value that it cannot have, or names somebody who is not there.
        UnusablePattern: a pattern that cannot be one.
    """
    unknown = changes.keys() - names_of(kind)
    if unknown:
        raise UnusableSetting("{kind} has no {name}", kind=kind.kind, name=", ".join(sorted(unknown)))
    if not changes:
        return read_settings(forge, granted, kind)
    with forge.database.begin_write() as connection:
        changed = _change(connection, forge, granted.subject, kind, changes)
        details = {"settings": kind.kind, "changed": sorted(changes)}
        record_event(
            connection, granted.subject.id, granted.identity.user, EventKind.SETTINGS_CHANGED, details, forge.now()
        )
        detail = f"{kind.kind}: {', '.join(sorted(changes))}"
        record_act(connection, forge, granted.identity, AuditAction.CHANGE_SETTINGS, str(granted.subject.path), detail)
    return changed


def _read_settings(forge: Forge, repository: Repository, kind: type[S]) -> S:
    with forge.database.begin_read() as connection:
        return settings.read_settings(connection, repository.id, kind)


def _change(
    connection: Connection, forge: Forge, repository: Repository, kind: type[S], changes: Mapping[str, object]
) -> S:
    now = forge.now()
    _require_usable(connection, changes)
    stored = settings.lock_settings(connection, repository.id, kind, now)
    document = {**stored.document, **msgspec.to_builtins(changes)}
    changed = _converted(kind, document)
    settings.write_document(connection, stored.id, document, now)
    return changed


def _converted(kind: type[S], document: Mapping[str, object]) -> S:
    try:
        return msgspec.convert(document, decodable(kind))
    except msgspec.ValidationError as error:
        raise UnusableSetting("{kind} cannot be so: {reason}", kind=kind.kind, reason=fault_of_shape(error)) from None


def _require_usable(connection: Connection, changes: Mapping[str, object]) -> None:
    """What the type of a field cannot say: patterns compile, people are there."""
    for name, value in changes.items():
        if name.endswith("_regex") and isinstance(value, str):
            compile_pattern(value)
        if name.endswith("_ids") and isinstance(value, tuple):
            _require_people(connection, name, value)


def _require_people(connection: Connection, name: str, ids: tuple[int, ...]) -> None:
    for user_id in ids:
        if not 0 < user_id < LARGEST_ID or users.find_user(connection, UserId(user_id)) is None:
            raise UnusableSetting("{name}: there is no account {id}", name=name, id=user_id)

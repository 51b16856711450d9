"""Rows that hold what was set for a repository: one JSON document a kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.repositories import RepositoryId
from matou.db.schema import repository_settings
from matou.errors import Damaged
from matou.model.decodable import decodable
from matou.model.decoding_faults import fault_of_shape
from matou.model.repository_settings import RepositorySettings

S = TypeVar("S", bound=RepositorySettings)


class DamagedSettings(Damaged):
    """A stored document is not what its kind can be."""


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """`document` may hold keys that this version does not know: they are to be kept."""

    id: int
    document: Mapping[str, object]
    created_at: datetime
    updated_at: datetime


_OF_REPOSITORY = and_(
    repository_settings.c.repository_id == bindparam("of_repository"),
    repository_settings.c.kind == bindparam("of_kind"),
)
_FIND = select(*(repository_settings.c[name] for name in StoredSettings.__slots__)).where(_OF_REPOSITORY)


def read_settings(connection: Connection, repository_id: RepositoryId, kind: type[S]) -> S:
    """What was set, and the defaults of what was not. Raises DamagedSettings."""
    stored = find_settings(connection, repository_id, kind)
    return kind() if stored is None else settings_of(kind, stored.document)


def find_settings(
    connection: Connection, repository_id: RepositoryId, kind: type[RepositorySettings]
) -> StoredSettings | None:
    """None where nothing of this kind was ever set."""
    key = {"of_repository": repository_id, "of_kind": kind.kind}
    row = connection.execute(_FIND, key).mappings().one_or_none()
    return None if row is None else _stored_of(row)


def lock_settings(
    connection: Connection, repository_id: RepositoryId, kind: type[RepositorySettings], now: datetime
) -> StoredSettings:
    """What is stored, made where it is not, and held until the transaction ends: nobody changes it in between."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    key = {"repository_id": repository_id, "kind": kind.kind}
    made = dialect.insert(repository_settings).values(**key, document="{}", created_at=now, updated_at=now)
    connection.execute(made.on_conflict_do_nothing(index_elements=list(key)))
    held = {"of_repository": repository_id, "of_kind": kind.kind}
    return _stored_of(connection.execute(_FIND.with_for_update(), held).mappings().one())


def write_document(connection: Connection, settings_id: int, document: Mapping[str, object], now: datetime) -> None:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    row = repository_settings.c.id == settings_id
    connection.execute(update(repository_settings).where(row).values(document=text, updated_at=now))


def settings_of(kind: type[S], document: Mapping[str, object]) -> S:
    """Raises DamagedSettings."""
    try:
        return msgspec.convert(document, decodable(kind))
    except msgspec.ValidationError as error:
        raise DamagedSettings(
            "the stored {kind} cannot be read: {reason}", kind=kind.kind, reason=fault_of_shape(error)
        ) from error


def _stored_of(row: RowMapping) -> StoredSettings:
    return StoredSettings(**{**row, "document": json.loads(row["document"])})

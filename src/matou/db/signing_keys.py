"""Rows of the public keys with which accounts sign their commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, bindparam, delete, insert, select, true, update

from matou.db.schema import signing_keys, users
from matou.db.users import UserId
from matou.model.names import folded

SigningKeyId = NewType("SigningKeyId", int)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`certificate` is the armored key, `fingerprint` that of its primary part."""

    id: SigningKeyId
    user_id: UserId
    fingerprint: str
    certificate: str
    created_at: datetime


_COLUMNS = [signing_keys.c[name] for name in SigningKey.__slots__]
_BY_FINGERPRINT = select(*_COLUMNS).where(signing_keys.c.fingerprint == bindparam("fingerprint"))
_OF_USER = select(*_COLUMNS).where(signing_keys.c.user_id == bindparam("user_id")).order_by(signing_keys.c.id)
_OF_EMAIL = (
    select(signing_keys.c.certificate)
    .join(users, users.c.id == signing_keys.c.user_id)
    .where(users.c.folded_email == bindparam("email"), users.c.active == true())
    .order_by(signing_keys.c.id)
)


def insert_signing_key(
    connection: Connection, user_id: UserId, fingerprint: str, certificate: str, created_at: datetime
) -> SigningKey:
    """Raises UniqueViolation where somebody has this key."""
    statement = insert(signing_keys).values(
        user_id=user_id, fingerprint=fingerprint, certificate=certificate, created_at=created_at
    )
    return SigningKey(**connection.execute(statement.returning(*_COLUMNS)).mappings().one())


def find_signing_key(connection: Connection, fingerprint: str) -> SigningKey | None:
    row = connection.execute(_BY_FINGERPRINT, {"fingerprint": fingerprint}).mappings().one_or_none()
    return None if row is None else SigningKey(**row)


def list_signing_keys(connection: Connection, user_id: UserId) -> tuple[SigningKey, ...]:
    return tuple(SigningKey(**row) for row in connection.execute(_OF_USER, {"user_id": user_id}).mappings())


def certificates_of(connection: Connection, email: str) -> tuple[str, ...]:
    """The keys of the active account that has this e-mail."""
    return tuple(connection.execute(_OF_EMAIL, {"email": folded(email)}).scalars())


def set_certificate(connection: Connection, key_id: SigningKeyId, certificate: str) -> SigningKey:
    statement = update(signing_keys).where(signing_keys.c.id == key_id).values(certificate=certificate)
    return SigningKey(**connection.execute(statement.returning(*_COLUMNS)).mappings().one())


def delete_signing_key(connection: Connection, user_id: UserId, key_id: SigningKeyId) -> bool:
    """Say whether this account had one with this id."""
    mine = (signing_keys.c.id == key_id) & (signing_keys.c.user_id == user_id)
    return connection.execute(delete(signing_keys).where(mine)).rowcount > 0

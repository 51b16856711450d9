"""Rows of tokens. Only the SHA-256 of a token is known here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from matou.db.namespaces import NamespaceId
from matou.db.schema import namespaces, tokens, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.model.names import NamespacePath

TokenId = NewType("TokenId", int)


@dataclass(frozen=True, slots=True)
class NewToken:
    user_id: UserId
    name: str
    digest: str
    scopes: str
    only_namespace_id: NamespaceId | None
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """What may be shown of a token.

    Attributes:
        scopes: separated by spaces.
        last_used_at: to within some time; None where it never was.
    """

    id: TokenId
    user_id: UserId
    name: str
    scopes: str
    only_namespace_id: NamespaceId | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenHolder:
    token: Token
    user: User
    only_below: NamespacePath | None


_PUBLIC = [tokens.c[name] for name in Token.__slots__]
_HOLDERS = (
    select(
        *(column.label(f"token_{column.name}") for column in _PUBLIC),
        namespaces.c.path.label("only_below"),
        *PUBLIC_COLUMNS,
    )
    .join(users, users.c.id == tokens.c.user_id)
    .outerjoin(namespaces, namespaces.c.id == tokens.c.only_namespace_id)
)
_BY_DIGEST = _HOLDERS.where(tokens.c.digest == bindparam("digest"))


def insert_token(connection: Connection, new: NewToken) -> Token:
    values = {name: getattr(new, name) for name in NewToken.__slots__}
    return _token_of(connection.execute(insert(tokens).values(**values).returning(*_PUBLIC)).mappings().one(), "")


def find_token_holder(connection: Connection, digest: str) -> TokenHolder | None:
    row = connection.execute(_BY_DIGEST, {"digest": digest}).mappings().one_or_none()
    return None if row is None else _holder_of(row)


def list_holders(connection: Connection) -> tuple[TokenHolder, ...]:
    return tuple(_holder_of(row) for row in connection.execute(_HOLDERS.order_by(tokens.c.id)).mappings())


def list_tokens(connection: Connection, user_id: UserId) -> tuple[Token, ...]:
    rows = connection.execute(select(*_PUBLIC).where(tokens.c.user_id == user_id).order_by(tokens.c.id)).mappings()
    return tuple(_token_of(row, "") for row in rows)


def set_last_used(connection: Connection, uses: Mapping[TokenId, datetime]) -> None:
    for token_id, last_used_at in sorted(uses.items()):
        connection.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=last_used_at))


def delete_token(connection: Connection, token_id: TokenId) -> bool:
    """Say whether there was one."""
    return connection.execute(delete(tokens).where(tokens.c.id == token_id)).rowcount > 0


def _holder_of(row: RowMapping) -> TokenHolder:
    only_below = None if row["only_below"] is None else NamespacePath.parse(row["only_below"])
    return TokenHolder(_token_of(row, "token_"), user_of(row), only_below)


def _token_of(row: RowMapping, prefix: str) -> Token:
    return Token(**{name: row[prefix + name] for name in Token.__slots__})

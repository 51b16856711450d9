"""Tokens: 40 hexadecimal digits that stand for a user, or for a project, with bounds on what they are good for."""

import re
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from matou.credentials import GitCredential, Secret
from matou.db import memberships, tokens, users
from matou.db.engine import Connection
from matou.db.memberships import Role
from matou.db.namespaces import Namespace, NamespaceId
from matou.db.tokens import NewToken, Token, TokenHolder, TokenId
from matou.db.users import NewUser, User, UserKind, may_log_in
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Authorized, Identity, MayAdminister, MayManageAccount, MaySeeAccount, Scope
from matou.forge.accounts.audit import AuditAction, record_act_on_another
from matou.forge.accounts.read_grants import digest_of, find_grant
from matou.forge.accounts.users import refuse_while_slowed
from matou.forge.forge import Forge
from matou.forge.pending_writes import PendingWrites
from matou.model.names import folded

PROJECT_SCOPES = frozenset({Scope.PROJECT_READ, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE})

USED_WITHIN = timedelta(hours=1)
"""How far behind `last_used_at` may be: each write makes the server ask its database anew what it remembered."""

_TOKEN = re.compile(r"[0-9a-f]{40}\Z")
_ROBOT_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class TokenUses(PendingWrites[TokenId, datetime]):
    """When tokens were used last."""

    failure_event = "token_uses_not_written"

    def merged(self, one: datetime, other: datetime) -> datetime:
        return max(one, other)

    def write(self, connection: Connection, pending: Mapping[TokenId, datetime]) -> None:
        tokens.set_last_used(connection, pending)


class NoSuchToken(NotFound):
    """It is not there, or it is somebody else's."""


def create_token(
    forge: Forge,
    granted: Authorized[User, MayManageAccount],
    name: str,
    *,
    scopes: Collection[Scope] = ALL_SCOPES,
    expires_at: datetime | None = None,
) -> Secret:
    """It is shown this once: only its SHA-256 is kept."""
    return _create(
        forge, granted.identity, granted.subject, name, scopes=scopes, expires_at=expires_at, only_namespace_id=None
    )


def create_project_token(
    forge: Forge,
    granted: Authorized[Namespace, MayAdminister],
    name: str,
    *,
    scopes: Collection[Scope] = PROJECT_SCOPES,
    expires_at: datetime | None = None,
) -> GitCredential:
    """A user name (`pt` and 10 characters) and a secret that are good for one namespace and what is below it."""
    robot = _create_robot(forge, granted.subject, name)
    secret = _create(
        forge,
        granted.identity,
        robot,
        name,
        scopes=scopes,
        expires_at=expires_at,
        only_namespace_id=granted.subject.id,
    )
    return GitCredential(robot.name, secret)


def resolve_token(forge: Forge, secret: Secret, *, login: str | None = None, address: str = "") -> Identity | None:
    """Whom a token stands for; None if it is unknown, revoked or expired, or its user is not active.

    Args:
        login: a user name that came with it, as in Basic authentication: it must then be the token's own user's
            name or e-mail. Give None where none came or where the name says nothing.
        address: where the request comes from; unknown tokens count as failures of it.

    Raises:
        TooManyFailures: it is good for nothing, and there were too many such tokens from this address.
    """
    digest = digest_of(secret) if looks_like_token(secret) else None
    if digest is not None and (granted := find_grant(forge, digest)) is not None:
        return granted
    found = None if digest is None else _find_holder(forge, digest)
    if found is None or not _is_good(forge, found[0], login):
        # Whoever has a good token is never slowed: what others guess behind the same proxy is not their fault.
        refuse_while_slowed(forge, "", address)
        forge.failures.failed("", address, exists=False, tried=secret, now=forge.now())
        return None
    _note_use(forge, found[0].token)
    return found[1]


def identity_of_digest(forge: Forge, digest: str) -> Identity | None:
    """Whom the token of a digest stands for, as a link of ours names it; None where it is good no longer."""
    granted = find_grant(forge, digest)
    if granted is not None:
        return granted
    found = _find_holder(forge, digest)
    if found is None or not _is_good(forge, found[0], None):
        return None
    _note_use(forge, found[0].token)
    return found[1]


def looks_like_token(secret: Secret) -> bool:
    """Whether it has a token's form, so that what is plainly a password need not be looked up as one."""
    return _TOKEN.match(secret.reveal()) is not None


def list_tokens(forge: Forge, granted: Authorized[User, MaySeeAccount]) -> tuple[Token, ...]:
    """In the order in which they were made."""
    forge.memory(TokenUses).flush()
    with forge.database.begin_read() as connection:
        return tokens.list_tokens(connection, granted.subject.id)


def all_tokens(forge: Forge) -> tuple[TokenHolder, ...]:
    """Everybody's, in the order in which they were made, with whose each is."""
    with forge.database.begin_read() as connection:
        return tokens.list_holders(connection)


def revoke_token(forge: Forge, granted: Authorized[User, MayManageAccount], token_id: TokenId) -> None:
    """The next request with it is refused, in every process. Raises NoSuchToken where it is not this account's."""
    with forge.database.begin_write() as connection:
        own = {token.id for token in tokens.list_tokens(connection, granted.subject.id)}
        if token_id not in own or not tokens.delete_token(connection, token_id):
            raise NoSuchToken("{user} has no such token", user=granted.subject.name)
        record_act_on_another(
            connection, forge, granted.identity, granted.subject, AuditAction.REVOKE_TOKEN, str(token_id)
        )


def _create(
    forge: Forge,
    identity: Identity,
    user: User,
    name: str,
    *,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    only_namespace_id: NamespaceId | None,
) -> Secret:
    secret = Secret(secrets.token_hex(20))
    new = NewToken(
        user_id=user.id,
        name=name,
        digest=digest_of(secret),
        scopes=" ".join(sorted(scopes)),
        only_namespace_id=only_namespace_id,
        created_at=forge.now(),
        expires_at=expires_at,
    )
    with forge.database.begin_write() as connection:
        tokens.insert_token(connection, new)
        record_act_on_another(connection, forge, identity, user, AuditAction.ADD_TOKEN, name)
    return secret


def _create_robot(forge: Forge, namespace: Namespace, name: str) -> User:
    new = NewUser(
        name="pt" + "".join(secrets.choice(_ROBOT_CHARACTERS) for _ in range(10)),
        email="",
        display_name=name,
        kind=UserKind.ROBOT,
        password_hash=None,
        admin=False,
        created_at=forge.now(),
    )
    with forge.database.begin_write() as connection:
        robot = users.insert_user(connection, new)
        memberships.set_membership(connection, namespace.id, robot.id, Role.DEVELOPER, new.created_at)
    return robot


def _find_holder(forge: Forge, digest: str) -> tuple[TokenHolder, Identity] | None:
    return forge.answers.recall(("holder", digest), lambda: _look_up_holder(forge, digest))


def _look_up_holder(forge: Forge, digest: str) -> tuple[TokenHolder, Identity] | None:
    with forge.database.begin_read() as connection:
        holder = tokens.find_token_holder(connection, digest)
    if holder is None:
        return None
    scopes = frozenset(Scope(scope) for scope in holder.token.scopes.split())
    return holder, Identity(holder.user, scopes, holder.only_below)


def _note_use(forge: Forge, token: Token) -> None:
    if token.last_used_at is None or forge.now() - token.last_used_at >= USED_WITHIN:
        forge.memory(TokenUses).note(forge.database, token.id, forge.now())


def _is_good(forge: Forge, holder: TokenHolder, login: str | None) -> bool:
    expires_at = holder.token.expires_at
    if expires_at is not None and expires_at <= forge.now():
        return False
    return may_log_in(holder.user) and (login is None or _is_login_of(login, holder.user))


def _is_login_of(login: str, user: User) -> bool:
    names = {folded(user.name), folded(user.email)} - {""}
    return folded(login) in names

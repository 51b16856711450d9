"""Keys with which accounts, and machines for one repository, come in by SSH: registered, listed, and whose one is."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from matou.credentials import Secret
from matou.credentials.ssh_public_keys import SshPublicKey, UnusableSshKey, read_ssh_public_key
from matou.db import ssh_keys as rows
from matou.db.engine import Connection, ForeignKeyViolation, UniqueViolation
from matou.db.repositories import Repository
from matou.db.ssh_keys import NewSshKey, SshKey, SshKeyId
from matou.db.users import User, may_log_in
from matou.errors import Conflict, NotFound
from matou.forge.access import (
    Authorized,
    DeployKey,
    Identity,
    MayManageAccount,
    MayManageMembers,
    MaySeeAccount,
    Scope,
    require_every_scope,
)
from matou.forge.accounts.audit import AuditAction, record_act, record_act_on_another
from matou.forge.accounts.users import refuse_while_slowed
from matou.forge.forge import Forge
from matou.forge.pending_writes import PendingWrites
from matou.model.names import folded

MOST_KEYS = 100
LONGEST_TITLE = 100
EVERYBODY = "git"
"""The user name that stands in addresses; the key says who it is."""

GIT_ALONE = frozenset({Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE})
"""What a key is good for, whatever its account may do besides."""

KEYS_WHILE_SLOWED = 3
"""How many an address may try at once from where much was tried in vain."""

USED_WITHIN = timedelta(hours=1)
"""How far behind `last_used_at` may be, as of tokens."""


class SshKeyTaken(Conflict):
    """An account or a repository has this key: it could not tell who comes."""


class NoSuchSshKey(NotFound):
    """It is not there, or it is another's."""


class SshKeyUses(PendingWrites[SshKeyId, datetime]):
    """When keys were used last."""

    failure_event = "ssh_key_uses_not_written"

    def merged(self, one: datetime, other: datetime) -> datetime:
        return max(one, other)

    def write(self, connection: Connection, pending: Mapping[SshKeyId, datetime]) -> None:
        rows.set_last_used(connection, pending)


def add_ssh_key(forge: Forge, granted: Authorized[User, MayManageAccount], text: str, title: str = "") -> SshKey:
    """Let in whoever has the private part, as this account.

    Args:
        text: the public part, as a line of `id_….pub`.
        title: what people call it; the line's own comment where it is empty.

    Raises:
        MissingScope: a token that may not do everything, which the key would outlive.
        UnusableSshKey: it is no public key, or none that is good enough, or the account has too many.
        SshKeyTaken: an account or a repository has it.
    """
    require_every_scope(granted.identity)
    key, user = read_ssh_public_key(text), granted.subject
    new = NewSshKey(user.id, None, _title(title, key), key.line, key.fingerprint, writes=True, created_at=forge.now())
    try:
        with forge.database.begin_write() as connection:
            _require_room(len(rows.list_ssh_keys(connection, user_id=user.id)))
            record_act_on_another(connection, forge, granted.identity, user, AuditAction.ADD_SSH_KEY, key.fingerprint)
            return rows.insert_ssh_key(connection, new)
    except UniqueViolation as error:
        raise _taken(key) from error
    except ForeignKeyViolation as error:
        raise NotFound("there is no account {name}", name=repr(user.name)) from error


def ssh_keys(forge: Forge, granted: Authorized[User, MaySeeAccount]) -> tuple[SshKey, ...]:
    """In the order in which they were added."""
    forge.memory(SshKeyUses).flush()
    with forge.database.begin_read() as connection:
        return rows.list_ssh_keys(connection, user_id=granted.subject.id)


def remove_ssh_key(forge: Forge, granted: Authorized[User, MayManageAccount], key_id: int) -> None:
    """What it would do next is refused, a push that has begun with it too. Raises NoSuchSshKey."""
    user = granted.subject
    with forge.database.begin_write() as connection:
        removed = _remove(connection, rows.list_ssh_keys(connection, user_id=user.id), key_id, user.name)
        record_act_on_another(
            connection, forge, granted.identity, user, AuditAction.REMOVE_SSH_KEY, removed.fingerprint
        )


def add_deploy_key(
    forge: Forge, granted: Authorized[Repository, MayManageMembers], text: str, title: str = "", *, writes: bool
) -> SshKey:
    """Let in whoever has the private part, to this repository alone and as nobody in particular; as `add_ssh_key`.

    Args:
        writes: it may push, too.
    """
    require_every_scope(granted.identity)
    key, repository = read_ssh_public_key(text), granted.subject
    title = _title(title, key)
    new = NewSshKey(None, repository.id, title, key.line, key.fingerprint, writes=writes, created_at=forge.now())
    try:
        with forge.database.begin_write() as connection:
            _require_room(len(rows.list_ssh_keys(connection, repository_id=repository.id)))
            record_act(
                connection, forge, granted.identity, AuditAction.ADD_DEPLOY_KEY, str(repository.path), key.fingerprint
            )
            return rows.insert_ssh_key(connection, new)
    except UniqueViolation as error:
        raise _taken(key) from error
    except ForeignKeyViolation as error:
        raise NotFound("there is no repository {path}", path=repr(str(repository.path))) from error


def deploy_keys(forge: Forge, granted: Authorized[Repository, MayManageMembers]) -> tuple[SshKey, ...]:
    """In the order in which they were added."""
    forge.memory(SshKeyUses).flush()
    with forge.database.begin_read() as connection:
        return rows.list_ssh_keys(connection, repository_id=granted.subject.id)


def remove_deploy_key(forge: Forge, granted: Authorized[Repository, MayManageMembers], key_id: int) -> None:
    """As `remove_ssh_key`."""
    path = str(granted.subject.path)
    with forge.database.begin_write() as connection:
        removed = _remove(
            connection, rows.list_ssh_keys(connection, repository_id=granted.subject.id), key_id, repr(path)
        )
        record_act(connection, forge, granted.identity, AuditAction.REMOVE_DEPLOY_KEY, path, removed.fingerprint)


def identity_of_key(forge: Forge, fingerprint: str, *, login: str = EVERYBODY) -> Identity | None:
    """Whom a key stands for: its account, or the repository that it opens; None where it opens nothing now.

    Args:
        login: the user name that came with it, which is everybody's, or that of the key's own account.
    """
    found = forge.answers.recall(("ssh key", fingerprint), lambda: _look_up(forge, fingerprint))
    if found is None:
        return None
    key, user = found
    if user is None:
        return _identity_of_repository(key) if login == EVERYBODY else None
    if not may_log_in(user) or (login != EVERYBODY and folded(login) != folded(user.name)):
        return None
    return Identity(user, GIT_ALONE)


def note_use_of_key(forge: Forge, fingerprint: str) -> None:
    """That somebody came in with it. Waits for nothing but what is known already."""
    found = forge.answers.recall(("ssh key", fingerprint), lambda: _look_up(forge, fingerprint))
    if found is not None and (found[0].last_used_at is None or forge.now() - found[0].last_used_at >= USED_WITHIN):
        forge.memory(SshKeyUses).note(forge.database, found[0].id, forge.now())


def refuse_unknown_key(forge: Forge, *, tried: int, address: str) -> None:
    """To be asked after each key that opens nothing. Raises TooManyFailures, where it was one too many from there.

    Somebody's right key may be the third that their agent offers, and what others try there is not their fault.
    """
    if tried >= KEYS_WHILE_SLOWED:
        refuse_while_slowed(forge, "", address)


def note_failed_keys(forge: Forge, fingerprints: Collection[str], *, address: str) -> None:
    """Somebody has gone without a key that opens anything: one failure of that address, and the same again none."""
    forge.failures.failed("", address, exists=False, tried=Secret(" ".join(sorted(fingerprints))), now=forge.now())


def no_such_ssh_key(whose: str, key_id: int) -> NoSuchSshKey:
    return NoSuchSshKey("{account} has no SSH key {id}", account=whose, id=key_id)


def _look_up(forge: Forge, fingerprint: str) -> tuple[SshKey, User | None] | None:
    with forge.database.begin_read() as connection:
        return rows.find_ssh_key(connection, fingerprint)


def _identity_of_repository(key: SshKey) -> Identity | None:
    if key.repository_id is None:
        return None
    scopes = {Scope.REPOSITORY_READ, *((Scope.REPOSITORY_WRITE,) if key.writes else ())}
    return Identity(
        None, frozenset(scopes), deploy_key=DeployKey(key.repository_id, key.fingerprint, writes=key.writes)
    )


def _remove(connection: Connection, held: tuple[SshKey, ...], key_id: int, whose: str) -> SshKey:
    match = next((key for key in held if key.id == key_id), None)
    if match is None or not rows.delete_ssh_key(connection, match.id):
        raise no_such_ssh_key(whose, key_id)
    return match


def _require_room(held: int) -> None:
    if held >= MOST_KEYS:
        raise UnusableSshKey("there are {most} SSH keys at most", most=MOST_KEYS)


def _title(title: str, key: SshPublicKey) -> str:
    """One line, and something in any case."""
    text = " ".join(title.split()) or key.comment or key.fingerprint
    return "".join(character for character in text if character.isprintable())[:LONGEST_TITLE]


def _taken(key: SshPublicKey) -> SshKeyTaken:
    return SshKeyTaken(
        "the key {fingerprint} is in use here already",
        fingerprint=key.fingerprint,
        advice="give each account and each repository a key of its own",
    )

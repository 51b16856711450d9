"""What was done to accounts, roles, namespaces and the settings of repositories: who, what, to what, and from where.

A use case notes it in the transaction that does it, so that it is noted if and only if it was done, whichever way
it came: pages, an API, the command line. Nothing changes a note. What somebody does to their own account, and what
is written into repositories, is none of this.
"""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from matou.db import audit_log
from matou.db.audit_log import AuditEntry, NewAuditEntry
from matou.db.engine import Connection
from matou.db.users import User
from matou.errors import Phrase
from matou.forge.access import Administrator, Identity
from matou.forge.forge import Forge

LONGEST_TEXT = 1000


class Interface(StrEnum):
    """By which way something came, as it is stored."""

    PAGES = "pages"
    API = "api"
    COMMAND_LINE = "command_line"
    HTTP = "http"
    SSH = "ssh"


INTERFACE_PHRASES: Mapping[Interface, Phrase] = MappingProxyType(
    {
        Interface.PAGES: Phrase("at a page"),
        Interface.API: Phrase("by an API"),
        Interface.COMMAND_LINE: Phrase("at the command line"),
        Interface.HTTP: Phrase("by git or an API"),
        Interface.SSH: Phrase("by SSH"),
    }
)


@dataclass(frozen=True, slots=True)
class ActOrigin:
    """Where a request came from; `address` is empty at the command line."""

    interface: Interface
    address: str = ""


AT_COMMAND_LINE: Final = ActOrigin(Interface.COMMAND_LINE)
_origin: ContextVar[ActOrigin | None] = ContextVar("origin", default=None)


class AuditAction(StrEnum):
    """What was done, as it is stored."""

    FIRST_ACCOUNT = "first_account"
    ADD_ACCOUNT = "add_account"
    SET_PASSWORD = "set_password"  # noqa: S105
    SET_EMAIL = "set_email"
    DISABLE_ACCOUNT = "disable_account"
    ENABLE_ACCOUNT = "enable_account"
    DELETE_ACCOUNT = "delete_account"
    MAKE_ADMINISTRATOR = "make_administrator"
    UNMAKE_ADMINISTRATOR = "unmake_administrator"
    END_SESSIONS = "end_sessions"
    ADD_TOKEN = "add_token"  # noqa: S105
    REVOKE_TOKEN = "revoke_token"  # noqa: S105
    ADD_KEY = "add_key"
    REMOVE_KEY = "remove_key"
    ADD_SSH_KEY = "add_ssh_key"
    REMOVE_SSH_KEY = "remove_ssh_key"
    ADD_DEPLOY_KEY = "add_deploy_key"
    REMOVE_DEPLOY_KEY = "remove_deploy_key"
    ADD_NAMESPACE = "add_namespace"
    CHANGE_NAMESPACE = "change_namespace"
    RENAME_NAMESPACE = "rename_namespace"
    DELETE_NAMESPACE = "delete_namespace"
    SET_ROLE = "set_role"
    REMOVE_ROLE = "remove_role"
    ADD_CUSTOMIZED_ROLE = "add_customized_role"
    DELETE_CUSTOMIZED_ROLE = "delete_customized_role"
    SET_MEMBER_MODE = "set_member_mode"
    CHANGE_REPOSITORY = "change_repository"
    CHANGE_SETTINGS = "change_settings"
    ARCHIVE_REPOSITORY = "archive_repository"
    UNARCHIVE_REPOSITORY = "unarchive_repository"
    TRANSFER_REPOSITORY = "transfer_repository"
    DELETE_REPOSITORY = "delete_repository"
    RETRY_JOB = "retry_job"
    CANCEL_JOB = "cancel_job"


AUDIT_PHRASES: Mapping[AuditAction, Phrase] = MappingProxyType(
    {
        AuditAction.FIRST_ACCOUNT: Phrase("made the first account"),
        AuditAction.ADD_ACCOUNT: Phrase("made an account"),
        AuditAction.SET_PASSWORD: Phrase("set another password"),
        AuditAction.SET_EMAIL: Phrase("set another e-mail address"),
        AuditAction.DISABLE_ACCOUNT: Phrase("disabled an account"),
        AuditAction.ENABLE_ACCOUNT: Phrase("enabled an account"),
        AuditAction.DELETE_ACCOUNT: Phrase("deleted an account"),
        AuditAction.MAKE_ADMINISTRATOR: Phrase("made somebody an administrator"),
        AuditAction.UNMAKE_ADMINISTRATOR: Phrase("took an administrator's rights"),
        AuditAction.END_SESSIONS: Phrase("signed somebody out everywhere"),
        AuditAction.ADD_TOKEN: Phrase("made a token"),
        AuditAction.REVOKE_TOKEN: Phrase("revoked a token"),
        AuditAction.ADD_KEY: Phrase("added a signing key"),
        AuditAction.REMOVE_KEY: Phrase("removed a signing key"),
        AuditAction.ADD_SSH_KEY: Phrase("added an SSH key"),
        AuditAction.REMOVE_SSH_KEY: Phrase("removed an SSH key"),
        AuditAction.ADD_DEPLOY_KEY: Phrase("added a deploy key"),
        AuditAction.REMOVE_DEPLOY_KEY: Phrase("removed a deploy key"),
        AuditAction.ADD_NAMESPACE: Phrase("made a namespace"),
        AuditAction.CHANGE_NAMESPACE: Phrase("changed a namespace"),
        AuditAction.RENAME_NAMESPACE: Phrase("renamed a namespace"),
        AuditAction.DELETE_NAMESPACE: Phrase("deleted a namespace"),
        AuditAction.SET_ROLE: Phrase("gave a role"),
        AuditAction.REMOVE_ROLE: Phrase("took a role"),
        AuditAction.ADD_CUSTOMIZED_ROLE: Phrase("made a customized role"),
        AuditAction.DELETE_CUSTOMIZED_ROLE: Phrase("deleted a customized role"),
        AuditAction.SET_MEMBER_MODE: Phrase("changed which roles count in a repository"),
        AuditAction.CHANGE_REPOSITORY: Phrase("changed a repository"),
        AuditAction.CHANGE_SETTINGS: Phrase("changed settings"),
        AuditAction.ARCHIVE_REPOSITORY: Phrase("archived a repository"),
        AuditAction.UNARCHIVE_REPOSITORY: Phrase("reopened a repository"),
        AuditAction.TRANSFER_REPOSITORY: Phrase("moved a repository"),
        AuditAction.DELETE_REPOSITORY: Phrase("deleted a repository"),
        AuditAction.RETRY_JOB: Phrase("had a job tried again"),
        AuditAction.CANCEL_JOB: Phrase("cancelled a job"),
    }
)


@dataclass(frozen=True, slots=True)
class ShownAuditEntry:
    """`what` and `interface` are phrases of ours, or what is stored where this Matou does not know it."""

    at: datetime
    who: str
    what: str
    subject: str
    detail: str
    interface: str
    address: str


@contextmanager
def acting_from(interface: Interface, address: str) -> Iterator[None]:
    """What is noted in this thread meanwhile came so."""
    token = _origin.set(ActOrigin(interface, address))
    try:
        yield
    finally:
        _origin.reset(token)


def record_act(
    connection: Connection, forge: Forge, identity: Identity, action: AuditAction, subject: str, detail: str = ""
) -> None:
    """Note what is done, in the transaction that does it. The operator goes by the name that the machine knows."""
    user, origin = identity.user, _origin.get() or AT_COMMAND_LINE
    operator = _operator_name() if identity.is_operator else ""
    entry = NewAuditEntry(
        at=forge.now(),
        actor_id=None if user is None else user.id,
        actor_name=operator if user is None else user.name,
        action=action,
        subject=_storable(subject),
        detail=_storable(detail),
        interface=origin.interface,
        address=origin.address,
    )
    audit_log.insert_entry(connection, entry)


def record_act_on_another(
    connection: Connection, forge: Forge, identity: Identity, account: User, action: AuditAction, detail: str = ""
) -> None:
    """As `record_act`, of somebody's tokens, keys and sessions: what they do with their own is theirs."""
    if identity.user is None or identity.user.id != account.id:
        record_act(connection, forge, identity, action, account.name, detail)


def read_audit(
    forge: Forge, administrator: Administrator, *, who: str = "", offset: int, limit: int
) -> tuple[tuple[ShownAuditEntry, ...], int]:
    """The newest first, and how many there are in all; `who` for what one of that name did."""
    del administrator  # that there is one is all that is asked
    with forge.database.begin_read() as connection:
        entries, total = audit_log.list_entries(connection, actor_name=who, offset=offset, limit=limit)
    return tuple(_shown(entry) for entry in entries), total


def _operator_name() -> str:
    """Of whom the process belongs to; its number where no name is known."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _storable(text: str) -> str:
    # A branch's name may hold what is not UTF-8, as surrogates, which no database takes.
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode()


def _shown(entry: AuditEntry) -> ShownAuditEntry:
    is_known, is_known_interface = entry.action in set(AuditAction), entry.interface in set(Interface)
    return ShownAuditEntry(
        at=entry.at,
        who=entry.actor_name,
        what=AUDIT_PHRASES[AuditAction(entry.action)] if is_known else entry.action,
        subject=entry.subject,
        detail=entry.detail,
        interface=INTERFACE_PHRASES[Interface(entry.interface)] if is_known_interface else entry.interface,
        address=entry.address,
    )

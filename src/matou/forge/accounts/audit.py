"""What administrators did at the server's pages: noted once it is done, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from matou.db import audit_log
from matou.db.audit_log import AuditEntry, NewAuditEntry
from matou.errors import Phrase
from matou.forge.access import Administrator, Identity
from matou.forge.forge import Forge

LONGEST_TEXT = 1000


class AuditAction(StrEnum):
    """What was done, as it is stored."""

    FIRST_ACCOUNT = "first_account"
    ADD_ACCOUNT = "add_account"
    SET_PASSWORD = "set_password"  # noqa: S105
    DISABLE_ACCOUNT = "disable_account"
    ENABLE_ACCOUNT = "enable_account"
    DELETE_ACCOUNT = "delete_account"
    MAKE_ADMINISTRATOR = "make_administrator"
    UNMAKE_ADMINISTRATOR = "unmake_administrator"
    END_SESSIONS = "end_sessions"
    REVOKE_TOKEN = "revoke_token"  # noqa: S105
    ADD_NAMESPACE = "add_namespace"
    CHANGE_NAMESPACE = "change_namespace"
    RENAME_NAMESPACE = "rename_namespace"
    DELETE_NAMESPACE = "delete_namespace"
    SET_ROLE = "set_role"
    REMOVE_ROLE = "remove_role"
    CHANGE_REPOSITORY = "change_repository"
    CHANGE_SETTINGS = "change_settings"
    ARCHIVE_REPOSITORY = "archive_repository"
    UNARCHIVE_REPOSITORY = "unarchive_repository"
    TRANSFER_REPOSITORY = "transfer_repository"
    DELETE_REPOSITORY = "delete_repository"


AUDIT_PHRASES: Mapping[AuditAction, Phrase] = MappingProxyType(
    {
        AuditAction.FIRST_ACCOUNT: Phrase("made the first account"),
        AuditAction.ADD_ACCOUNT: Phrase("made an account"),
        AuditAction.SET_PASSWORD: Phrase("set another password"),
        AuditAction.DISABLE_ACCOUNT: Phrase("disabled an account"),
        AuditAction.ENABLE_ACCOUNT: Phrase("enabled an account"),
        AuditAction.DELETE_ACCOUNT: Phrase("deleted an account"),
        AuditAction.MAKE_ADMINISTRATOR: Phrase("made somebody an administrator"),
        AuditAction.UNMAKE_ADMINISTRATOR: Phrase("took an administrator's rights"),
        AuditAction.END_SESSIONS: Phrase("signed somebody out everywhere"),
        AuditAction.REVOKE_TOKEN: Phrase("revoked a token"),
        AuditAction.ADD_NAMESPACE: Phrase("made a namespace"),
        AuditAction.CHANGE_NAMESPACE: Phrase("changed a namespace"),
        AuditAction.RENAME_NAMESPACE: Phrase("renamed a namespace"),
        AuditAction.DELETE_NAMESPACE: Phrase("deleted a namespace"),
        AuditAction.SET_ROLE: Phrase("gave a role"),
        AuditAction.REMOVE_ROLE: Phrase("took a role"),
        AuditAction.CHANGE_REPOSITORY: Phrase("changed a repository"),
        AuditAction.CHANGE_SETTINGS: Phrase("changed settings"),
        AuditAction.ARCHIVE_REPOSITORY: Phrase("archived a repository"),
        AuditAction.UNARCHIVE_REPOSITORY: Phrase("reopened a repository"),
        AuditAction.TRANSFER_REPOSITORY: Phrase("moved a repository"),
        AuditAction.DELETE_REPOSITORY: Phrase("deleted a repository"),
    }
)


@dataclass(frozen=True, slots=True)
class ShownAuditEntry:
    """`what` is a phrase of ours, or the stored word where a later Matou wrote one that this one does not know."""

    at: datetime
    who: str
    what: str
    subject: str
    detail: str


def record_audit(forge: Forge, identity: Identity, action: AuditAction, subject: str, detail: str = "") -> None:
    """Note what an administrator has done; what others do in what is theirs is not noted here."""
    if identity.user is None or not identity.user.admin:
        return
    entry = NewAuditEntry(
        at=forge.now(),
        actor_id=identity.user.id,
        actor_name=identity.user.name,
        action=action,
        subject=subject[:LONGEST_TEXT],
        detail=detail[:LONGEST_TEXT],
    )
    with forge.database.begin_write() as connection:
        audit_log.insert_entry(connection, entry)


def read_audit(
    forge: Forge, administrator: Administrator, *, offset: int, limit: int
) -> tuple[tuple[ShownAuditEntry, ...], int]:
    """The newest first, and how many there are in all."""
    del administrator  # that there is one is all that is asked
    with forge.database.begin_read() as connection:
        entries, total = audit_log.list_entries(connection, offset=offset, limit=limit)
    return tuple(_shown(entry) for entry in entries), total


def _shown(entry: AuditEntry) -> ShownAuditEntry:
    is_known = entry.action in set(AuditAction)
    what = AUDIT_PHRASES[AuditAction(entry.action)] if is_known else entry.action
    return ShownAuditEntry(entry.at, entry.actor_name, what, entry.subject, entry.detail)

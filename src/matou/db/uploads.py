"""Rows of uploaded files: each is a blob under a name, of one repository."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from matou.db.repositories import RepositoryId
from matou.db.schema import uploads
from matou.db.users import UserId


@dataclass(frozen=True, slots=True)
class Upload:
    id: UUID
    repository_id: RepositoryId
    user_id: UserId | None
    name: str
    blob: str
    size_bytes: int
    created_at: datetime


_COLUMNS = [uploads.c[name] for name in Upload.__slots__]


def insert_upload(connection: Connection, new: Upload) -> None:
    """Raises ForeignKeyViolation where there is no such repository."""
    values = {name: getattr(new, name) for name in Upload.__slots__}
    connection.execute(insert(uploads).values({**values, "id": str(new.id)}))


def find_upload(connection: Connection, repository_id: RepositoryId, upload_id: UUID) -> Upload | None:
    """None where there is none, or it is another repository's."""
    chosen = (uploads.c.id == str(upload_id), uploads.c.repository_id == repository_id)
    row = connection.execute(select(*_COLUMNS).where(*chosen)).mappings().one_or_none()
    return None if row is None else Upload(**{**row, "id": UUID(row["id"])})

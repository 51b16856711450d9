"""The tables of repositories whose packs lie in a bucket; they are a part of `schema`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from matou.db.column_types import Moment
from matou.db.table_metadata import metadata

bucket_repositories = Table(
    "bucket_repositories",
    metadata,
    Column("storage_key", Text, primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("object_format", Text, nullable=False),
)

# A ref's name is bytes to git: not every one is text.
bucket_refs = Table(
    "bucket_refs",
    metadata,
    Column("storage_key", Text, ForeignKey("bucket_repositories.storage_key", ondelete="CASCADE"), primary_key=True),
    Column("name", LargeBinary, primary_key=True),
    Column("target", Text, nullable=False),
    Column("peeled", Text),
)

# Without a foreign key: they are known before their repository is there, and until they are deleted after it is gone.
bucket_files = Table(
    "bucket_files",
    metadata,
    Column("storage_key", Text, primary_key=True),
    Column("upload", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(None, "state", "changed_at"),
)

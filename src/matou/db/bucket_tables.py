"""The tables of an archive whose bytes lie in a bucket; they are a part of `schema`."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text

from matou.db.column_types import Moment
from matou.db.table_metadata import metadata

bucket_repositories = Table(
    "bucket_repositories",
    metadata,
    Column("storage_key", Text, primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("object_format", Text, nullable=False),
    Column("shallow", LargeBinary),
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

# Of what a backup saved, and whatever else lies in a folder that no repository's row names.
bucket_folders = Table(
    "bucket_folders",
    metadata,
    Column("path", Text, primary_key=True),
    Column("storage_key", Text, nullable=False, unique=True),
    Column("generation", BigInteger, nullable=False),
    Column("is_mirror", Boolean, nullable=False),
)

archive_files = Table(
    "archive_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
)

# At most one row: where the archive's bytes are, and whether they are on their way.
archive_location = Table(
    "archive_location",
    metadata,
    Column("archive", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

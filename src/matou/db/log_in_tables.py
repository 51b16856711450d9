"""What is noted of who came in."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from matou.db.column_types import Moment
from matou.db.table_metadata import metadata

log_ins = Table(
    "log_ins",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("key", Text, nullable=False),
    Index(None, "at"),
    Index(None, "account", "id"),
    Index(None, "kind", "id"),
    sqlite_autoincrement=True,
)

"""What the tables are. A migration in `migrations/versions` makes them so; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from matou.db import bucket_tables
from matou.db.column_types import Moment, ReadableText
from matou.db.log_in_tables import log_ins
from matou.db.table_metadata import metadata

__all__ = ["bucket_tables", "log_ins", "metadata"]

HEAD_REVISION = "0017"
"""The newest migration, known here so that opening a database that is up to date need not load Alembic."""

# SQLite numbers rows by itself only if the column is exactly INTEGER. With `sqlite_autoincrement` it never gives a
# number twice: an id that somebody remembers must not come to mean another row.
_Id = BigInteger().with_variant(Integer(), "sqlite")


def _reference(column: str, target: str, *, on_delete: str, nullable: bool = False) -> Column[int]:
    return Column(column, _Id, ForeignKey(target, ondelete=on_delete), nullable=nullable)


users = Table(
    "users",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("folded_email", Text, unique=True),
    Column("display_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("password_hash", Text),
    Column("admin", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

namespaces = Table(
    "namespaces",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("parent_id", "namespaces.id", on_delete="NO ACTION", nullable=True),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("folded_path", Text, nullable=False, unique=True),
    Column("true_name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("icon", Text),
    Column("archived", Boolean, nullable=False),
    Column("source", Text),
    Column("source_id", Text),
    Column("created_at", Moment),
    Column("updated_at", Moment, nullable=False),
    _reference("creator_id", "users.id", on_delete="SET NULL", nullable=True),
    UniqueConstraint("source", "source_id"),
    Index(None, "parent_id"),
    sqlite_autoincrement=True,
)

repositories = Table(
    "repositories",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("namespace_id", "namespaces.id", on_delete="NO ACTION"),
    Column("path", Text, nullable=False),
    Column("folded_path", Text, nullable=False, unique=True),
    Column("true_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("default_branch", ReadableText),
    Column("archived", Boolean, nullable=False),
    Column("source", Text),
    Column("source_id", Text),
    Column("version_control", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Moment),
    Column("updated_at", Moment, nullable=False),
    Column("last_push_at", Moment),
    _reference("creator_id", "users.id", on_delete="SET NULL", nullable=True),
    Column("homepage", Text, nullable=False, server_default=""),
    Column("independent_members", Boolean, nullable=False, server_default=false()),
    Column("storage_key", Text),
    Column("generation", BigInteger),
    UniqueConstraint("source", "source_id"),
    Index(None, "namespace_id"),
    Index(None, "storage_key", unique=True),
    sqlite_autoincrement=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("namespace_id", _Id, ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", SmallInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("user_id", "users.id", on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    _reference("only_namespace_id", "namespaces.id", on_delete="CASCADE", nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Index(None, "user_id"),
    sqlite_autoincrement=True,
)

user_sessions = Table(
    "user_sessions",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("user_id", "users.id", on_delete="CASCADE"),
    Column("digest", Text, nullable=False, unique=True),
    Column("browser", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Index(None, "user_id"),
    Index(None, "last_seen_at"),
    sqlite_autoincrement=True,
)

user_preferences = Table(
    "user_preferences",
    metadata,
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, nullable=False),
    Column("theme", Text, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at", Moment, nullable=False),
    _reference("actor_id", "users.id", on_delete="SET NULL", nullable=True),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("interface", Text, nullable=False, server_default="pages"),
    Column("address", Text, nullable=False, server_default=""),
    Index(None, "actor_id"),
    Index(None, "actor_name", "id"),
    sqlite_autoincrement=True,
)

labels = Table(
    "labels",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("namespace_id", "namespaces.id", on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("color", Text, nullable=False),
    UniqueConstraint("namespace_id", "name"),
    sqlite_autoincrement=True,
)

lfs_objects = Table(
    "lfs_objects",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("oid", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
)

redirects = Table(
    "redirects",
    metadata,
    Column("folded_path", Text, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    Index(None, "repository_id"),
)

index_state = Table(
    "index_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("run", BigInteger, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
)

forks = Table(
    "forks",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    _reference("parent_id", "repositories.id", on_delete="SET NULL", nullable=True),
    Index(None, "parent_id"),
)

customized_roles = Table(
    "customized_roles",
    metadata,
    Column("id", Text, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("access_level", SmallInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("repository_id", "name"),
)

repository_members = Table(
    "repository_members",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", SmallInteger, nullable=False),
    Column("customized_role_id", Text, ForeignKey("customized_roles.id", ondelete="NO ACTION")),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
    Index(None, "customized_role_id"),
)

repository_settings = Table(
    "repository_settings",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    Column("kind", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("repository_id", "kind"),
    sqlite_autoincrement=True,
)

stars = Table(
    "stars",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
)

watches = Table(
    "watches",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    _reference("user_id", "users.id", on_delete="SET NULL", nullable=True),
    Column("kind", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "repository_id", "created_at", "id"),
    Index(None, "user_id"),
    sqlite_autoincrement=True,
)

download_days = Table(
    "download_days",
    metadata,
    Column("repository_id", _Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Text, primary_key=True),
    Column("downloads", BigInteger, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    _reference("user_id", "users.id", on_delete="SET NULL", nullable=True),
    Column("name", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "repository_id"),
    Index(None, "user_id"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("user_id", "users.id", on_delete="CASCADE"),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("certificate", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
    sqlite_autoincrement=True,
)

ssh_keys = Table(
    "ssh_keys",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("user_id", "users.id", on_delete="CASCADE", nullable=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE", nullable=True),
    Column("title", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("writes", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    CheckConstraint("(user_id IS NULL) <> (repository_id IS NULL)", name="ck_ssh_keys_owner"),
    Index(None, "user_id"),
    Index(None, "repository_id"),
    sqlite_autoincrement=True,
)

lfs_locks = Table(
    "lfs_locks",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE"),
    _reference("owner_id", "users.id", on_delete="CASCADE"),
    Column("path", Text, nullable=False),
    Column("path_sha256", Text, nullable=False),
    Column("locked_at", Moment, nullable=False),
    UniqueConstraint("repository_id", "path_sha256"),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,
)

metadata_repositories = Table(
    "metadata_repositories",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("repository_id", "repositories.id", on_delete="CASCADE", nullable=True),
    _reference("namespace_id", "namespaces.id", on_delete="CASCADE", nullable=True),
    Column("commit_id", Text, nullable=False),
    UniqueConstraint("repository_id"),
    UniqueConstraint("namespace_id"),
    sqlite_autoincrement=True,
)

participants = Table(
    "participants",
    metadata,
    Column("metadata_id", _Id, ForeignKey("metadata_repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("folded_login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Index(None, "metadata_id", "folded_login"),
)

items = Table(
    "items",
    metadata,
    Column("id", _Id, primary_key=True),
    _reference("metadata_id", "metadata_repositories.id", on_delete="CASCADE"),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("sort_number", BigInteger),
    Column("blob_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Text),
    Column("status_group", Text),
    Column("type", Text),
    Column("priority", Text),
    Column("author", Text),
    Column("milestone", Text),
    Column("iteration", Text),
    Column("parent", Text),
    Column("head_branch", Text),
    Column("base_branch", Text),
    Column("comment_count", Integer, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("gone_in", BigInteger),
    Column("created_at", Moment),
    Column("updated_at", Moment),
    Column("closed_at", Moment),
    Column("merged_at", Moment),
    UniqueConstraint("metadata_id", "kind", "number"),
    Index("ix_items_created", "metadata_id", "kind", "created_at", "number"),
    Index("ix_items_updated", "metadata_id", "kind", "updated_at", "number"),
    sqlite_autoincrement=True,
)

item_labels = Table(
    "item_labels",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
)

item_people = Table(
    "item_people",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("person", Text, primary_key=True),
)

item_links = Table(
    "item_links",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Text, primary_key=True),
    Index(None, "number"),
)

item_comments = Table(
    "item_comments",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _reference("metadata_id", "metadata_repositories.id", on_delete="CASCADE"),
    Column("kind", Text, nullable=False),
    Column("comment_id", Text, nullable=False),
    Column("author", Text),
    Column("created_at", Moment),
    Column("updated_at", Moment),
    Column("on_line", Boolean, nullable=False),
    Index("ix_item_comments_on_line", "metadata_id", "on_line", "created_at", "item_id", "position"),
    Index("ix_item_comments_created", "metadata_id", "kind", "created_at", "item_id", "position"),
    Index("ix_item_comments_updated", "metadata_id", "kind", "updated_at", "item_id", "position"),
    Index("ix_item_comments_identity", "metadata_id", "kind", "comment_id"),
)

item_files = Table(
    "item_files",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Index(None, "sha256"),
)

# PostgreSQL's alone has rows: the index of SQLite keeps no texts (db/item_search.py).
item_texts = Table(
    "item_texts",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
)

# With these any server can tell that a link was signed by one of them; each is there for some hours.
link_keys = Table(
    "link_keys",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("tried", Text, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Index(None, "account"),
    Index(None, "ends_at"),
)

# One row: who knows this migration may work on the database, whoever has migrated it since.
schema_compatibility = Table(
    "schema_compatibility",
    metadata,
    Column("oldest_revision", Text, primary_key=True),
)

"""What was said around the code: an index of metadata repositories, whose texts can be searched."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_subjects()
    _create_items()
    _create_parts_of_items()
    _create_comments()
    _create_search()


def _create_subjects() -> None:
    op.create_table(
        "metadata_repositories",
        sa.Column("id", ID, nullable=False),
        sa.Column("repository_id", ID, nullable=True),
        sa.Column("namespace_id", ID, nullable=True),
        sa.Column("commit_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_metadata_repositories_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["namespaces.id"],
            name="fk_metadata_repositories_namespace_id_namespaces",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_metadata_repositories"),
        sa.UniqueConstraint("repository_id", name="uq_metadata_repositories_repository_id"),
        sa.UniqueConstraint("namespace_id", name="uq_metadata_repositories_namespace_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "participants",
        sa.Column("metadata_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("folded_login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _of_metadata("participants"),
        sa.PrimaryKeyConstraint("metadata_id", "key", name="pk_participants"),
    )
    op.create_index("ix_participants_metadata_id_folded_login", "participants", ["metadata_id", "folded_login"])


def _create_items() -> None:
    op.create_table(
        "items",
        sa.Column("id", ID, nullable=False),
        sa.Column("metadata_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sort_number", sa.BigInteger(), nullable=True),
        sa.Column("blob_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("status", "status_group", "type", "priority")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("author", "milestone")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("iteration", "parent", "head_branch", "base_branch")),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("gone_in", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("created_at", "updated_at")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("closed_at", "merged_at")),
        _of_metadata("items"),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("metadata_id", "kind", "number", name="uq_items_metadata_id_kind_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_items_created", "items", ["metadata_id", "kind", "created_at", "number"])
    op.create_index("ix_items_updated", "items", ["metadata_id", "kind", "updated_at", "number"])


def _create_parts_of_items() -> None:
    for table, columns in (
        ("item_labels", ["name"]),
        ("item_people", ["role", "person"]),
        ("item_files", ["sha256", "name"]),
    ):
        op.create_table(
            table,
            sa.Column("item_id", ID, nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False) for name in columns),
            _of_item(table),
            sa.PrimaryKeyConstraint("item_id", *columns, name=f"pk_{table}"),
        )
    op.create_index("ix_item_files_sha256", "item_files", ["sha256"])


def _create_comments() -> None:
    op.create_table(
        "item_comments",
        sa.Column("item_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("metadata_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        _of_item("item_comments"),
        _of_metadata("item_comments"),
        sa.PrimaryKeyConstraint("item_id", "position", name="pk_item_comments"),
    )
    for name, column in (
        ("ix_item_comments_metadata_id_kind_created_at", "created_at"),
        ("ix_item_comments_updated", "updated_at"),
        ("ix_item_comments_identity", "comment_id"),
    ):
        op.create_index(name, "item_comments", ["metadata_id", "kind", column])


def _create_search() -> None:
    op.create_table(
        "item_texts",
        sa.Column("item_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _of_item("item_texts"),
        sa.PrimaryKeyConstraint("item_id", name="pk_item_texts"),
    )
    if op.get_bind().dialect.name == "sqlite":
        common = "USING fts5(text, content='', columnsize=0"
        op.execute(f"CREATE VIRTUAL TABLE item_trigrams {common}, tokenize='trigram')")
        tokens = "tokenize='unicode61 remove_diacritics 0'"
        op.execute(f"CREATE VIRTUAL TABLE item_short_terms {common}, detail='none', {tokens})")
    elif _has_trigrams():
        op.execute("CREATE INDEX ix_item_texts_text ON item_texts USING gin (text gin_trgm_ops)")


def _has_trigrams() -> bool:
    """Whether the extension is there or could be made: without it a search reads all texts, and finds the same."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError:
        return False
    return True


def _of_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=f"fk_{table}_item_id_items", ondelete="CASCADE")


def _of_metadata(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_metadata_id_metadata_repositories"
    return sa.ForeignKeyConstraint(["metadata_id"], ["metadata_repositories.id"], name=name, ondelete="CASCADE")

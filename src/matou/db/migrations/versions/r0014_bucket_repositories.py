"""Repositories in a bucket: their refs, the list of their packs, and a generation."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repositories", sa.Column("storage_key", sa.Text(), nullable=True))
    op.add_column("repositories", sa.Column("generation", sa.BigInteger(), nullable=True))
    op.create_index("ix_repositories_storage_key", "repositories", ["storage_key"], unique=True)
    op.create_table(
        "bucket_repositories",
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("object_format", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", name="pk_bucket_repositories"),
    )
    op.create_table(
        "bucket_refs",
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("peeled", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["storage_key"],
            ["bucket_repositories.storage_key"],
            name="fk_bucket_refs_storage_key_bucket_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("storage_key", "name", name="pk_bucket_refs"),
    )
    op.create_table(
        "bucket_files",
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("upload", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", "upload", "name", name="pk_bucket_files"),
    )
    op.create_index("ix_bucket_files_state_changed_at", "bucket_files", ["state", "changed_at"])

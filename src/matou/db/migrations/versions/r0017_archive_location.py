"""Where an archive's bytes are, and what of a bucket no repository's row names."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bucket_repositories", sa.Column("shallow", sa.LargeBinary(), nullable=True))
    op.create_table(
        "bucket_folders",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("is_mirror", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_bucket_folders"),
        sa.UniqueConstraint("storage_key", name="uq_bucket_folders_storage_key"),
    )
    op.create_table(
        "archive_files",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_archive_files"),
    )
    op.create_table(
        "archive_location",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name="pk_archive_location"),
    )

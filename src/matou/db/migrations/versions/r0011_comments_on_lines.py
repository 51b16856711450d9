"""Which comments stand on lines is told by the index: all others of a repository are pages of one list."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_comments", sa.Column("on_line", sa.Boolean(), nullable=False, server_default=sa.false()))
    columns = ["metadata_id", "on_line", "created_at", "item_id", "position"]
    op.create_index("ix_item_comments_on_line", "item_comments", columns)
    # What is indexed does not say it: all of it is indexed anew when the archive is opened next.
    op.execute("UPDATE metadata_repositories SET commit_id = ''")
    op.execute("DELETE FROM index_state")

"""Pages of the comments on all items are found in an index alone, however far down the list they are."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for before, after, column in (
        ("ix_item_comments_metadata_id_kind_created_at", "ix_item_comments_created", "created_at"),
        ("ix_item_comments_updated", "ix_item_comments_updated", "updated_at"),
    ):
        op.drop_index(before, "item_comments")
        op.create_index(after, "item_comments", ["metadata_id", "kind", column, "item_id", "position"])
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"DROP INDEX ix_newest_comments_{column}")
            columns = f"metadata_id, kind, {column} DESC NULLS LAST, item_id DESC, position DESC"
            op.execute(f"CREATE INDEX ix_newest_comments_{column} ON item_comments ({columns})")

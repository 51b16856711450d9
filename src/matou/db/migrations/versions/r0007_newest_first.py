"""What PostgreSQL needs to list the newest first without sorting all: what has no time stands last either way there."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite reads the other indexes backwards, whatever stands where nothing stands.
    if op.get_bind().dialect.name == "sqlite":
        return
    for column in ("created_at", "updated_at"):
        time = f"metadata_id, kind, {column} DESC NULLS LAST"
        op.execute(f"CREATE INDEX ix_newest_items_{column} ON items ({time}, number DESC)")
        op.execute(f"CREATE INDEX ix_newest_comments_{column} ON item_comments ({time})")

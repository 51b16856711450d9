"""Who came in, and who was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_ins",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_ins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_log_ins_at", "log_ins", ["at"])
    op.create_index("ix_log_ins_account_id", "log_ins", ["account", "id"])
    op.create_index("ix_log_ins_kind_id", "log_ins", ["kind", "id"])

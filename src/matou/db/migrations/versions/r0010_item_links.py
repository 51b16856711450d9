"""What change requests are linked with; those that are indexed already are looked at when they change."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_links",
        sa.Column(
            "item_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("items.id", name="fk_item_links_item_id_items", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "number", name="pk_item_links"),
    )
    op.create_index("ix_item_links_number", "item_links", ["number"])

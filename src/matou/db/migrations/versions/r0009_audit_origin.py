"""By which way something was done, and from which address; what was noted so far was done at the pages."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, before in (("interface", "pages"), ("address", "")):
        op.add_column("audit_log", sa.Column(name, sa.Text(), nullable=False, server_default=before))
    op.create_index("ix_audit_log_actor_name_id", "audit_log", ["actor_name", "id"])

"""What GitCode's repository API needs: settings, members of one repository, stars, events, downloads, uploads, keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _widen_repositories()
    _add_tables()


def _widen_repositories() -> None:
    op.add_column("repositories", sa.Column("homepage", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "repositories", sa.Column("independent_members", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def _add_tables() -> None:
    op.create_table(
        "forks",
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_forks_repository_id_repositories", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["repositories.id"], name="fk_forks_parent_id_repositories", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("repository_id", name="pk_forks"),
    )
    op.create_index("ix_forks_parent_id", "forks", ["parent_id"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_signing_keys_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        sa.UniqueConstraint("fingerprint", name="uq_signing_keys_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signing_keys_user_id", "signing_keys", ["user_id"], unique=False)
    op.create_table(
        "customized_roles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("access_level", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_customized_roles_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customized_roles"),
        sa.UniqueConstraint("repository_id", "name", name="uq_customized_roles_repository_id_name"),
    )
    op.create_table(
        "download_days",
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_download_days_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "day", name="pk_download_days"),
    )
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_events_repository_id_repositories", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_events_repository_id_created_at_id", "events", ["repository_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_events_user_id", "events", ["user_id"], unique=False)
    op.create_table(
        "repository_settings",
        sa.Column("id", ID, nullable=False),
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_repository_settings_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_repository_settings"),
        sa.UniqueConstraint("repository_id", "kind", name="uq_repository_settings_repository_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stars",
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_stars_repository_id_repositories", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_stars_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repository_id", "user_id", name="pk_stars"),
    )
    op.create_index("ix_stars_user_id", "stars", ["user_id"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_uploads_repository_id_repositories", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_uploads_user_id_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_repository_id", "uploads", ["repository_id"], unique=False)
    op.create_index("ix_uploads_user_id", "uploads", ["user_id"], unique=False)
    op.create_table(
        "watches",
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_watches_repository_id_repositories", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_watches_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repository_id", "user_id", name="pk_watches"),
    )
    op.create_index("ix_watches_user_id", "watches", ["user_id"], unique=False)
    op.create_table(
        "repository_members",
        sa.Column("repository_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("customized_role_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customized_role_id"],
            ["customized_roles.id"],
            name="fk_repository_members_customized_role_id_customized_roles",
            ondelete="NO ACTION",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_repository_members_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_repository_members_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "user_id", name="pk_repository_members"),
    )
    op.create_index(
        "ix_repository_members_customized_role_id", "repository_members", ["customized_role_id"], unique=False
    )
    op.create_index("ix_repository_members_user_id", "repository_members", ["user_id"], unique=False)

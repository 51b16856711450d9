"""What Alembic runs for each command: it migrates over the connection that it is given."""

from alembic import context

from matou.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

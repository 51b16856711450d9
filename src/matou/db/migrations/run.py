"""Runs Alembic from inside the program: there is no alembic.ini and no command of its own."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def run_migrations(connection: Connection, *, to: str = "head") -> None:
    """Go to the newest revision within the transaction that the connection is in: all of it, or nothing."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "matou.db:migrations")
    return config

"""Rows of how accounts want to see pages."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.schema import user_preferences
from matou.db.users import UserId


@dataclass(frozen=True, slots=True)
class UserPreferences:
    """Empty where the browser is to decide.

    Attributes:
        language: `zh` or `en`.
        theme: `light` or `dark`.
    """

    language: str = ""
    theme: str = ""


def read_preferences(connection: Connection, user_id: UserId) -> UserPreferences:
    """Those that were set; none where the account never set any."""
    chosen = select(user_preferences.c.language, user_preferences.c.theme).where(user_preferences.c.user_id == user_id)
    row = connection.execute(chosen).mappings().one_or_none()
    return UserPreferences() if row is None else UserPreferences(**row)


def set_preferences(connection: Connection, user_id: UserId, preferences: UserPreferences) -> None:
    """Raises ForeignKeyViolation where the account is gone."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"language": preferences.language, "theme": preferences.theme}
    statement = dialect.insert(user_preferences).values(user_id=user_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[user_preferences.c.user_id], set_=values))

"""How somebody wants to see pages: kept at their account, so that each of their browsers shows them so."""

from matou.db import user_preferences
from matou.db.user_preferences import UserPreferences
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import Authorized, MayManageAccount, MaySeeAccount
from matou.forge.forge import Forge
from matou.i18n import LANGUAGES

THEMES = frozenset({"light", "dark"})


class UnknownPreference(Invalid):
    """A language or a theme that no page has."""


def read_preferences(forge: Forge, granted: Authorized[User, MaySeeAccount]) -> UserPreferences:
    """What was chosen; empty where nothing was."""
    user_id = granted.subject.id
    return forge.answers.recall(("preferences", user_id), lambda: _read(forge, granted.subject))


def set_preferences(forge: Forge, granted: Authorized[User, MayManageAccount], preferences: UserPreferences) -> None:
    """Raises UnknownPreference."""
    for chosen, known in ((preferences.language, LANGUAGES), (preferences.theme, THEMES)):
        if chosen and chosen not in known:
            raise UnknownPreference("there is no {choice} to choose", choice=repr(chosen)[:50])
    with forge.database.begin_write() as connection:
        user_preferences.set_preferences(connection, granted.subject.id, preferences)


def _read(forge: Forge, user: User) -> UserPreferences:
    with forge.database.begin_read() as connection:
        return user_preferences.read_preferences(connection, user.id)

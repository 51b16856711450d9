"""Language and theme, kept in the browser, and at the account of whoever is signed in."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.user_preferences import UserPreferences
from matou.forge.accounts.preferences import THEMES, set_preferences
from matou.i18n import LANGUAGES
from matou.server.web.page import WebRequest
from matou.server.web.preferences import LANGUAGE, THEME
from matou.server.web.sessions import local_target

_A_YEAR: Final = 365 * 24 * 3600
_OFFERED: Final = ((LANGUAGE, LANGUAGES), (THEME, THEMES))


def keep_preferences(view: WebRequest, _words: tuple[str, ...]) -> Response:
    response = RedirectResponse(local_target(view.form.text("next")), 303)
    for name, known in _OFFERED:
        chosen = view.form.text(name)
        if chosen in known:
            response.set_cookie(
                name, chosen, max_age=_A_YEAR, httponly=True, samesite="lax", secure=view.base.startswith("https:")
            )
        elif name in view.form:
            response.delete_cookie(name)
    if view.visitor.session is not None:
        _keep_at_account(view)
    return response


def _keep_at_account(view: WebRequest) -> None:
    held = view.visitor.preferences
    language = view.form.text(LANGUAGE) if LANGUAGE in view.form else held.language
    theme = view.form.text(THEME) if THEME in view.form else held.theme
    set_preferences(view.forge, view.account, UserPreferences(language, theme))

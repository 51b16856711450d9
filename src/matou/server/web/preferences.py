"""Language and theme where no account says them: what somebody chose, in a cookie; else what the browser asks for."""

from collections.abc import Mapping
from typing import Final

from matou.forge.accounts.preferences import THEMES
from matou.i18n import LANGUAGES, language_among

LANGUAGE: Final = "language"
THEME: Final = "theme"


def language_of(cookies: Mapping[str, str], accepted: str) -> str:
    chosen = cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else language_among(accepted)


def theme_of(cookies: Mapping[str, str]) -> str:
    """Empty where the browser decides."""
    chosen = cookies.get(THEME, "")
    return chosen if chosen in THEMES else ""

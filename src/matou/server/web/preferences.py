"""Language and theme: what somebody chose, kept in a cookie of the browser's; else what the browser asks for."""

from collections.abc import Mapping
from typing import Final

from matou.i18n import LANGUAGES, language_among

LANGUAGE: Final = "language"
THEME: Final = "theme"
THEMES: Final = frozenset({"light", "dark"})


def language_of(cookies: Mapping[str, str], accepted: str) -> str:
    chosen = cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else language_among(accepted)


def theme_of(cookies: Mapping[str, str]) -> str:
    """Empty where the browser decides."""
    chosen = cookies.get(THEME, "")
    return chosen if chosen in THEMES else ""

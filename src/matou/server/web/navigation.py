"""The ways from a page to others: the menu of the site, and the tabs of a repository."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from matou.db.repositories import Repository
from matou.errors import Phrase
from matou.i18n import localize
from matou.server.web.addresses import SEPARATOR, page_url, past_address, subject_url


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """`current` where the page that is shown is the one, or below it."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class _Tab:
    label: Phrase
    word: str
    others: frozenset[str] = frozenset()


_TABS: Final = (
    _Tab(Phrase("Code"), "", frozenset({"tree", "blob"})),
    _Tab(Phrase("Commits"), "commits", frozenset({"commit", "compare"})),
    _Tab(Phrase("Branches"), "branches"),
    _Tab(Phrase("Tags"), "tags"),
)
_MENU: Final[tuple[_Tab, ...]] = ()


def tabs_of(repository: Repository, segments: tuple[str, ...]) -> list[NavigationLink]:
    word = _word_behind(segments)
    return [
        NavigationLink(
            localize(tab.label),
            subject_url(repository.path, *filter(None, (tab.word,))),
            word == tab.word or word in tab.others,
        )
        for tab in _TABS
    ]


def menu_of(segments: tuple[str, ...]) -> Iterable[NavigationLink]:
    first = segments[1] if segments[:1] == (SEPARATOR,) and len(segments) > 1 else None
    return [NavigationLink(localize(tab.label), page_url(tab.word), first == tab.word) for tab in _MENU]


def _word_behind(segments: tuple[str, ...]) -> str:
    """The first behind the separator, and behind the run that is looked at; empty on a front page."""
    words = segments[segments.index(SEPARATOR) + 1 :] if SEPARATOR in segments else ()
    return next(iter(words[1:] if past_address(segments) else words), "")

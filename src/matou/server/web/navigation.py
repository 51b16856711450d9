"""The ways from a page to others: the menu of the site, and the tabs of a repository."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import Phrase
from matou.forge.conversation.overview import SavedKinds
from matou.i18n import localize
from matou.model.names import NamespacePath
from matou.server.web.addresses import SEPARATOR, page_url, past_address, subject_url


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """`current` where the page that is shown is the one, or below it; `count` of what is there, if that is told."""

    label: str
    href: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class _Tab:
    """`kind` is what a backup must have brought any of, for the tab to be there; `states` of it are counted."""

    label: Phrase
    word: str
    others: frozenset[str] = frozenset()
    kind: str = ""
    states: tuple[str, ...] = ()


_SAVED_TABS: Final = (
    _Tab(
        Phrase("Issues"),
        "issues",
        frozenset({"milestones", "labels", "boards", "people", "announcements"}),
        kind="issue",
        states=("open",),
    ),
    _Tab(Phrase("Change requests"), "changes", kind="change", states=("open",)),
    _Tab(Phrase("Releases"), "releases", kind="release", states=("published", "draft")),
    _Tab(Phrase("Wiki"), "wiki", kind="wiki"),
)
_ISSUES_OF_PROJECT: Final = Phrase("Issues of the project")
_SETTINGS_TAB: Final = _Tab(Phrase("Settings"), "settings")
_TABS: Final = (
    _Tab(Phrase("Code"), "", frozenset({"tree", "blob", "blame", "history", "find"})),
    _Tab(Phrase("Commits"), "commits", frozenset({"commit", "compare"})),
    _Tab(Phrase("Branches"), "branches"),
    _Tab(Phrase("Tags"), "tags"),
    _Tab(Phrase("Statistics"), "statistics"),
    _Tab(Phrase("Events"), "events", frozenset({"protections", "hooks"})),
    _Tab(Phrase("Earlier states"), "kept"),
    *_SAVED_TABS,
    _SETTINGS_TAB,
)
_NAMESPACE_TABS: Final = (_Tab(Phrase("Repositories"), ""), *_SAVED_TABS, _SETTINGS_TAB)
_MENU: Final[tuple[_Tab, ...]] = (_Tab(Phrase("Backups"), "overview", frozenset({"runs"})),)


def tabs_of(
    subject: Repository | Namespace, segments: tuple[str, ...], saved: SavedKinds, *, hidden: Collection[str]
) -> list[NavigationLink]:
    """Args: hidden: words of those that lead nowhere for this viewer."""
    word = _word_behind(segments)
    return [
        NavigationLink(
            localize(tab.label),
            subject_url(subject.path, *filter(None, (tab.word,))),
            word == tab.word or word in tab.others,
            _count(tab, saved),
        )
        for tab in (_TABS if isinstance(subject, Repository) else _NAMESPACE_TABS)
        if tab.word not in hidden and (not tab.kind or tab.kind in saved.kinds)
    ]


def tabs_of_project(project: NamespacePath, saved: SavedKinds) -> list[NavigationLink]:
    """What stands at a repository's pages of the project that it belongs to."""
    if "issue" not in saved.kinds:
        return []
    count = _count(_SAVED_TABS[0], saved)
    return [NavigationLink(localize(_ISSUES_OF_PROJECT), subject_url(project, "issues"), current=False, count=count)]


def _count(tab: _Tab, saved: SavedKinds) -> int | None:
    """What is open; where nothing is, all that there is: what was merged and closed must not look lost."""
    if not tab.states or not saved.is_counted:
        return None
    shown = sum(saved.states.get((tab.kind, state), 0) for state in tab.states)
    return shown or sum(count for (kind, _state), count in saved.states.items() if kind == tab.kind)


def menu_of(segments: tuple[str, ...], *, hidden: Collection[str]) -> Iterable[NavigationLink]:
    first = segments[1] if segments[:1] == (SEPARATOR,) and len(segments) > 1 else None
    return [
        NavigationLink(localize(tab.label), page_url(tab.word), first == tab.word or first in tab.others)
        for tab in _MENU
        if tab.word not in hidden
    ]


def _word_behind(segments: tuple[str, ...]) -> str:
    """The first behind the separator, and behind the run that is looked at; empty on a front page."""
    words = segments[segments.index(SEPARATOR) + 1 :] if SEPARATOR in segments else ()
    return next(iter(words[1:] if past_address(segments) else words), "")

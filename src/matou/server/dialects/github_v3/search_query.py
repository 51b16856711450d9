"""What people look for in GitHub's words: `repo:OWNER/NAME is:issue state:open label:"bug" and words`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from matou.db.items import ItemQuery
from matou.db.repository_listings import RepositoryQuery
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.platform import Visibility
from matou.server.api.params import InvalidParameter

_WORD: Final = re.compile(r'(?P<sign>-?)(?:(?P<name>[a-z-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')
_KINDS: Final = {"issue": ISSUE.name, "pr": CHANGE.name, "pull-request": CHANGE.name}
_STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("open",),
    "closed": ("closed", "merged"),
    "merged": ("merged",),
    "unmerged": ("open", "closed"),
}
_IGNORED: Final = frozenset({"archived", "sort"})
"""What changes nothing where everything that was saved is archived, and the newest come first."""


@dataclass
class SearchWords:
    """A search as it was said.

    Attributes:
        words: what is looked for in texts.
        said: what was said of each name, such as `repo` and `label`, in order.
    """

    words: list[str] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)

    def one(self, *names: str) -> str:
        """What was said last; empty where nothing was."""
        return next((self.said[name][-1] for name in names if self.said.get(name)), "")


def read_search(text: str, known: frozenset[str]) -> SearchWords:
    """Raises InvalidParameter: something is said of a name that is not known here, or what is not wanted."""
    search = SearchWords()
    for word in _WORD.finditer(text):
        name, value = word["name"], word["quoted"] if word["quoted"] is not None else word["plain"]
        if name is None and not word["sign"]:
            search.words.append(f'"{value}"' if word["quoted"] is not None else value)
        elif word["sign"] or name not in known | _IGNORED:
            raise InvalidParameter("{word} cannot be looked for here", word=repr(word[0])[:100])
        else:
            search.said.setdefault(name, []).append(value)
    return search


ITEM_NAMES: Final = frozenset(
    {"repo", "is", "type", "state", "label", "author", "assignee", "head", "base", "review-requested", "in"}
)
REPOSITORY_NAMES: Final = frozenset({"user", "org", "owner", "is", "visibility", "fork", "in"})


def item_query(search: SearchWords) -> ItemQuery:
    """Of issues, pull requests or both. Raises InvalidParameter."""
    kinds: list[str] = []
    states: tuple[str, ...] | None = None
    for word in (*search.said.get("is", ()), *search.said.get("type", ()), *search.said.get("state", ())):
        if word in _KINDS:
            kinds.append(_KINDS[word])
        elif word in _STATES:
            states = _STATES[word]
        else:
            raise InvalidParameter("{word} cannot be looked for here", word=repr(word)[:100])
    kind, *others = dict.fromkeys(kinds or (ISSUE.name, CHANGE.name))
    return ItemQuery(
        kind=kind,
        with_kind=others[0] if others else "",
        states=states,
        labels=tuple(search.said.get("label", ())),
        author=search.one("author"),
        assignee=search.one("assignee"),
        reviewer=search.one("review-requested"),
        head_branch=search.one("head") or None,
        base_branch=search.one("base") or None,
    )


def repository_query(search: SearchWords) -> RepositoryQuery:
    """Those whose name or description has what was said, as it was said. Raises InvalidParameter."""
    said = (*search.said.get("is", ()), *search.said.get("visibility", ()))
    if any(word not in _VISIBILITIES for word in said):
        raise InvalidParameter("{word} cannot be looked for here", word=repr(said)[:100])
    forks = search.one("fork") or "true"
    if forks not in ("true", "false"):
        raise InvalidParameter("fork is true or false")
    return RepositoryQuery(
        search=" ".join(word.strip('"') for word in search.words),
        visibilities=_VISIBILITIES[said[-1]] if said else frozenset(Visibility),
        best_first=bool(search.words),
        forks=forks == "true",
    )


_VISIBILITIES: Final = {
    "public": frozenset({Visibility.PUBLIC}),
    "private": frozenset({Visibility.PRIVATE}),
    "internal": frozenset({Visibility.INTERNAL}),
}

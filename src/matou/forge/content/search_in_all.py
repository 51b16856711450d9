"""A search through all repositories that somebody may read, one after the other, until the time is over."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from matou.db.repositories import Repository
from matou.forge.access import Identity
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories
from matou.git.operations.grep import LONGEST_TEXT

MOST_REPOSITORIES: Final = 500
"""That are looked through for one question; the next hundreds are another one."""

F = TypeVar("F")


def is_searchable(text: str) -> bool:
    """One line, of two characters at least."""
    return 1 < len(text.strip()) <= LONGEST_TEXT and "\n" not in text and "\0" not in text


@dataclass(frozen=True, slots=True)
class SearchInAll(Generic[F]):
    """What was found before the time was over.

    Attributes:
        looked_at: how many repositories, and of how many.
    """

    found: Sequence[F]
    looked_at: int
    total: int


def search_in_all(
    forge: Forge,
    identity: Identity,
    text: str,
    look: Callable[[Repository, timedelta], F | None],
    *,
    first: int,
    most: int,
    wall: timedelta,
) -> SearchInAll[F]:
    """Look into each for as long as is left, till enough of them have something; into none for what is too short.

    Args:
        look: None where a repository has nothing, or it is not for this identity.
        first: how many repositories to leave out: those that were looked at before.

    Raises:
        MissingScope: the token was not made for this.
    """
    rows, total = visible_repositories(
        forge, identity, None, recursive=True, offset=first, limit=MOST_REPOSITORIES, name_filter=""
    )
    if not is_searchable(text):
        return SearchInAll((), 0, 0)
    ends, found, looked_at = time.monotonic() + wall.total_seconds(), list[F](), 0
    for row in rows:
        left = ends - time.monotonic()
        if left <= 0 or len(found) == most:
            break
        looked_at += 1
        one = look(row.subject, timedelta(seconds=left))
        if one is not None:
            found.append(one)
    return SearchInAll(tuple(found), first + looked_at, total)

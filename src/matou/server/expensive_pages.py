"""A guard for pages that cost the server work: blame, histories, comparisons, archives, searches.

Crawlers find each of them, for every file and every commit. So a part of the server's threads is theirs, a smaller part
that of whoever is not signed in; who finds no place even among those that wait is told to come back.
"""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from matou.concurrency import Busy, FairLimit
from matou.errors import Refused, TryLater
from matou.server.fair_queue import FairQueue
from matou.server.web.addresses import SEPARATOR, past_address

COME_BACK_AFTER: Final = timedelta(seconds=20)
_EXPENSIVE: Final = frozenset({"blame", "history", "compare", "archive", "search", "find"})
_TEXTS: Final = (".patch", ".diff")
_LISTS_OF_PAST: Final = frozenset({"issues", "changes", "releases", "milestones", "labels", "boards"})
"""Without an index, as of a run."""

_FILTERS: Final = frozenset({"author", "message"})


class TooManyExpensivePages(TryLater):
    """As many wait for such a page as may."""


class SignInNeeded(Refused):
    """The operator said that such pages are for people with an account."""


class ExpensivePages:
    """Places for those who are at work, and for those who wait.

    Args:
        sign_in_needed: whoever is not signed in gets none.
    """

    def __init__(self, *, sign_in_needed: bool = False) -> None:
        self._sign_in_needed = sign_in_needed
        self._of_people = FairLimit(64, each=16), FairQueue(4, each=2)
        self._of_anybody = FairLimit(16, each=8), FairQueue(2, each=1)

    @asynccontextmanager
    async def place(self, caller: Hashable, *, is_signed_in: bool) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Args:
            caller: who it is, as turns are counted.

        Raises:
            TooManyExpensivePages, SignInNeeded.
        """
        if self._sign_in_needed and not is_signed_in:
            raise SignInNeeded("sign in to see this page, which costs the server work")
        admitted, turns = self._of_people if is_signed_in else self._of_anybody
        try:
            with admitted.taken(caller):
                async with turns.taken(caller):
                    yield
        except Busy as busy:
            raise TooManyExpensivePages(
                "too many pages like this are asked for at once; come back a little later", wait=COME_BACK_AFTER
            ) from busy


def is_expensive(segments: Sequence[str], query: Mapping[str, str]) -> bool:
    """By the first word behind the separator, and of a list of commits by its filters and its path.

    A branch whose name has slashes looks like a path.
    """
    if SEPARATOR not in segments:
        return False
    place = segments.index(SEPARATOR) + (1 if past_address(segments) is None else 2)
    word = segments[place] if place < len(segments) else ""
    if word in _LISTS_OF_PAST:
        return past_address(segments) is not None
    has_path = len(segments) > place + 2
    is_text = word == "commit" and segments[-1].endswith(_TEXTS)
    return word in _EXPENSIVE or is_text or (word == "commits" and (has_path or not _FILTERS.isdisjoint(query)))

"""Which repositories of an owner at a Gitea nothing was said in since a time: one list tells of all of them."""

import threading
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from matou.errors import MatouError, Phrase
from matou.http.responses import Answer
from matou.platforms.base.lister import page_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.v5_metadata import Query
from matou.platforms.gitea.api import GiteaApi

PATH: Final = "/repos/issues/search"

MOST_PAGES: Final = 20
"""Where more has changed, each repository is asked for itself."""

MOST_SKEW: Final = timedelta(minutes=5)
"""Times of change are by the server's clock, and the last run's is by ours."""

_WHAT: Final = Phrase("issues and change requests that have changed")


class QuietRepositories:
    """Asks once for each owner. For several threads."""

    def __init__(self, api: GiteaApi, now: Clock) -> None:
        self._api = api
        self._now = now
        self._lock = threading.Lock()
        self._changed: dict[tuple[str, datetime], frozenset[str] | None] = {}

    def is_quiet(self, path: str, since: datetime) -> bool:
        """Args: path: `owner/name`."""
        owner, key = path.partition("/")[0], path.casefold()
        with self._lock:
            if (owner, since) not in self._changed:
                self._changed[owner, since] = self._ask(owner, since)
            changed = self._changed[owner, since]
        return changed is not None and key not in changed

    def _ask(self, owner: str, since: datetime) -> frozenset[str] | None:
        """The paths of those in which something was said; None where that is not certain."""
        found: set[str] = set()
        total, came = None, 0
        try:
            for number in range(1, MOST_PAGES + 1):
                answer = self._api.request("GET", PATH, query=self._query(owner, since, number), repeatable=True)
                page = page_of(self._api.parsed(answer), answer, name=_WHAT, totals=self._api.totals)
                if page.total is None or total not in (None, page.total) or self._is_off(answer):
                    return None
                total = page.total
                found.update(_path_in(row) for row in page.rows)
                came += len(page.rows)
                if came >= total:
                    return frozenset(found)
        except MatouError:
            return None
        return None

    def _query(self, owner: str, since: datetime, number: int) -> Query:
        sized = {"page": number, self._api.size_parameter: self._api.page_size}
        return {"state": "all", "owner": owner, "since": since, **sized}

    def _is_off(self, answer: Answer) -> bool:
        """Whether the server's clock is not ours, or nobody knows."""
        try:
            return abs(parsedate_to_datetime(answer.headers.get("date", "")) - self._now()) > MOST_SKEW
        except (TypeError, ValueError):
            return True


def _path_in(row: object) -> str:
    repository = row.get("repository") if isinstance(row, dict) else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name.casefold() if isinstance(name, str) else ""

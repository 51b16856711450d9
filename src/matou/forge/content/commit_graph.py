"""Which line of a history each commit of a page stands in, and where lines part and join: what a picture of it draws.

It goes by the commits that stand before the page, so that the lines of one page go on on the next. How far it has come
is remembered at each page's end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.history import EVERY_COMMIT, newest_commits
from matou.forge.forge import Forge
from matou.git.odb.objects import Commit, commit_to_list, open_repository
from matou.git.operations.history import CommitIds
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_WALKED: Final = 10_000
"""Commits before a page that are read for it; of a page that is further from one that is known there is no graph."""

MOST_LANES: Final = 500
"""Of a history with more lines than these side by side, the others are not followed."""

MOST_REMEMBERED_BYTES: Final = 4 * MEBIBYTE
_LANE_BYTES: Final = 100

Lanes = tuple[ObjectId | None, ...]
"""For each line of the history, from the left: the commit that comes next in it; None where there is no line."""


@dataclass(frozen=True, slots=True)
class GraphRow:
    """What is drawn beside one commit; lanes are numbered from 0 on.

    Attributes:
        lane: the commit's own.
        passing: lanes that go by.
        joining: lanes that end in the commit from above, its own one among them.
        leaving: lanes in which its parents come below.
    """

    lane: int
    passing: tuple[int, ...]
    joining: tuple[int, ...]
    leaving: tuple[int, ...]
    is_merge: bool

    @property
    def width(self) -> int:
        """How many lanes it reaches over."""
        return 1 + max((self.lane, *self.passing, *self.joining, *self.leaving))


class GraphCache:
    """The lanes behind a number of commits of a history; bounded by bytes."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self.lanes: SizedCache[tuple[RepositoryId, ObjectId, int], Lanes] = SizedCache(
            most_bytes, size_of=lambda lanes: _LANE_BYTES * (len(lanes) + 1)
        )


def commit_graph(
    forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId, *, offset: int, limit: int
) -> tuple[GraphRow, ...]:
    """Beside the page that `browse_commits` gives of the whole history; empty where too many commits stand before it.

    Raises:
        NoSuchCommit, HistoryTooLong: as `browse_commits`.
    """
    known, lanes = _nearest(forge, granted.subject, start, offset, limit)
    if offset - known > MOST_WALKED:
        return ()
    ids = newest_commits(forge, granted, start, EVERY_COMMIT, offset=offset, limit=limit).ids
    opened, remembered = open_repository(forge.git_dir(granted.subject)), forge.memory(GraphCache).lanes
    rows: Sequence[GraphRow] = ()
    for begin in range(known, offset + limit, limit):
        commits = [commit_to_list(opened, each) for each in ids.page(begin, limit)]
        rows, lanes = rows_of(commits, lanes, ids, begin)
        remembered.put((granted.subject.id, start, begin + limit), lanes)
    return tuple(rows)


def _nearest(forge: Forge, repository: Repository, start: ObjectId, offset: int, limit: int) -> tuple[int, Lanes]:
    """The last page's end before a place that is known, and the lanes there."""
    remembered = forge.memory(GraphCache).lanes
    for place in range(offset, max(offset - MOST_WALKED, 0), -limit):
        lanes = remembered.get((repository.id, start, place))
        if lanes is not None:
            return place, lanes
    return 0, ()


def rows_of(commits: Sequence[Commit], lanes: Lanes, ids: CommitIds, begin: int) -> tuple[tuple[GraphRow, ...], Lanes]:
    """The rows of commits that follow one another, and the lanes behind them.

    Args:
        lanes: those before the first.
        ids: the history that they are of; `begin` is the place of the first in it.
    """
    current, rows = list(lanes), []
    for place, commit in enumerate(commits, begin):
        rows.append(_row(commit, current, ids, place))
    return tuple(rows), tuple(current)


def _row(commit: Commit, lanes: list[ObjectId | None], ids: CommitIds, place: int) -> GraphRow:
    joining = tuple(number for number, expected in enumerate(lanes) if expected == commit.id)
    passing = tuple(number for number, expected in enumerate(lanes) if expected not in (None, commit.id))
    lane = joining[0] if joining else _free(lanes)
    for number in joining:
        lanes[number] = None
    leaving = tuple(dict.fromkeys(_placed(commit, lanes, lane, ids, place)))
    while lanes and lanes[-1] is None:
        lanes.pop()
    return GraphRow(lane, passing, joining, leaving, is_merge=len(commit.parents) > 1)


def _placed(commit: Commit, lanes: list[ObjectId | None], lane: int, ids: CommitIds, place: int) -> Iterator[int]:
    """The first parent goes on in the commit's own lane; others join the lane where they are expected, if any."""
    for index, parent in enumerate(commit.parents):
        if ids.holds_before(parent, place):
            # By the clocks of those who made them it is the younger one, and stands above.
            continue
        number = lane if index == 0 else lanes.index(parent) if parent in lanes else _free(lanes)
        if number >= MOST_LANES:
            continue
        lanes.extend([None] * (number + 1 - len(lanes)))
        lanes[number] = parent
        yield number


def _free(lanes: Sequence[ObjectId | None]) -> int:
    return lanes.index(None) if None in lanes else len(lanes)

"""The graph beside a list of commits: its lines, followed by a finger, lead from each commit to its parents."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from matou.forge.content.commit_graph import MOST_LANES, GraphRow, Lanes, rows_of
from matou.git.odb.objects import EMPTY_TREE, Commit, Signature
from matou.git.operations.history import CommitIds
from matou.model.names import ObjectId
from matou.server.web.graph_drawing import LANE_WIDTH, MOST_DRAWN, drawings

NOBODY = Signature("", "", datetime(2024, 1, 1, tzinfo=UTC))


def commit(number: int, *parents: int) -> Commit:
    names = tuple(ObjectId(f"{each:040x}") for each in parents)
    return Commit(ObjectId(f"{number:040x}"), EMPTY_TREE, names, NOBODY, NOBODY, "")


def ids_of(commits: Sequence[Commit]) -> CommitIds:
    return CommitIds(b"".join(bytes.fromhex(each.id) for each in commits))


def in_pages(commits: Sequence[Commit], size: int) -> list[GraphRow]:
    lanes: Lanes = ()
    rows: list[GraphRow] = []
    for begin in range(0, len(commits), size):
        page, lanes = rows_of(commits[begin : begin + size], lanes, ids_of(commits), begin)
        rows.extend(page)
    assert lanes == ()
    return rows


def followed(commits: Sequence[Commit], rows: Sequence[GraphRow]) -> set[tuple[ObjectId, ObjectId]]:
    """Which commit each line that leaves one comes to."""
    edges: set[tuple[ObjectId, ObjectId]] = set()
    open_lines: dict[int, set[ObjectId]] = {}
    for one, row in zip(commits, rows, strict=True):
        assert set(row.passing) | set(row.joining) == set(open_lines)
        for lane in row.joining:
            edges |= {(child, one.id) for child in open_lines.pop(lane)}
        for lane in row.leaving:
            open_lines.setdefault(lane, set()).add(one.id)
    assert open_lines == {}
    return edges


def random_history(seed: int) -> list[Commit]:
    """Children before their parents."""
    chance = random.Random(seed)
    commits = [commit(0)]
    for number in range(1, 120):
        count = chance.choice((1, 1, 1, 2, 3))
        commits.append(commit(number, *chance.sample(range(max(0, number - 9), number), min(count, number, 9))))
    reached = {parent for each in commits for parent in each.parents}
    tops = [int(each.id, 16) for each in commits[:-1] if each.id not in reached]
    return [commit(120, 119, *tops), *reversed(commits)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [7, 50, 1000])
def test_each_line_leads_to_a_parent_on_whatever_page_it_stands(seed: int, size: int) -> None:
    commits = random_history(seed)

    rows = in_pages(commits, size)

    assert followed(commits, rows) == {(each.id, parent) for each in commits for parent in each.parents}
    assert all(row.lane not in row.passing for row in rows)
    assert [row.is_merge for row in rows] == [len(each.parents) > 1 for each in commits]


def test_a_straight_history_is_one_line() -> None:
    rows = in_pages([commit(3, 2), commit(2, 1), commit(1)], 50)

    assert {row.width for row in rows} == {1}
    assert [(row.joining, row.leaving) for row in rows] == [((), (0,)), ((0,), (0,)), ((0,), ())]


def test_a_commit_that_stands_above_its_child_by_a_wrong_clock_leaves_no_line_open() -> None:
    rows = in_pages([commit(4, 2, 3), commit(2, 1), commit(3, 2), commit(1)], 2)

    assert rows[2].leaving == ()


def test_lanes_are_bounded_and_so_is_the_drawing() -> None:
    many = commit(9999, *range(2 * MOST_LANES))
    rows = in_pages([many, *(commit(number) for number in range(2 * MOST_LANES))], 50)

    assert max(row.width for row in rows) <= MOST_LANES + 1
    drawn = drawings(rows)
    assert {each.lanes for each in drawn} == {MOST_DRAWN}
    assert max(each.x for each in drawn) < MOST_DRAWN * LANE_WIDTH
    assert len("".join(path.lines for path in drawn[0].paths)) < 400

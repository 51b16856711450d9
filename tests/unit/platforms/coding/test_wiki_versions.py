"""Pages of a wiki at CODING, whose versions are asked for one by one."""

from dataclasses import replace

from matou.model.metadata import kinds as known
from support.coding_metadata import milliseconds
from support.coding_source import REFUSED, CodingSource
from support.coding_story import (
    add_page,
)
from unit.platforms.coding.clients import client, connect, records, session
from unit.platforms.coding.harbour import Harbour, harbour, open_harbour, read_all

__all__ = ["client", "connect", "harbour", "open_harbour", "records", "session"]


def test_versions_of_a_page_go_on_where_they_broke_off(harbour: Harbour) -> None:
    at = milliseconds("2025-04-01 08:00")
    add_page(harbour.talk, 7, "潮汐", ["一", "二", "三"], at=at, made=at, parent=1)
    harbour.source.before["DescribeWiki"] = lambda request: refuse_versions_after(harbour.source, request)
    [first] = [read for read in read_all(harbour.project, known.WIKI_PAGE).values() if read.item.title == "潮汐"]  # type: ignore[attr-defined]
    assert first.faults
    assert [one.version for one in first.beside] == [first.item.version]  # type: ignore[attr-defined]

    harbour.source.always.clear()
    harbour.source.before.clear()
    unfinished = replace(first.item, updated_at=None)  # type: ignore[call-arg]
    second = read_all(harbour.project, known.WIKI_PAGE, None, {"7": unfinished})["7"]

    assert [one.version for one in (*first.beside, *second.beside)] == [1, 2, 3]  # type: ignore[attr-defined]
    assert second.item.version == 3  # type: ignore[attr-defined]


def refuse_versions_after(source: CodingSource, request: int) -> None:
    """What the pages of the story have, and the first version of the one that is last."""
    if request == 5:
        source.always["DescribeWiki"] = REFUSED

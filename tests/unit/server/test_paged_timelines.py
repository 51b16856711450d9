"""What was said on an item is put in order once, and for that very item alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from matou.forge.forge import Forge
from matou.model.metadata import Comment, Issue, MarkupText
from matou.server.web.conversation import paged_timelines
from matou.server.web.conversation.paged_timelines import MANY, PagedTimelineCache, paged_timeline
from matou.server.web.conversation.timeline import pages_of, timeline_of

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = ("team/ship", "issue")


class Memory:
    """Of a forge, what remembers timelines."""

    def __init__(self) -> None:
        self.timelines = PagedTimelineCache()

    def memory(self, _kind: type[PagedTimelineCache]) -> PagedTimelineCache:
        return self.timelines


@pytest.fixture
def forge() -> Forge:
    return Memory()  # type: ignore[return-value]  # all that is asked of it


def issue(comments: int) -> Issue:
    said = (
        Comment(
            id=str(number),
            by=str(number % 7),
            at=START + timedelta(hours=-number),
            text=MarkupText(markup="markdown", body="a"),
        )
        for number in range(comments)
    )
    return Issue(number="1", title="x", state="open", by="9", comments=tuple(said))


def test_the_pages_are_those_of_the_item(forge: Forge) -> None:
    long = issue(MANY)

    found = paged_timeline(forge, long, PLACE, first_weight=100)

    assert found.pages == pages_of(timeline_of(long), 100)
    assert (found.comment_count, found.participants[0], len(found.participants)) == (MANY, "9", 8)


def test_they_are_made_once(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    long = issue(MANY)
    first = paged_timeline(forge, long, PLACE, first_weight=0)
    monkeypatch.setattr(paged_timelines, "timeline_of", lambda _item: pytest.fail("made anew"))

    assert paged_timeline(forge, long, PLACE, first_weight=0) is first


def test_an_item_that_was_read_anew_has_its_own(forge: Forge) -> None:
    long = issue(MANY)
    paged_timeline(forge, long, PLACE, first_weight=0)
    more = replace(long, comments=(*long.comments, replace(long.comments[0], id="another")))

    assert paged_timeline(forge, more, PLACE, first_weight=0).comment_count == MANY + 1
    assert paged_timeline(forge, long, ("team/other", "issue"), first_weight=0).item is long


def test_a_short_one_is_not_remembered(forge: Forge) -> None:
    paged_timeline(forge, issue(MANY - 1), PLACE, first_weight=0)

    assert len(forge.memory(PagedTimelineCache).known) == 0

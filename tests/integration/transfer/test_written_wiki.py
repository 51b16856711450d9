"""Pages of a project's wiki arrive in the wiki of a project at CODING, held to its own document."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata import WikiPage
from matou.model.metadata.kinds import ISSUE, WIKI_PAGE
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.registry import PLATFORMS
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.written_map import FOLDER
from support.coding_writer import DEPOT, DEPOT_ID, PROJECT, TOKEN, CodingWriter, refusal, running_coding_writer
from support.metadata_items import markdown
from support.recording_server import Reply
from support.steered_clock import SteeredClock
from support.written_conversation import AT, PATH, WrittenConversation, issue


@pytest.fixture
def coding() -> Iterator[CodingWriter]:
    with running_coding_writer() as coding:
        yield coding
        assert coding.faults == []


@pytest.fixture
def written(coding: CodingWriter, tmp_path: Path) -> Iterator[WrittenConversation]:
    address = f"{coding.server.url}/acme/{PROJECT}/{DEPOT}.git"
    there = TargetRepository(str(DEPOT_ID), f"acme/{PROJECT}", DEPOT, address, Visibility.PRIVATE)
    support = PLATFORMS["coding"].metadata_target
    assert support is not None
    with Session(named=[coding.server.url, coding.storage.url], clock=SteeredClock().clock) as session:
        now = datetime(2026, 11, 30, tzinfo=UTC)
        yield WrittenConversation(tmp_path, support.open(session, coding.url, Secret(TOKEN), there, now=lambda: now))


def page(identifier: str, text: str = "涨", **more: object) -> WikiPage:
    values: dict[str, object] = {"title": f"页 {identifier}", "by": "17", "at": AT, **more}
    return WikiPage(id=identifier, text=markdown(text), **values)  # type: ignore[arg-type]


def write(written: WrittenConversation, *pages: WikiPage) -> ConversationReport:
    written.saved.run({PATH: [(ISSUE, issue("1")), *((WIKI_PAGE, one) for one in pages)]})
    return written.write()


def test_each_page_stands_below_the_one_that_it_was_below(coding: CodingWriter, written: WrittenConversation) -> None:
    picture = written.file("t.png", b"\x89PNG", "https://foruda.gitee.com/t.png")
    below = page("1", "![](https://foruda.gitee.com/t.png) @李四 见 #1", parent="7", files=(picture,))

    report = write(written, below, page("3", order=2), page("7", order=1))

    assert report.problems == []
    assert [row["Title"] for row in coding.pages.values()] == ["页 7", "页 3", "页 1"]
    [top, _, last] = coding.pages
    assert [row["ParentIid"] for row in coding.pages.values()] == [0, 0, top]
    text = coding.pages[last]["Content"]
    assert text.startswith("> ")
    assert "/files/" in text
    assert f"@\u200b李四 见 #{next(iter(coding.issues))}" in text
    assert (report.written["wiki-page"], report.there["wiki-page"]) == (3, 3)


def test_run_again_only_what_changed_is_written(coding: CodingWriter, written: WrittenConversation) -> None:
    write(written, page("1"), page("2"))
    before = len(coding.made())
    assert not write(written, page("1"), page("2")).has_changed
    assert coding.made()[before:] == []

    report = write(written, page("1", "落", title="改名"), page("2"), page("3"))

    assert coding.made()[before:] == ["ModifyWiki", "CreateWiki"]
    assert [row["Title"] for row in coding.pages.values()] == ["改名", "页 2", "页 3"]
    assert (report.edited["wiki-page"], report.problems) == (1, [])


def test_a_map_that_was_lost_is_found_again_by_markers(coding: CodingWriter, written: WrittenConversation) -> None:
    write(written, page("1"), page("2", parent="1"))
    shutil.rmtree(written.saved.archive.root / FOLDER)

    write(written, page("1"), page("2", parent="1"))

    assert len(coding.pages) == 2


def test_an_answer_that_is_lost_makes_no_second_page(coding: CodingWriter, written: WrittenConversation) -> None:
    coding.lost = {"CreateWiki"}

    report = write(written, page("1"), page("2", parent="1"))

    assert report.problems == []
    assert [row["ParentIid"] for row in coding.pages.values()] == [0, next(iter(coding.pages))]


def test_what_somebody_wrote_there_since_is_left_alone(coding: CodingWriter, written: WrittenConversation) -> None:
    write(written, page("1"))
    [there] = coding.pages.values()
    there["Content"] = f"mine\n\n{there['Content']}"

    report = write(written, page("1", "落"))

    assert there["Content"].startswith("mine")
    assert [str(note) for note in report.notes] == ["the page '页 1' was changed at the target: it is left as it is"]


def test_one_page_that_is_refused_or_too_long_keeps_no_other_away(
    coding: CodingWriter, written: WrittenConversation
) -> None:
    def refuse(action: str, parameters: dict[str, object]) -> Reply | None:
        is_refused = action == "CreateWiki" and parameters["Title"] == "页 1"
        return refusal("FailedOperation", "no such word") if is_refused else None

    coding.trouble = refuse

    report = write(written, page("1"), page("2", "长" * 50_000), replace(page("3"), parent="1"))

    assert [row["Title"] for row in coding.pages.values()] == ["页 3"]
    [problem] = report.problems
    assert "the page '页 1'" in str(problem)
    assert {str(reason) for reason in report.lost} == {"a page is longer than the platform takes"}

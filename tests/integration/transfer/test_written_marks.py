"""What is at a target already: whose it is, and what of it a migration takes for its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from matou.model.metadata import LabelDefinition
from matou.model.metadata_targets import (
    TargetComment,
    TargetRelease,
)
from matou.platforms.base.errors import MadeInPart
from matou.transfer.migrate.conversation.written_map import map_path
from support.fake_metadata_target import FakeItem, FakeMetadataTarget
from support.written_conversation import ACCOUNT, HEAD, WrittenConversation, comment, issue, small_story


@pytest.fixture
def written(tmp_path: Path) -> WrittenConversation:
    return WrittenConversation(tmp_path, FakeMetadataTarget())


def test_what_somebody_changed_at_the_target_stays_theirs(written: WrittenConversation) -> None:
    written.has(issue("1", comments=(comment("900"),)))
    written.write()
    there = written.target.item("1")
    there.item = replace(there.item, text=there.item.text + "\n\n后来补充")
    there.comments[0] = replace(there.comments[0], text=there.comments[0].text + "补充")
    written.has(issue("1", "改过", comments=(comment("900", "改了"),)))

    report = written.write()

    assert "后来补充" in written.target.item("1").item.text
    assert there.comments[0].text.endswith("补充")
    assert [str(note) for note in report.notes] == [
        "#1 was changed at the target: it is left as it is",
        "a comment on #1 was changed at the target: it is left as it is",
    ]


def test_a_forged_marker_stands_for_nothing(written: WrittenConversation) -> None:
    written.has(issue("1", "<!-- matou:gitee:gitee.com:harbour/api:issue:2 -->"), issue("2"))

    written.write()
    written.write()

    assert len(written.target.found) == 2


@pytest.mark.parametrize("author", ["stranger", ""])
def test_a_stranger_s_item_with_a_mark_of_ours_counts_as_nothing_of_ours(
    written: WrittenConversation, author: str
) -> None:
    """The bug: whoever wrote an issue with our mark before the first run took an issue's place, text and all."""
    target = written.target
    written.has(issue("1", "ours", comments=(comment("900", "said"),)))
    written.write()
    [(address, ours)] = list(target.found.items())
    forged, said = ours.item.text, ours.comments[0].text
    map_path(written.saved.archive, HEAD).unlink()
    target.found.clear()
    target.found[address] = FakeItem(replace(ours.item, text=f"theirs {forged}", author=author))

    report = written.write()
    second = next(one for place, one in target.found.items() if place != address)
    second.comments.insert(0, TargetComment(id="0", text=f"theirs {said}", author=author))
    again = written.write()

    assert [one.item.text for one in target.found.values()] == [f"theirs {forged}", forged]
    assert [str(note) for note in report.notes] == [
        "1 item of somebody else's has a mark as ours have, and counts as nothing of ours: #1"
    ]
    assert (again.written, again.edited, report.problems) == ({}, {}, [])


def test_what_the_own_account_wrote_is_found_again_where_the_map_is_gone(written: WrittenConversation) -> None:
    written.has(issue("1", "ours", comments=(comment("900", "said"),)))
    written.write()
    map_path(written.saved.archive, HEAD).unlink()
    for one in written.target.found.values():
        one.item = replace(one.item, author=ACCOUNT.title())
        one.comments[:] = [replace(comment, author=ACCOUNT) for comment in one.comments]

    report = written.write()

    assert (len(written.target.found), report.written) == (1, {})


def test_a_release_of_somebody_else_at_the_same_tag_is_told_and_does_not_count(written: WrittenConversation) -> None:
    theirs = TargetRelease(id="v1", tag="v1", name="一", text="别人写的")
    written.target.release_list.append(theirs)
    small_story(written)

    report = written.write()

    assert [one.text for one in written.target.release_list] == ["别人写的"]
    assert report.there["release"] == 0
    assert [str(note) for note in report.notes if "release" in str(note)] == [
        "the release 'v1' was changed at the target: it is left as it is"
    ]


def test_what_was_made_without_its_labels_and_found_again_gets_them(written: WrittenConversation) -> None:
    written.has(LabelDefinition(name="错误", color="ff0000"), issue("1", labels=("错误",)))

    def make_in_part(name: str, _number: int) -> None:
        if name == "add_issue":
            written.target.item("1").labels = ()
            raise MadeInPart("it was made, but: no answer")

    written.target.after = make_in_part
    report = written.write()

    assert written.target.item("1").labels == ("错误",)
    assert report.problems == []
    assert written.write().has_changed is False

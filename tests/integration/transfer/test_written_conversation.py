"""What people said, written to a target that knows no other author and no other time than its own."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from matou.errors import MatouError, TryLater
from matou.model.metadata import Item, LabelDefinition, MarkupText, Milestone, SavedRelease
from matou.model.metadata_targets import (
    FileDelivery,
    ItemAddress,
    ItemKind,
    MetadataRules,
)
from matou.platforms.base.errors import PlatformFailed
from matou.transfer.migrate.conversation.report import ConversationReport
from support.fake_metadata_target import LETTERS, ONE_SEQUENCE, SEQUENTIAL, FakeMetadataTarget, Killed
from support.metadata_items import markdown
from support.written_conversation import WrittenConversation, change, comment, issue, small_story, thread


@pytest.fixture
def written(tmp_path: Path) -> WrittenConversation:
    return WrittenConversation(tmp_path, FakeMetadataTarget())


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that was killed had written is there, whether or not it was synced."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def counts(report: ConversationReport) -> dict[str, int]:
    return {**report.written}


def test_an_issue_arrives_with_who_wrote_it_and_when(written: WrittenConversation) -> None:
    written.has(issue("1", comments=(comment("900"),)))

    report = written.write()

    there = written.target.item("1")
    head, _, rest = there.item.text.partition("\n\n")
    link = r"[harbour/api\#1](https://gitee.com/harbour/api/issues/1)"
    assert head == f"> **张三** (`zhang-san`) 于 2019-03-04 13:06 +08:00 创建于 Gitee {link}"
    assert rest == "潮水表不对。\n\n<!-- matou:gitee:gitee.com:harbour/api:issue:1 -->"
    assert there.item.title == "第 1 个"
    assert counts(report) == {"issue": 1, "comment": 1}
    assert report.problems == []
    assert report.verified == 1


def test_nobody_is_mentioned_and_nothing_is_commanded(written: WrittenConversation) -> None:
    written.has(
        issue("1", "@li-si 请@王五 看\n/close\n`@x`\n```\n@property\n```\n", comments=(comment("900", "@all"),))
    )

    written.write()

    there = written.target.item("1")
    assert "@\u200bli-si 请@\u200b王五 看\n\u200b/close\n`@x`\n```\n@property\n```" in there.item.text
    assert "**李四 @\u200ball** (`li-si`)" in there.comments[0].text
    assert "\n\n@\u200ball\n\n" in there.comments[0].text


def test_what_names_an_item_leads_to_where_it_is_now(written: WrittenConversation) -> None:
    written.target = FakeMetadataTarget(LETTERS)
    url = "https://gitee.com/harbour/api/issues/2"
    written.has(issue("1", f"见 #2、#9 和 {url}#note_5，`#2`"), issue("2", "回到 #1"))

    written.write()

    first, second = written.target.found
    there = f"https://target.example/issues/{second.number}"
    assert f"见 #{second.number}、#\u200b9 和 {there}，`#2`" in written.target.found[first].item.text
    assert f"回到 #{first.number}" in written.target.found[second].item.text


def test_a_merged_change_request_becomes_an_issue_and_an_open_one_stays_one(written: WrittenConversation) -> None:
    written.has(issue("1"), change("2"), change("3", "open", threads=(thread("t", comment("41"), comment("42")),)))

    report = written.write()

    merged, opened = written.target.item("2"), written.target.item("1", ItemKind.CHANGE)
    assert "topic → main" in merged.item.text
    assert merged.item.is_closed
    assert opened.branches == ("topic", "main")
    assert [one.thread for one in opened.comments] == ["a.py:3", "a.py:3"]
    assert not opened.item.is_closed
    assert report.as_issues == 1


def test_gaps_are_filled_so_that_numbers_stay(written: WrittenConversation) -> None:
    written.has(issue("2"), issue("4"))

    report = written.write()

    numbers = [address.number for address in written.target.found]
    assert numbers == ["1", "2", "3", "4"]
    assert [written.target.item(number).item.is_closed for number in numbers] == [True, False, True, False]
    assert written.target.item("3").item.title == "（来源处已删除）3"
    assert (report.gaps, report.renumbered) == (2, 0)


def test_gaps_are_left_where_they_would_be_most_of_it(written: WrittenConversation) -> None:
    written.has(issue("2"), issue("400"))

    report = written.write()

    assert len(written.target.found) == 2
    assert report.renumbered == 2
    assert "398" in str(report.notes[0])


def test_where_both_count_as_one_they_go_by_their_numbers(written: WrittenConversation) -> None:
    written.target = FakeMetadataTarget(ONE_SEQUENCE)
    written.has(issue("1"), change("2", "open"), issue("3"))

    written.write()

    assert list(written.target.found) == [
        ItemAddress(ItemKind.ISSUE, "1"),
        ItemAddress(ItemKind.CHANGE, "2"),
        ItemAddress(ItemKind.ISSUE, "3"),
    ]


@pytest.mark.parametrize("rules", [SEQUENTIAL, ONE_SEQUENCE, LETTERS])
def test_pictures_are_uploaded_once_and_texts_name_them(written: WrittenConversation, rules: MetadataRules) -> None:
    written.target = FakeMetadataTarget(rules)
    picture = written.file("表.png", b"\x89PNG tide", "https://foruda.gitee.com/t.png")
    more = written.file("b.html", b"<script>", "https://foruda.gitee.com/b")
    said = comment("900", "同一张 ![](https://foruda.gitee.com/t.png)", files=(picture,))
    written.has(issue("1", "![图](https://foruda.gitee.com/t.png)", files=(picture, more), comments=(said,)))

    written.write()

    (there,) = written.target.found.values()
    assert written.target.uploads == ["表.png", "b.html.txt"]
    assert f"![图](https://target.example/files/{picture.sha256})" in there.item.text
    assert f"- [b\\.html](https://target.example/files/{more.sha256})" in there.item.text
    assert f"![](https://target.example/files/{picture.sha256})" in there.comments[0].text


def test_files_that_no_api_takes_are_committed_before_any_text_names_them(written: WrittenConversation) -> None:
    written.target = FakeMetadataTarget(replace(SEQUENTIAL, file_delivery=FileDelivery.COMMITTED, largest_file=20))
    picture = written.file("表.png", b"\x89PNG tide", "https://foruda.gitee.com/t.png")
    large = written.file("b.png", b"\x89PNG" * 10, "https://foruda.gitee.com/b.png")
    written.has(issue("1", "![](https://foruda.gitee.com/t.png)", files=(picture,)), issue("2", files=(picture, large)))

    report = written.write()

    [(branch, files)] = written.history.branches.items()
    path = f"files/{(picture.sha256 or '')[:2]}/{picture.sha256}/表.png"
    address = f"https://target.example/harbour/api-history/raw/{branch}/files/{(picture.sha256 or '')[:2]}"
    assert files == {path: b"\x89PNG tide"}
    assert f"![]({address}/{picture.sha256}/%E8%A1%A8.png)" in written.target.item("1").item.text
    assert written.target.writes.count("edit_item") == 0
    [(reason, count)] = report.lost.items()
    assert str(reason).startswith("'b.png' is larger than the 0.0 MiB that the platform takes of a file")
    assert count == 1


def test_a_picture_of_a_release_is_brought_too(written: WrittenConversation) -> None:
    picture = written.file("表.png", b"\x89PNG tide", "https://foruda.gitee.com/t.png")
    text = markdown("![](https://foruda.gitee.com/t.png)")
    written.has(SavedRelease(tag="v1", name="一", text=text, draft=False, prerelease=False, files=(picture,)))

    written.write()

    [release] = written.target.release_list
    assert f"![](https://target.example/files/{picture.sha256})" in release.text


def test_what_is_too_long_is_cut_where_it_can_be_seen(written: WrittenConversation) -> None:
    written.target = FakeMetadataTarget(replace(SEQUENTIAL, longest_text=1_000, longest_title=20))
    line = "潮" * 90 + "\n"
    written.has(issue("1", f"```\n{line * 20}```\n", title="长" * 30, comments=(comment("900"),)))

    written.write()

    there = written.target.item("1")
    assert there.item.title == "长" * 19 + "…"
    assert f"完整标题：{'长' * 30}" in there.item.text
    texts = [there.item.text, *(one.text for one in there.comments)]
    assert all(len(text) <= 1_000 for text in texts)
    assert "".join(texts).count("潮") == 1_800
    assert all(text.count("```") % 2 == 0 for text in texts)
    assert "第 2 部分，共" in there.comments[0].text


def test_titles_and_milestones_mention_nobody(written: WrittenConversation) -> None:
    text = MarkupText(markup="markdown", body="@all\n/close")
    written.has(
        Milestone(number="1", title="一期", state="open", kind="milestone", text=text), issue("1", title="@all 看")
    )

    written.write()

    assert written.target.item("1").item.title == "@\u200ball 看"
    assert written.target.milestone_list[0][1].text == "@\u200ball\n\u200b/close"


def test_labels_and_milestones_are_as_the_target_can_have_them(written: WrittenConversation) -> None:
    rules = replace(SEQUENTIAL, shortest_label=2, longest_label=10, not_in_labels=",", needs_due=True)
    written.target = FakeMetadataTarget(rules, label_names=["BUG"])
    names = ("bug", "P", "a,b", "非常非常非常长的标记一", "非常非常非常长的标记二")
    defined = [LabelDefinition(name=name, color="00ff00") for name in names]
    milestone = Milestone(number="1", title="一期", state="open", kind="milestone")
    written.has(*defined, milestone, issue("1", labels=names, milestone="1"))

    written.write()

    there = written.target.item("1")
    assert there.labels[:3] == ("BUG", "P_", "a_b")
    assert len(set(there.labels)) == 5
    assert all(len(name) <= 10 for name in there.labels)
    assert there.milestone == "1"
    assert written.target.milestone_list[0][1].due == "2099-12-31"


def test_what_few_may_read_goes_nowhere_where_more_may(written: WrittenConversation) -> None:
    written.is_private = False
    written.has(issue("1", confidential=True), issue("2"))

    report = written.write()

    assert "第 1 个" not in [one.item.title for one in written.target.found.values()]
    assert [str(reason) for reason in report.lost] == [
        "it is confidential, and the target's repository may be seen by others"
    ]


def test_only_people_that_were_named_are_assigned(written: WrittenConversation) -> None:
    written.people = {"gitee:17": "zhangsan"}
    written.has(issue("1", assignees=("17", "18")))

    written.write()

    assert written.target.item("1").assignees == ("zhangsan",)


def test_what_a_change_request_cannot_be_at_the_target_is_counted(written: WrittenConversation) -> None:
    rules = replace(SEQUENTIAL, has_drafts=False, has_labels_of_changes=False, assigns_changes=False)
    written.target, written.people = FakeMetadataTarget(rules), {"gitee:17": "zhang"}
    written.has(
        change("1", "open", draft=True, labels=("a",), assignees=("17", "18")), change("2", draft=True, labels=("a",))
    )

    report = written.write()

    assert sorted(report.lost.values()) == [1, 1, 1]
    assert not written.write().lost


@pytest.mark.parametrize(("kind", "call"), [(issue, "add_issue"), (change, "add_change")])
def test_who_may_not_be_assigned_keeps_nothing_else_away(
    written: WrittenConversation, kind: Callable[..., Item], call: str
) -> None:
    refused: list[str] = []

    def before(name: str, _number: int) -> None:
        if name == call and not refused:
            refused.append(name)
            raise PlatformFailed("user doesn't have access to repo")

    written.people = {"gitee:17": "zhangsan"}
    written.has(kind("1", assignees=("17",), state="open"))
    written.target.before = before

    report = written.write()

    [one] = written.target.found.values()
    assert (one.assignees, refused, report.problems) == ((), [call], [])
    assert ["does not assign" in str(reason) for reason in report.lost] == [True]
    assert written.write().edited == {}


@pytest.mark.parametrize("is_refused", [False, True])
def test_what_was_made_in_part_gets_its_people_by_the_next_run(
    written: WrittenConversation, *, is_refused: bool
) -> None:
    def killed_before_more_is_said(name: str, _number: int) -> None:
        if name == "add_change":
            for one in written.target.found.values():
                one.labels, one.assignees = (), ()
            raise Killed

    def refuse(name: str, _number: int) -> None:
        edits = [one for one in written.target.writes if one == "edit_item"]
        if is_refused and name == "edit_item" and len(edits) == 1:
            raise PlatformFailed("user doesn't have access to repo")

    written.people = {"gitee:17": "zhangsan"}
    written.has(change("1", "open", labels=("a",), assignees=("17",)))
    written.target.after = killed_before_more_is_said
    with pytest.raises(Killed):
        written.write()

    written.target.before = refuse
    report = written.write()

    [one] = written.target.found.values()
    assert (one.labels, one.assignees) == (("a",), () if is_refused else ("zhangsan",))
    assert ["does not assign" in str(reason) for reason in report.lost] == [True] * is_refused
    assert (report.problems, written.write().edited) == ([], {})


def test_run_again_it_writes_nothing_and_then_only_what_is_new(written: WrittenConversation) -> None:
    small_story(written)
    written.write()
    wrote = len(written.target.writes)

    again = written.write()

    assert len(written.target.writes) == wrote
    assert again.unchanged == {
        "label": 1, "milestone": 1, "issue": 2, "change": 2, "comment": 6, "release": 1, "asset": 1,
    }  # fmt: skip
    assert not again.has_changed

    written.has(
        replace(issue("1", "改过"), state="closed"),
        issue("3", "@李四 见 #1", state="closed", comments=(comment("900", "改了"), comment("902", "新的"))),
    )
    later = written.write()

    assert written.target.item("1").item.is_closed
    assert "改过" in written.target.item("1").item.text
    assert [one.text.split("\n\n")[1] for one in written.target.item("3").comments] == ["改了", "`@x` #4", "新的"]
    assert (later.written, later.edited) == ({"comment": 1}, {"issue": 1, "comment": 1})


def test_one_that_is_refused_does_not_stop_the_others(written: WrittenConversation) -> None:
    def refuse(name: str, number: int) -> None:
        if name == "add_issue" and number == 0:
            raise MatouError("the content is not allowed")

    written.target.before = refuse
    written.has(issue("1"), issue("2"))

    report = written.write()

    assert [str(problem) for problem in report.problems] == ["#1: the content is not allowed"]
    assert [one.item.title for one in written.target.found.values()] == ["（未能写入）1", "第 2 个"]


def undisturbed(tmp_path: Path, rules: MetadataRules) -> tuple[list[object], int]:
    written = WrittenConversation(tmp_path / "undisturbed", FakeMetadataTarget(rules))
    small_story(written)
    report = written.write()
    assert report.problems == []
    return written.target.as_people_see_it(), len(written.target.writes)


@pytest.mark.usefixtures("no_waiting_for_the_disk")
@pytest.mark.parametrize("rules", [SEQUENTIAL, ONE_SEQUENCE, LETTERS])
@pytest.mark.parametrize("is_before", [True, False])
def test_killed_at_any_write_and_run_again_nothing_is_there_twice(
    tmp_path: Path, rules: MetadataRules, *, is_before: bool
) -> None:
    expected, writes = undisturbed(tmp_path, rules)
    assert writes > 15
    written = WrittenConversation(tmp_path / "killed", FakeMetadataTarget(rules))
    small_story(written)

    def kill_at(place: int) -> None:
        def kill(_name: str, number: int) -> None:
            if number == place:
                raise Killed

        target = written.target = FakeMetadataTarget(rules)
        target.before, target.after = (kill, target.after) if is_before else (target.before, kill)
        with pytest.raises(Killed):
            written.write()
        target.before = target.after = lambda _name, _number: None

    for place in range(writes):
        kill_at(place)
        report = written.write()
        assert written.target.as_people_see_it() == expected, place
        assert report.problems == []
        for map_file in (written.saved.archive.root / "migrations").rglob("*.jsonl"):
            map_file.unlink()


@pytest.mark.parametrize("is_before", [True, False])
def test_an_answer_that_does_not_come_makes_nothing_twice(tmp_path: Path, *, is_before: bool) -> None:
    expected, writes = undisturbed(tmp_path, SEQUENTIAL)
    written = WrittenConversation(tmp_path / "lost", FakeMetadataTarget(SEQUENTIAL))
    small_story(written)
    failed: set[int] = set()

    def lose(_name: str, number: int) -> None:
        if number not in failed and number - 1 not in failed:
            failed.add(number)
            raise TryLater("no answer")

    target = written.target
    target.before, target.after = (lose, target.after) if is_before else (target.before, lose)
    report = written.write()

    assert len(failed) >= writes // 2
    assert target.as_people_see_it() == expected
    assert report.problems == []


def test_a_target_that_does_not_answer_for_long_ends_it_and_loses_nothing(written: WrittenConversation) -> None:
    written.has(issue("1"), issue("2"))

    def busy(name: str, number: int) -> None:
        if number >= 1:
            raise TryLater("come back later")

    written.target.before = busy
    report = written.write()

    assert [str(problem) for problem in report.problems] == ["come back later"]
    written.target.before = lambda _name, _number: None
    assert written.write().problems == []
    assert len(written.target.found) == 2


def test_comments_are_read_back_a_request_an_item_or_all_at_once(written: WrittenConversation) -> None:
    written.has(*(issue(str(number), comments=(comment(f"9{number}"),)) for number in range(1, 4)))
    report = written.write()
    reads = written.target.reads
    assert (report.verified_comments, report.problems) == (3, [])

    written.has(*(issue(str(number), comments=(comment(f"9{number}"),)) for number in range(1, 40)))
    report = written.write()

    assert (report.verified_comments, report.problems) == (36, [])
    assert written.target.reads - reads == reads - 2


@pytest.mark.parametrize("trouble", ["changed", "gone", "twice"])
def test_a_comment_that_is_not_there_as_it_was_sent_is_told(written: WrittenConversation, trouble: str) -> None:
    def spoil(name: str, _number: int) -> None:
        if name != "add_comment":
            return
        comments = written.target.item("1").comments
        if trouble == "twice":
            comments.append(replace(comments[0], id="9"))
        else:
            comments[:] = [replace(one, text=f"?{one.text}") for one in comments if trouble == "changed"]

    written.has(issue("1", comments=(comment("900"),)), issue("2"))
    written.target.after = spoil

    report = written.write()

    assert [str(one) for one in report.problems] == ["1 comment is not at the target as it was sent, on #1"]
    assert report.verified_comments == 0


def test_a_text_that_the_target_changes_is_told(written: WrittenConversation) -> None:
    def spoil(name: str, _number: int) -> None:
        for one in written.target.found.values():
            one.item = replace(one.item, text=one.item.text.replace("潮水", "**"))

    written.target.after = spoil
    written.has(issue("1"))

    report = written.write()

    assert [str(problem) for problem in report.problems] == ["1 item is not at the target as it was sent: #1"]

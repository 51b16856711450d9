"""What people said, written to a target that takes an issue with its times and all that was said on it at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from matou.errors import MatouError, Phrase, TryLater
from matou.model.metadata_targets import ImportedIssue, ItemAddress, ItemKind, TargetItem
from matou.platforms.base.errors import NotOffered
from support.fake_metadata_target import ONE_SEQUENCE, FakeMetadataTarget, lost
from support.written_conversation import AT, WrittenConversation, change, comment, issue


@dataclass
class ImportingTarget(FakeMetadataTarget):
    """Attributes:
    refuse: raises what an import is refused with.
    unwritten_authors: in whose name it writes nothing.
    late: what is taken, answers nothing, and comes to be after it was looked for.
    """

    refuse: Callable[[ImportedIssue], None] = lambda _issue: None
    late: list[ImportedIssue] | None = None
    imported: list[ImportedIssue] = field(default_factory=list)
    unwritten_authors: dict[str, Phrase] = field(default_factory=dict)

    @property
    def sets_numbers(self) -> bool:
        return False

    def import_issue(self, issue: ImportedIssue) -> TargetItem:
        self.refuse(issue)
        return self._write("import_issue", lambda: self._import(issue))

    def arrive(self) -> None:
        for one in self.late or ():
            self._add_whole(one)
        self.late = None

    def _import(self, issue: ImportedIssue) -> TargetItem:
        self.imported.append(issue)
        if self.late is not None:
            self.late.append(issue)
            raise TryLater("no word of it for ten minutes")
        return self._add_whole(issue)

    def _add_whole(self, issue: ImportedIssue) -> TargetItem:
        item = self._add(ItemKind.ISSUE, issue, None)
        address = ItemAddress(ItemKind.ISSUE, item.number)
        for one in issue.comments:
            self._comment(address, one.text, "")
        self.found[address].item = replace(item, is_closed=issue.is_closed)
        return self.found[address].item


@pytest.fixture
def target() -> ImportingTarget:
    return ImportingTarget(ONE_SEQUENCE)


@pytest.fixture
def written(tmp_path: Path, target: ImportingTarget) -> WrittenConversation:
    return WrittenConversation(tmp_path, target)


def test_an_issue_is_one_request_with_its_times(written: WrittenConversation, target: ImportingTarget) -> None:
    later = AT + timedelta(days=2)
    said = (comment("900"), comment("901", at=later))
    written.has(issue("1", comments=said, state="closed", closed_at=later), issue("2"))

    report = written.write()

    assert target.writes == ["import_issue"] * 2
    [first, second] = target.imported
    assert (first.created_at, first.closed_at, first.is_closed) == (AT, later, True)
    assert [one.created_at for one in first.comments] == [AT, later]
    assert (second.is_closed, second.comments) == (False, ())
    assert dict(report.written) == {"issue": 2, "comment": 2}
    assert (report.problems, report.notes, report.verified) == ([], [], 2)


def test_a_comment_never_comes_before_what_it_follows(written: WrittenConversation, target: ImportingTarget) -> None:
    early = AT - timedelta(days=9)
    written.has(issue("1", comments=(comment("900", at=None), comment("901", at=early))))

    written.write()

    assert [one.created_at for one in target.imported[0].comments] == [AT, AT]


def test_a_merged_change_request_is_imported_as_an_issue_and_an_open_one_is_not(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    written.has(change("1"), change("2", "open"), issue("3"))

    written.write()

    assert [one.title for one in target.imported] == ["改动 1", "第 3 个"]
    assert target.found[ItemAddress(ItemKind.CHANGE, "2")].branches == ("topic", "main")


def test_nothing_is_written_again_and_what_is_new_is_added(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    written.has(issue("1", "见 #2", comments=(comment("900"),)), issue("2"))
    written.write()
    target.writes.clear()

    written.write()
    assert target.writes == []

    written.has(issue("1", "见 #2", comments=(comment("900", "另一句"), comment("901"))), issue("2"))
    report = written.write()

    assert target.writes == ["edit_comment", "add_comment"]
    there = target.item("1").comments
    assert [("另一句" in one.text, "901" in one.text) for one in there] == [(True, False), (False, True)]
    assert report.problems == []


def test_where_nothing_is_imported_all_is_written_bit_by_bit(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    attempts: list[str] = []

    def refuse(issue: ImportedIssue) -> None:
        attempts.append(issue.title)
        raise NotOffered("no administrator")

    target.refuse = refuse
    written.has(issue("1", comments=(comment("900"),)), issue("2"))

    report = written.write()

    assert attempts == ["第 1 个"]
    assert target.writes == ["add_issue", "add_comment", "add_issue"]
    assert [str(note) for note in report.notes] == ["times are not kept: no administrator"]
    assert report.verified == 2


def test_one_that_is_refused_is_written_bit_by_bit_and_the_next_one_is_not(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    def refuse(issue: ImportedIssue) -> None:
        if issue.title == "第 1 个":
            raise MatouError("too much at once")

    target.refuse = refuse
    written.has(issue("1", comments=(comment("900"),)), issue("2"))

    report = written.write()

    assert target.writes == ["add_issue", "add_comment", "import_issue"]
    assert [str(note) for note in report.notes] == ["the times of #1 are not kept: too much at once"]


def test_an_answer_that_was_lost_is_looked_for(written: WrittenConversation, target: ImportingTarget) -> None:
    target.after = lambda name, number: lost(name, number) if number == 0 else None
    written.has(issue("1", comments=(comment("900"),)), issue("2"))

    report = written.write()

    assert target.writes == ["import_issue"] * 2
    assert len(target.found) == 2
    assert report.problems == []


def test_one_that_comes_late_is_not_asked_for_twice(written: WrittenConversation, target: ImportingTarget) -> None:
    target.late = []
    written.has(issue("1", comments=(comment("900"),)), issue("2"))

    first = written.write()
    target.arrive()
    second = written.write()

    assert target.writes.count("import_issue") == 2
    assert [one.title for one in target.imported] == ["第 1 个", "第 2 个"]
    assert [str(problem) for problem in first.problems] == ["no word of it for ten minutes"]
    assert second.problems == []
    assert sorted(address.number for address in target.found) == ["1", "2"]
    assert len(target.item("1").comments) == 1


def test_a_comment_that_the_platform_does_not_change_ends_nothing(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    def refuse(name: str, _number: int) -> None:
        if name == "edit_comment":
            raise NotOffered("comments on lines are not changed")

    target.before = refuse
    written.has(issue("1", comments=(comment("900"),)), issue("2"))
    written.write()

    written.has(issue("1", comments=(comment("900", "另一句"),)), issue("2", "新的"))
    report = written.write()

    assert "新的" in target.item("2").item.text
    assert report.problems == []
    assert len(report.lost) == 1


def test_whose_words_stand_there_under_another_account_is_told(
    written: WrittenConversation, target: ImportingTarget
) -> None:
    target.unwritten_authors = {"li-na": Phrase("she is no owner")}
    written.has(issue("1"))

    [note] = written.write().notes

    assert str(note) == "what li-na said is written under the token's account: she is no owner"

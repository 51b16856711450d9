"""An import is proven by what the target shows, item for item; what differs is told, whatever it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.archive.metadata import About, MetadataTree, MetadataWriter, open_metadata
from matou.model.fidelity import MigratedKind
from matou.model.metadata import Comment, MarkupText, Participant
from matou.transfer.migrate.inventory import Carriable, inventory_of
from matou.transfer.migrate.pull.proof import ConversationComparison, ConversationProof
from support.github_story import story
from support.saved_conversation import NOON, SavedConversation

HEAD, ASSET = "1" * 40, "a" * 64
IMPORTER = "anna"


def written(folder: Path, said: SavedConversation) -> MetadataTree:
    about = About(platform=said.platform, host="example.org", id="1", path="a/b")
    git_dir = folder / "metadata.git"
    with MetadataWriter(git_dir, about, run=1, at=NOON, staged=folder / "staged") as writer:
        for kind, value in said.values():
            writer.put(kind, value)
        writer.commit()
    return open_metadata(git_dir)


def as_imported() -> SavedConversation:
    """What a perfect target would show of `story`: issues and change requests count as one there."""
    said = story(HEAD, ASSET)
    numbers = {"I6AAA": "1", "I6BBB": "2", "I6CCC": "3"}
    texts = {"I6AAA": "> Gitee #I6AAA\n\n看 #2", "I6BBB": "> Gitee #I6BBB\n\n看 #2", "I6CCC": "> Gitee #I6CCC\n\n看 #2"}
    talk = {
        "1": (
            Comment(id="55", by="18", at=NOON.replace(day=3), text=MarkupText(markup="markdown", body="见 #2 和 !4")),
        )
    }
    said.issues = {
        new: replace(
            said.issues[old],
            number=new,
            text=MarkupText(markup="markdown", body=texts[old]),
            comments=talk.get(new, ()),
        )
        for old, new in numbers.items()
    }
    fixed = MarkupText(markup="markdown", body="> Gitee !2\n\n修复 #1")
    said.changes = {new: replace(said.changes[old], number=new, text=fixed) for old, new in (("2", "5"), ("3", "6"))}
    release = said.releases["v1/a"]
    said.releases["v1/a"] = replace(release, text=MarkupText(markup="markdown", body="见 #1"))
    return said


Compare = Callable[..., ConversationProof]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    def compare(found: SavedConversation | None, **values: Any) -> ConversationProof:
        (tmp_path / "there").mkdir()
        (tmp_path / "here").mkdir()
        expected = written(tmp_path / "here", values.pop("expected", story(HEAD, ASSET)))
        there = None if found is None else written(tmp_path / "there", found)
        which = values.pop("which", Carriable())
        return ConversationComparison(expected, there, which, values.pop("tags", {"v1/a"}), IMPORTER).compare()

    return compare


def test_what_is_there_as_it_was_leaves_no_difference_and_is_counted(compare: Compare, tmp_path: Path) -> None:
    proof = compare(as_imported())

    assert proof.differences == ()
    assert proof.strangers == 0
    held = inventory_of(open_metadata(tmp_path / "here" / "metadata.git"), Carriable())
    carried = {kind: held[kind] for kind in proof.arrived if kind is not MigratedKind.ASSIGNEE}
    assert {kind: count for kind, count in proof.arrived.items() if count} == {
        MigratedKind.ISSUE: 3,
        MigratedKind.COMMENT: 2,
        MigratedKind.OPEN_CHANGE: 1,
        MigratedKind.CLOSED_CHANGE: 1,
        MigratedKind.REVIEW: 1,
        MigratedKind.LINE_COMMENT: 5,
        MigratedKind.LABEL: 1,
        MigratedKind.MILESTONE: 2,
        MigratedKind.RELEASE: 1,
        MigratedKind.ASSET: 1,
    }
    # Nobody is assigned by the import itself, but by names that a person gives.
    assert {kind: count for kind, count in proof.arrived.items() if kind is not MigratedKind.ASSIGNEE} == carried


def issue(**values: Any) -> Callable[[SavedConversation], None]:
    def change(said: SavedConversation) -> None:
        said.issues["1"] = replace(said.issues["1"], **values)

    return change


def change_request(**values: Any) -> Callable[[SavedConversation], None]:
    def change(said: SavedConversation) -> None:
        said.changes["5"] = replace(said.changes["5"], **values)

    return change


def release(**values: Any) -> Callable[[SavedConversation], None]:
    def change(said: SavedConversation) -> None:
        said.releases["v1/a"] = replace(said.releases["v1/a"], **values)

    return change


def without(name: str, key: str) -> Callable[[SavedConversation], None]:
    def change(said: SavedConversation) -> None:
        del getattr(said, name)[key]

    return change


def other_text(said: SavedConversation) -> None:
    said.issues["1"] = replace(said.issues["1"], text=MarkupText(markup="markdown", body="看 #3"))


def comment_of_somebody_else(said: SavedConversation) -> None:
    said.people["17"] = Participant(id="17", login="wang", name="")
    said.people["18"] = Participant(id="18", login="zhao", name="")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without("issues", "2"), "issue 2 is not there"),
        (without("changes", "6"), "change request 6 is not there"),
        (without("releases", "v1/a"), "release 'v1/a' is not there"),
        (issue(title="灯亮了"), "issue 1 has another title"),
        (other_text, "issue 1 has another text"),
        (issue(state="closed"), "issue 1 has another state"),
        (issue(at=NOON + timedelta(hours=1)), "issue 1 has another time"),
        (issue(labels=()), "issue 1 has another list of labels"),
        (issue(milestone=None), "issue 1 has another milestone"),
        (issue(by="18"), "issue 1 has another author"),
        (issue(comments=()), "1 comment on issue 1 is not there, or is another one"),
        (change_request(state="closed"), "change request 5 has another state"),
        (change_request(threads=()), "4 comments on change request 5 are not there, or are others"),
        (comment_of_somebody_else, "1 comment on issue 1 is not there, or is another one"),
        (release(name="二"), "release 'v1/a' has another name"),
        (release(assets=()), "the file '灯.svg' of release 'v1/a' is not there"),
    ],
)
def test_what_is_otherwise_is_told(compare: Compare, change: Callable[[SavedConversation], None], told: str) -> None:
    found = as_imported()
    change(found)

    assert told in compare(found).differences


def test_of_nothing_nothing_is_proven(compare: Compare) -> None:
    proof = compare(None)

    assert sum(proof.arrived.values()) == 0
    assert len(proof.differences) == 9


def test_labels_and_milestones_that_are_not_there_are_told(compare: Compare) -> None:
    found = as_imported()
    found.tables = {}

    assert compare(found).differences[:3] == (
        "label '缺陷' is not there",
        "milestone '一期' is not there",
        "milestone '冲刺' is not there",
    )


def test_what_the_importing_account_is_named_for_tells_no_author(compare: Compare) -> None:
    """Old versions do not tell who wrote something that was imported."""
    found = as_imported()
    found.people = {key: Participant(id=key, login=IMPORTER, name="") for key in found.people}

    assert compare(found).differences == ()


def test_a_comment_that_came_meanwhile_is_counted_and_no_fault(compare: Compare) -> None:
    found = as_imported()
    new = Comment(id="99", by="18", at=NOON.replace(day=20), text=MarkupText(markup="markdown", body="新的"))
    found.issues["2"] = replace(found.issues["2"], comments=(new,))

    proof = compare(found)

    assert (proof.differences, proof.strangers) == ((), 1)


def test_what_is_confidential_is_not_missed_where_the_target_is_open(compare: Compare) -> None:
    found = as_imported()
    del found.issues["3"]

    assert compare(found, which=Carriable(confidential=False)).differences == ()


def test_what_the_source_has_no_longer_is_not_missed(compare: Compare) -> None:
    saved, found = story(HEAD, ASSET), as_imported()
    saved.issues["I6BBB"] = replace(saved.issues["I6BBB"], gone_in=3)
    del found.issues["2"]

    assert compare(found, expected=saved).differences == ()


def test_a_release_whose_tag_is_gone_is_none_that_could_arrive(compare: Compare) -> None:
    found = as_imported()
    del found.releases["v1/a"]

    proof = compare(found, tags=set())

    assert (proof.differences, proof.tagless) == ((), 1)


def test_line_ends_and_titles_that_are_cut_are_no_difference(compare: Compare) -> None:
    saved, found = story(HEAD, ASSET), as_imported()
    saved.issues["I6AAA"] = replace(
        saved.issues["I6AAA"], title="长" * 300, text=MarkupText(markup="markdown", body="一\r\n二\r\n")
    )
    found.issues["1"] = replace(
        found.issues["1"], title="长" * 252 + "...", text=MarkupText(markup="markdown", body="> Gitee\n\n一\n二")
    )

    assert compare(found, expected=saved).differences == ()

"""Notes at a GitLab that only members read: what they stand on is kept from everybody else."""

from dataclasses import replace
from typing import Any

import pytest

from matou.model.metadata import ChangeRequest, Comment, Issue, Item
from matou.platforms.base.metadata import ItemRead
from matou.platforms.gitlab.metadata_items import discussions_in, issue_of, kept_from_strangers, with_comments
from matou.platforms.gitlab.metadata_merge_requests import change_of, with_discussions

BARE = {"iid": 2, "id": 7002, "title": "吊车", "state": "opened", "created_at": "2023-03-01T00:00:00.000Z"}


def note(number: int, **values: object) -> dict[str, Any]:
    return {"id": number, "body": "只给自己人", "system": False, "created_at": "2023-03-01T00:00:00.000Z", **values}


def read_issue(*notes: dict[str, Any]) -> ItemRead:
    return with_comments(issue_of(BARE), discussions_in([{"id": "a", "notes": list(notes)}]))


def read_change(*notes: dict[str, Any]) -> ItemRead:
    ends = {"source_branch": "crane", "target_branch": "main"}
    return with_discussions(change_of({**BARE, **ends}), discussions_in([{"id": "a", "notes": list(notes)}]))


@pytest.mark.parametrize("read", [read_issue, read_change])
@pytest.mark.parametrize("word", ["internal", "confidential"])
def test_what_an_internal_note_stands_on_is_confidential(read: Any, word: str) -> None:
    plain = kept_from_strangers(read(note(1)))
    guarded = kept_from_strangers(read(note(1), note(2, **{word: True})))

    assert isinstance(plain.item, Item)
    assert isinstance(guarded.item, Item)
    assert (plain.item.confidential, guarded.item.confidential) == (None, True)


def test_a_note_in_a_thread_counts_too() -> None:
    guarded = kept_from_strangers(read_change(note(1, resolvable=True, internal=True)))

    assert isinstance(guarded.item, ChangeRequest)
    assert (len(guarded.item.threads), guarded.item.comments, guarded.item.confidential) == (1, (), True)


def test_one_that_the_source_has_no_more_hides_nothing() -> None:
    read = read_issue(note(1, internal=True))
    assert isinstance(read.item, Issue)
    [said] = read.item.comments
    gone: Comment = replace(said, gone_in=3)

    after = kept_from_strangers(replace(read, item=replace(read.item, comments=(gone,))))

    assert isinstance(after.item, Issue)
    assert after.item.confidential is None

"""CODING's merge requests in our form, and the notes on them."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Participant,
    Reviewer,
    ReviewThread,
)
from matou.platforms.coding.metadata_values import extra_of, participants, person_key, source_or_html, source_text
from matou.platforms.coding.wire import Milliseconds, moment
from matou.platforms.coding.wire_merges import CodingAuthor, MergeRequest, MergeRequestNote

ChangeState: TypeAlias = Literal["open", "closed", "merged"]

STATES: Final[Mapping[str, ChangeState]] = {"ACCEPTED": "merged", "REFUSED": "closed", "CANCEL": "closed"}
"""All others are open: CANMERGE, CANNOTMERGE, MERGING, ABNORMAL."""


def change_of(merge: MergeRequest) -> ChangeRequest:
    """A merge request without what was said on it, which comes in a list of its own."""
    state = STATES.get(merge.status, "open")
    acted_at, actor = moment(merge.action_at), person_key(merge.action_author)
    return ChangeRequest(
        number=str(merge.merge_id),
        id=str(merge.id) if merge.id else None,
        title=merge.title,
        text=source_text(merge.describe),
        by=person_key(merge.author),
        at=moment(merge.created_at),
        updated_at=moment(merge.update_at),
        closed_at=None if state == "open" else acted_at,
        state=state,
        labels=tuple(dict.fromkeys(merge.labels)),
        url=merge.path or None,
        merged_at=acted_at if state == "merged" else None,
        merged_by=actor if state == "merged" else None,
        closed_by=actor if state == "closed" else None,
        merge_commit=merge.merge_commit_sha or None,
        head=ChangeHead(branch=merge.source_branch or None, commit=merge.source_branch_sha or None),
        base=ChangeBase(branch=merge.target_branch, commit=merge.target_branch_sha or None),
        merge_base=merge.base_sha or None,
        reviewers=reviewers_of(merge.reviewers),
        extra=extra_of(merge, *_held(state)),
    )


def _held(state: ChangeState) -> tuple[str, ...]:
    return (
        *("MergeId", "Id", "Title", "Describe", "Author", "CreatedAt", "UpdateAt", "Labels", "Path", "Reviewers"),
        *("MergeCommitSha", "SourceBranch", "SourceBranchSha", "TargetBranch", "TargetBranchSha", "BaseSha"),
        *(() if state == "open" else ("ActionAt", "ActionAuthor")),
    )


def reviewers_of(people: Sequence[CodingAuthor]) -> tuple[Reviewer, ...]:
    """Whom CODING names was asked; what came of it, it does not say of each (`Granted` counts them)."""
    keys = dict.fromkeys(str(person.id) for person in people if person.id)
    return tuple(Reviewer(by=key, role="reviewer", state="requested") for key in keys)


def people_of_change(merge: MergeRequest) -> tuple[Participant, ...]:
    return participants(merge.author, merge.action_author, *merge.reviewers)


def note_comment(note: MergeRequestNote) -> Comment:
    edited = note.updated_at if note.updated_at != note.created_at else Milliseconds(0)
    held = ("Id", "MergeId", "ParentId", "Author", "Content", "CreatedAt", "UpdatedAt")
    position = ("Path", "Index", "CommitSha") if note.path else ()
    return Comment(
        id=str(note.id),
        reply_to=str(note.parent_id) if note.parent_id else None,
        by=person_key(note.author),
        at=moment(note.created_at),
        edited_at=moment(edited),
        text=source_or_html(note.content, ""),
        extra=extra_of(note, *held, *position),
    )


def thread_of(notes: Sequence[MergeRequestNote], note: MergeRequestNote) -> ReviewThread | None:
    """The thread that a note stands in; None for what is said about the whole request.

    CODING gives threads no id, so a thread is what stands at one line of one commit's difference.

    Args:
        notes: that came together, the note among them: an answer need not say again where it stands.
    """
    placed = note if note.path else next((other for other in notes if other.path and note.parent_id), None)
    if placed is None:
        return None
    return ReviewThread(
        id=f"{placed.commit_sha}:{placed.index}:{placed.path}",
        path=placed.path,
        position=position_of(placed),
        comments=(),
    )


def position_of(note: MergeRequestNote) -> DiffPosition:
    """`Index` counts the lines of the difference; which line of the file that is, the difference alone tells."""
    given: dict[str, object] = {"CommitSha": note.commit_sha, "Path": note.path, "Index": note.index}
    return DiffPosition(commit=note.commit_sha or None, path=note.path, diff_index=note.index, as_given=given)


def people_of_note(note: MergeRequestNote) -> tuple[Participant, ...]:
    return () if isinstance(note.author, msgspec.UnsetType) else participants(note.author)

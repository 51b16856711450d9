"""Merge requests as CODING writes them: the reverse of what `platforms.coding.metadata_changes` reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from matou.db.repositories import Repository
from matou.forge.conversation.index_rows import comments_of
from matou.model.metadata import ChangeRequest, Comment, ReviewThread
from matou.platforms.coding import wire_merges
from matou.platforms.coding.wire import milliseconds
from matou.server.api.saved_rows import JsonRow, number_of
from matou.server.dialects.coding.issue_rows import source_of
from matou.server.dialects.coding.saved import SavedRows

STATUSES: Final[Mapping[str, str]] = {"open": "CANMERGE", "closed": "REFUSED", "merged": "ACCEPTED"}
"""Where CODING's own word is not known."""

DepotRows = SavedRows[Repository]
PlacedNotes = list[tuple[Comment, ReviewThread | None]]


def merge_row(rows: DepotRows, change: ChangeRequest) -> dict[str, Any]:
    """A row of a list, which has all but the conflicts."""
    is_open = change.state == "open"
    row = wire_merges.MergeRequest(
        id=number_of(change.id),
        merge_id=number_of(change.number),
        title=change.title,
        describe=source_of(change.text),
        status=STATUSES[change.state],
        action_at=milliseconds(None if is_open else change.merged_at or change.closed_at),
        labels=list(change.labels),
        comment_count=sum(1 for _ in comments_of(change)),
        source_branch=change.head.branch or "",
        source_branch_sha=change.head.commit or "",
        target_branch=change.base.branch,
        target_branch_sha=change.base.commit or "",
        base_sha=change.merge_base or "",
        merge_commit_sha=change.merge_commit or "",
        path=change.url or "",
        created_at=milliseconds(change.at),
        update_at=milliseconds(change.updated_at),
    )
    made = rows.complete(
        row,
        change.extra,
        Author=rows.author(change.by),
        ActionAuthor=rows.author(None if is_open else change.merged_by or change.closed_by),
        Reviewers=[rows.author(one.by) for one in change.reviewers if one.role == "reviewer"],
    )
    return {**made, **numbers_here(rows)}


def numbers_here(rows: DepotRows) -> dict[str, int]:
    """By which its depot and its project are asked for here; where it comes from they have others."""
    depot = rows.conversation.granted.subject
    return {"DepotId": depot.id, "ProjectId": depot.namespace_id}


@dataclass(frozen=True, slots=True)
class NoteThread:
    """Notes that answer one another, or stand at one place of a difference, by when they were written.

    Attributes:
        number: of the merge request.
        first_id: of the first note, by which threads stand one after the other.
        at: when each was written.
        authors: of each, by number.
    """

    number: str
    first_id: str
    at: Sequence[datetime | None]
    authors: Sequence[int]


def threads_in(change: ChangeRequest) -> Iterator[tuple[NoteThread, PlacedNotes]]:
    """Each with its notes and where they stand; what the source no longer has is not among them."""
    for notes in [*_placed(change), *_answers(change)]:
        comments = [comment for comment, _ in notes]
        at, authors = [one.at for one in comments], [number_of(one.by) for one in comments]
        yield NoteThread(change.number, comments[0].id, at, authors), notes


def _placed(change: ChangeRequest) -> Iterator[PlacedNotes]:
    for thread in change.threads:
        there = [comment for comment in thread.comments if comment.gone_in is None]
        if there:
            yield [(comment, thread) for comment in there]


def _answers(change: ChangeRequest) -> Iterator[PlacedNotes]:
    """What was said about the whole request, with what answers it."""
    groups: dict[str, PlacedNotes] = {}
    begun: dict[str, str] = {}
    for comment in change.comments:
        if comment.gone_in is None:
            first = begun.get(comment.reply_to or "", comment.id)
            begun[comment.id] = first
            groups.setdefault(first, []).append((comment, None))
    yield from groups.values()


def note_row(rows: DepotRows, change: ChangeRequest, comment: Comment, thread: ReviewThread | None) -> JsonRow:
    position = thread.position if thread else None
    row = wire_merges.MergeRequestNote(
        id=number_of(comment.id),
        merge_id=number_of(change.number),
        parent_id=number_of(comment.reply_to),
        content=comment.text.body,
        commit_sha=(position.commit or "") if position else "",
        path=position.path if position else (thread.path or "") if thread else "",
        index=(position.diff_index or 0) if position else 0,
        created_at=milliseconds(comment.at),
        updated_at=milliseconds(comment.edited_at or comment.at),
    )
    return rows.complete(row, comment.extra, Author=rows.author(comment.by))

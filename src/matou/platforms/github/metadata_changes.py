"""GitHub's pull requests, reviews and what was said on lines as metadata."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Final

from matou.errors import UnknownShape
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    MarkupText,
    Review,
    Reviewer,
    ReviewThread,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import CommentRow, ItemRead
from matou.platforms.base.metadata_values import People, Rules, edited_at, is_time, leftover, markdown, tail_of, time_of
from matou.platforms.base.reviews import ReviewState, reviewers_by
from matou.platforms.github.graphql import GitHubThread
from matou.platforms.github.metadata_items import ITEM, STATES, has_no_reactions
from matou.platforms.github.metadata_people import DECODER, are_people, is_person, people
from matou.platforms.github.wire_issues import GitHubUser
from matou.platforms.github.wire_pulls import GitHubPullRequest, GitHubReview, GitHubReviewComment

REVIEW_STATES: Final[Mapping[str, ReviewState]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
    "DISMISSED": "dismissed",
    "PENDING": "pending",
}

END: Final[Rules] = {"ref": None, "sha": None, "user": is_person, "repo": None}

CHANGE: Final[Rules] = {
    **ITEM,
    **dict.fromkeys(
        (
            *("diff_url", "patch_url", "issue_url", "commits_url", "review_comments_url", "review_comment_url"),
            *("statuses_url", "_links", "draft"),
            # As the server finds it when it is asked, and counts of what the repository itself says.
            *("mergeable", "mergeable_state", "rebaseable", "merged", "comments", "review_comments", "commits"),
            *("additions", "deletions", "changed_files", "maintainer_can_modify", "merge_commit_sha"),
        )
    ),
    "requested_reviewers": are_people,
    "requested_teams": lambda value: value == [],
    "merged_at": is_time,
    "merged_by": is_person,
    "head": END,
    "base": END,
}

POSITION: Final = (
    *("path", "line", "start_line", "original_line", "original_start_line", "side", "start_side"),
    *("position", "original_position", "commit_id", "original_commit_id", "subject_type"),
)

REVIEW_COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "html_url", "pull_request_url", "_links", "body", "in_reply_to_id")),
    **dict.fromkeys(("diff_hunk", *POSITION)),
    "user": is_person,
    "reactions": has_no_reactions,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}


def change_of(value: object) -> ItemRead:
    """A pull request without reviews, and without comments, which are in lists of their own. Raises UnknownShape."""
    row, named = DECODER.read(GitHubPullRequest, value), people()
    if row.state not in STATES:
        raise UnknownShape("github PullRequest.state", row.state)
    is_merged = bool(row.merged_at)
    item = ChangeRequest(
        number=str(row.number),
        id=str(row.id),
        title=row.title,
        text=markdown(row.body),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        merged_at=time_of(row.merged_at),
        merged_by=named.key_of(row.merged_by),
        merge_commit=(row.merge_commit_sha or None) if is_merged else None,
        state="merged" if is_merged else STATES[row.state],
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.number) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        locked=row.locked or None,
        draft=row.draft or None,
        head=_head_of(row),
        base=ChangeBase(branch=row.base.ref, commit=row.base.sha or None),
        commits_ref=f"refs/pull/{row.number}/head",
        reviewers=tuple(
            Reviewer(by=key, role="reviewer", state="requested") for key in named.keys_of(row.requested_reviewers)
        ),
        url=row.html_url or None,
        extra=_extra_of(row) or None,
    )
    named.keys_of([end.user for end in (row.head, row.base) if end.user])
    return ItemRead(item=item, people=named.seen)


def with_reviews(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what its reviewers said, the oldest first. Raises UnknownShape."""
    named = people()
    reviews = tuple(_review_of(DECODER.read(GitHubReview, value), named) for value in values)
    return replace(_having(read, reviews), people=(*read.people, *named.seen))


def _having(read: ItemRead, reviews: tuple[Review, ...]) -> ItemRead:
    requested = [one for one in read.item.reviewers if one.state == "requested"]  # type: ignore[attr-defined]
    reviewers = reviewers_by(reviews, requested)
    return replace(read, item=replace(read.item, reviews=reviews, reviewers=reviewers))  # type: ignore[call-arg]


def with_merger(read: ItemRead, value: object) -> ItemRead:
    """With who merged it, of which its list says nothing. Raises UnknownShape."""
    named = people()
    merged_by = named.key_of(DECODER.read(GitHubPullRequest, value).merged_by)
    item = replace(read.item, merged_by=merged_by)  # type: ignore[call-arg]
    return replace(read, item=item, people=(*read.people, *named.seen))


def with_what_is_known(read: ItemRead, before: ChangeRequest) -> ItemRead:
    """With what was saved of that which its list does not tell."""
    item = replace(read.item, merged_by=before.merged_by)  # type: ignore[call-arg]
    return _having(replace(read, item=item), before.reviews)


def with_resolutions(read: ItemRead, threads: Iterable[GitHubThread]) -> ItemRead:
    """With which of its threads are settled, and by whom where the one who did it is known as part of it."""
    known = {person.key for person in read.people}
    stated = (_resolution_of(one, known) for one in threads if one.comments.nodes)
    return replace(read, item=replace(read.item, threads=tuple(stated)))  # type: ignore[call-arg]


def _resolution_of(thread: GitHubThread, known: Container[str]) -> ReviewThread:
    """Without comments and place, which the list of comments tells."""
    by = str(thread.resolved_by.id) if thread.is_resolved and thread.resolved_by and thread.resolved_by.id else None
    return ReviewThread(
        id=str(thread.comments.nodes[0].id),
        resolved=thread.is_resolved,
        resolved_by=by if by in known else None,
        comments=(),
    )


def review_comment_of(value: object) -> CommentRow:
    """A comment on a line or on a file, in the thread that it belongs to. Raises UnknownShape."""
    row, named = DECODER.read(GitHubReviewComment, value), people()
    number = tail_of(row.pull_request_url)
    if number is None or not number.isdigit():
        raise UnknownShape("github PullRequestReviewComment.pull_request_url", row.pull_request_url)
    reply_to = str(row.in_reply_to_id) if row.in_reply_to_id else None
    comment = Comment(
        id=str(row.id),
        reply_to=reply_to,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), REVIEW_COMMENT) or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    thread = _thread_of(row, reply_to or comment.id)
    return CommentRow(key=number, comment=comment, updated_at=updated_at, thread=thread, people=named.seen)


def _thread_of(row: GitHubReviewComment, id_: str) -> ReviewThread:
    """Where the line is there no more, the place is that in the commit on which it was said."""
    is_outdated = not row.line and bool(row.original_line)
    line, first = (row.original_line, row.original_start_line) if is_outdated else (row.line, row.start_line)
    position = DiffPosition(
        commit=(row.original_commit_id if is_outdated else row.commit_id) or row.original_commit_id or None,
        path=row.path,
        side="old" if row.side == "LEFT" else "new",
        line=line or None,
        first_line=first or None,
        diff_index=row.position or row.original_position or None,
        hunk=row.diff_hunk or None,
        as_given={key: value for key, value in original_of(row).items() if key in POSITION and value is not None},
    )
    return ReviewThread(id=id_, path=row.path, position=position, outdated=is_outdated or None, comments=())


def _review_of(row: GitHubReview, named: People[GitHubUser]) -> Review:
    if row.state not in REVIEW_STATES:
        raise UnknownShape("github PullRequestReview.state", row.state)
    return Review(
        id=str(row.id),
        by=named.key_of(row.user),
        at=time_of(row.submitted_at),
        state=REVIEW_STATES[row.state],
        text=markdown(row.body or None),
        commit=row.commit_id or None,
    )


def _head_of(row: GitHubPullRequest) -> ChangeHead:
    path = row.head.repo.full_name if row.head.repo else None
    is_fork = path is not None and (not row.base.repo or path != row.base.repo.full_name)
    return ChangeHead(repository=path if is_fork else None, branch=row.head.ref, commit=row.head.sha or None)


def _extra_of(row: GitHubPullRequest) -> dict[str, object]:
    """The label of an end is made of its owner and its branch; that of a fork that is gone is all that is left."""
    extra = dict(leftover(original_of(row), CHANGE))
    for name, end in (("head", row.head), ("base", row.base)):
        rest = dict(extra.pop(name, {}))  # type: ignore[call-overload]  # an end's rest is an object
        if end.repo:
            rest.pop("label", None)
        if rest:
            extra[name] = rest
    return extra

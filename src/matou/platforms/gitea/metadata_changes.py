"""Gitea's pull requests, reviews and what was said on lines as metadata."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from matou.errors import UnknownShape
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    MarkupText,
    Review,
    Reviewer,
    ReviewThread,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import CommentRow, ItemRead
from matou.platforms.base.metadata_values import Rules, day_of, edited_at, is_time, leftover, markdown, time_of
from matou.platforms.base.reviews import ReviewState, reviewers_by
from matou.platforms.gitea.metadata_items import ITEM, STATES
from matou.platforms.gitea.metadata_people import DECODER, GiteaPeople, are_people, is_person
from matou.platforms.gitea.wire_pulls import GiteaPullRequest, GiteaReview, GiteaReviewComment

REVIEW_STATES: Final[Mapping[str, ReviewState]] = {
    "APPROVED": "approved",
    "REQUEST_CHANGES": "changes_requested",
    "COMMENT": "commented",
    "PENDING": "pending",
}
REVIEW_REQUEST: Final = "REQUEST_REVIEW"

END: Final[Rules] = {"ref": None, "sha": None, "label": None, "repo": None, "repo_id": None}

CHANGE: Final[Rules] = {
    **ITEM,
    **dict.fromkeys(("diff_url", "patch_url", "merge_base", "merged", "merge_commit_sha", "draft")),
    # As the server finds it when it is asked, and counts of what the repository itself says.
    **dict.fromkeys(("mergeable", "review_comments", "additions", "deletions", "changed_files")),
    "allow_maintainer_edit": lambda value: value is False,
    "requested_reviewers": are_people,
    "requested_reviewers_teams": lambda value: value == [],
    "merged_at": is_time,
    "merged_by": is_person,
    "head": END,
    "base": END,
}

POSITION: Final = ("path", "commit_id", "original_commit_id", "position", "original_position")

REVIEW_COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "html_url", "pull_request_url", "pull_request_review_id", "body", "diff_hunk", *POSITION)),
    **dict.fromkeys(("user", "resolver"), is_person),
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}


def change_of(value: object) -> ItemRead:
    """A pull request without what is said on it, which is in lists of its own. Raises UnknownShape."""
    row, named = DECODER.read(GiteaPullRequest, value), GiteaPeople()
    if row.state not in STATES:
        raise UnknownShape("gitea PullRequest.state", row.state)
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
        merged_by=named.key_of(row.merged_by) if row.merged else None,
        merge_commit=(row.merge_commit_sha or None) if row.merged else None,
        state="merged" if row.merged else STATES[row.state],
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.id) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        due=day_of(row.due_date),
        locked=row.is_locked or None,
        draft=row.draft or None,
        head=_head_of(row),
        base=ChangeBase(branch=row.base.ref, commit=row.base.sha or None),
        merge_base=row.merge_base or None,
        commits_ref=f"refs/pull/{row.number}/head",
        reviewers=tuple(
            Reviewer(by=key, role="reviewer", state="requested") for key in named.keys_of(row.requested_reviewers)
        ),
        url=row.html_url or None,
        extra=leftover(original_of(row), CHANGE) or None,
    )
    return ItemRead(item=item, people=named.seen)


def _head_of(row: GiteaPullRequest) -> ChangeHead:
    """Where the branch is gone, `ref` is that of the pull request and `label` what is left of it."""
    path = row.head.repo.full_name if row.head.repo else None
    is_fork = path is not None and (not row.base.repo or path != row.base.repo.full_name)
    branch = row.head.label or row.head.ref
    return ChangeHead(repository=path if is_fork else None, branch=branch, commit=row.head.sha or None)


def _change_in(read: ItemRead) -> ChangeRequest:
    return cast("ChangeRequest", read.item)


def with_what_is_known(read: ItemRead, before: ChangeRequest) -> ItemRead:
    """With what was saved of that which its list does not tell."""
    item = replace(
        _change_in(read),
        by=before.by,
        files=before.files,
        comments=before.comments,
        reviews=before.reviews,
        reviewers=reviewers_by(before.reviews, _still_requested(_change_in(read), before.reviews)),
        threads=before.threads,
    )
    return replace(read, item=item)


def as_issue_too(read: ItemRead, issue: ItemRead) -> ItemRead:
    """With what only the same number as an issue tells."""
    known = cast("Issue", issue.item)
    importer = (known.extra or {}).get("user")
    change = _change_in(read)
    extra = {**(change.extra or {}), **({"user": importer} if importer else {})} or None
    item = replace(change, by=known.by, files=known.files, extra=extra)
    people = (*read.people, *issue.people)
    return replace(read, item=item, people=people, addresses={**read.addresses, **issue.addresses})


def _still_requested(change: ChangeRequest, reviews: Sequence[Review]) -> list[Reviewer]:
    """Gitea's list of those who were asked for a review has those, too, who have written one."""
    written = {review.by for review in reviews}
    return [one for one in change.reviewers if one.state == "requested" and one.by not in written]


def reviews_in(values: Iterable[object]) -> list[GiteaReview]:
    """Without those that only say that somebody was asked for one. Raises UnknownShape."""
    rows = [DECODER.read(GiteaReview, value) for value in values]
    return [row for row in rows if row.state != REVIEW_REQUEST]


def with_reviews(read: ItemRead, rows: Iterable[GiteaReview]) -> ItemRead:
    """With what its reviewers said, the oldest first. Raises UnknownShape."""
    named = GiteaPeople()
    reviews = tuple(_review_of(row, named) for row in rows)
    change = _change_in(read)
    item = replace(change, reviews=reviews, reviewers=reviewers_by(reviews, _still_requested(change, reviews)))
    return replace(read, item=item, people=(*read.people, *named.seen))


def with_talk(read: ItemRead, rows: Sequence[CommentRow]) -> ItemRead:
    """With the comments on it as a whole."""
    people = (person for row in rows for person in row.people)
    addresses = {url: address for row in rows for url, address in row.addresses.items()}
    item = replace(_change_in(read), comments=tuple(row.comment for row in rows))
    return replace(read, item=item, people=(*read.people, *people), addresses={**read.addresses, **addresses})


def with_threads(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what was said on lines. Nothing tells a reply: what stands at one line of one commit is one thread."""
    named = GiteaPeople()
    threads: dict[tuple[object, ...], ReviewThread] = {}
    for value in values:
        row = DECODER.read(GiteaReviewComment, value)
        place = (row.path, row.original_commit_id or row.commit_id, row.position or 0, row.original_position or 0)
        thread = threads.setdefault(place, _thread_of(row, named))
        reply_to = thread.comments[0].id if thread.comments else None
        comment = _comment_of(row, reply_to, named)
        threads[place] = replace(thread, comments=(*thread.comments, comment))
    item = replace(_change_in(read), threads=tuple(threads.values()))
    return replace(read, item=item, people=(*read.people, *named.seen))


def _thread_of(row: GiteaReviewComment, named: GiteaPeople) -> ReviewThread:
    resolver = named.key_of(row.resolver)
    position = DiffPosition(
        commit=row.original_commit_id or row.commit_id or None,
        path=row.path,
        side="old" if row.original_position and not row.position else "new",
        line=row.position or row.original_position or None,
        hunk=row.diff_hunk or None,
        as_given={key: value for key, value in original_of(row).items() if key in POSITION and value is not None},
    )
    return ReviewThread(
        id=str(row.id),
        path=row.path,
        position=position,
        resolved=True if resolver else None,
        resolved_by=resolver,
        comments=(),
    )


def _comment_of(row: GiteaReviewComment, reply_to: str | None, named: GiteaPeople) -> Comment:
    return Comment(
        id=str(row.id),
        reply_to=reply_to,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), REVIEW_COMMENT) or None,
    )


def _review_of(row: GiteaReview, named: GiteaPeople) -> Review:
    if row.state not in REVIEW_STATES:
        raise UnknownShape("gitea PullReview.state", row.state)
    return Review(
        id=str(row.id),
        by=named.key_of(row.user),
        at=time_of(row.submitted_at),
        state="dismissed" if row.dismissed else REVIEW_STATES[row.state],
        text=markdown(row.body or None),
        commit=row.commit_id or None,
    )

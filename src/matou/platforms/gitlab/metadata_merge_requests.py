"""GitLab's merge requests, their reviewers and what was said on lines as metadata."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, cast

from matou.errors import UnknownShape
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    JsonObject,
    PersonKey,
    Review,
    Reviewer,
    ReviewThread,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import Rules, commit_in, is_time, leftover, markdown, time_of
from matou.platforms.gitlab.metadata_items import ITEM, comments_of, hours_of
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople, are_people, is_person
from matou.platforms.gitlab.wire_issues import GitLabDiscussion, GitLabNote
from matou.platforms.gitlab.wire_merge_requests import (
    GitLabApprovals,
    GitLabMergeRequest,
    GitLabReviewer,
    GitLabSourceProject,
    GitLabVersion,
)

STATES: Final[Mapping[str, Literal["open", "closed", "merged"]]] = {
    "opened": "open",
    "locked": "open",  # For the moment in which it is merged.
    "closed": "closed",
    "merged": "merged",
}

REVIEWER_STATES: Final[Mapping[str, Literal["requested", "approved", "rejected", "commented"]]] = {
    "approved": "approved",
    "requested_changes": "rejected",
    "reviewed": "commented",
}
"""What of GitLab's states is more than that somebody was asked."""

CHANGE: Final[Rules] = {
    **ITEM,
    **dict.fromkeys(("draft", "work_in_progress", "source_branch", "target_branch", "source_project_id")),
    **dict.fromkeys(("target_project_id", "sha", "diff_refs", "merge_commit_sha")),
    **dict.fromkeys(("merged_by", "merge_user"), is_person),
    "reviewers": are_people,
    **dict.fromkeys(("merged_at", "prepared_at"), is_time),
    # As the server finds it when it is asked, what only tells who asks, and counts of what the repository says.
    **dict.fromkeys(("merge_status", "detailed_merge_status", "has_conflicts", "blocking_discussions_resolved")),
    **dict.fromkeys(("merge_error", "rebase_in_progress", "diverged_commits_count", "first_contribution", "user")),
    **dict.fromkeys(("changes_count", "pipeline", "head_pipeline", "latest_build_started_at")),
    **dict.fromkeys(("latest_build_finished_at", "first_deployed_to_production_at", "approvals_before_merge")),
    **dict.fromkeys(("merge_when_pipeline_succeeds", "allow_maintainer_to_push", "squash_on_merge")),
    **dict.fromkeys(("should_remove_source_branch", "force_remove_source_branch", "squash"), lambda value: not value),
    "allow_collaboration": lambda value: not value,
}

VERSION: Final = ("id", "head_commit_sha", "base_commit_sha", "start_commit_sha", "created_at")


def change_of(value: object) -> ItemRead:
    """A merge request without what is said on it, which is in lists of its own. Raises UnknownShape."""
    row, named = DECODER.read(GitLabMergeRequest, value), GitLabPeople()
    if row.state not in STATES:
        raise UnknownShape("gitlab MergeRequest.state", row.state)
    item = ChangeRequest(
        number=str(row.iid),
        id=str(row.id),
        title=row.title,
        text=markdown(row.description),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        closed_by=named.key_of(row.closed_by),
        merged_at=time_of(row.merged_at),
        merged_by=named.key_of(row.merge_user or row.merged_by),
        merge_commit=commit_in(row.merge_commit_sha) or (commit_in(row.squash_commit_sha) if row.merged_at else None),
        state=STATES[row.state],
        labels=tuple(row.labels or ()),
        milestone=str(row.milestone.id) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        estimate=hours_of(row),
        locked=row.discussion_locked or None,
        draft=row.draft or row.work_in_progress or None,
        head=_head_of(row),
        base=ChangeBase(branch=row.target_branch, commit=commit_in(row.diff_refs.start_sha) if row.diff_refs else None),
        merge_base=commit_in(row.diff_refs.base_sha) if row.diff_refs else None,
        commits_ref=f"refs/merge-requests/{row.iid}/head",
        reviewers=tuple(Reviewer(by=key, role="reviewer", state="requested") for key in named.keys_of(row.reviewers)),
        url=row.web_url or None,
        extra=leftover(original_of(row), CHANGE) or None,
    )
    return ItemRead(item=item, people=named.seen)


def _head_of(row: GitLabMergeRequest) -> ChangeHead:
    """Of a fork only the number is told: its path is asked for, and the number stands where nobody gives it."""
    is_fork = row.source_project_id != row.target_project_id and bool(row.source_project_id)
    repository = str(row.source_project_id) if is_fork else None
    return ChangeHead(repository=repository, branch=row.source_branch, commit=commit_in(row.sha))


def change_in(read: ItemRead) -> ChangeRequest:
    return cast("ChangeRequest", read.item)


def with_fork(read: ItemRead, value: object) -> ItemRead:
    change, source = change_in(read), DECODER.read(GitLabSourceProject, value)
    return replace(read, item=replace(change, head=replace(change.head, repository=source.path_with_namespace)))


def with_what_is_known(read: ItemRead, before: ChangeRequest) -> ItemRead:
    """With what was saved of that which its list does not tell."""
    now = change_in(read)
    is_same_head = now.head.commit == before.head.commit and now.base.branch == before.base.branch
    item = replace(
        now,
        head=replace(now.head, repository=before.head.repository) if now.head.repository else now.head,
        base=before.base if is_same_head and now.base.commit is None else now.base,
        merge_base=before.merge_base if is_same_head and now.merge_base is None else now.merge_base,
        comments=before.comments,
        threads=before.threads,
        reviews=before.reviews,
        reviewers=_as_known(before.reviewers, now.reviewers),
        extra=_with_versions(now.extra, (before.extra or {}).get("versions")),
    )
    return replace(read, item=item)


def _as_known(known: Sequence[Reviewer], requested: Sequence[Reviewer]) -> tuple[Reviewer, ...]:
    said = {one.by: one for one in known}
    return (*(said.get(one.by, one) for one in requested), *_unasked(known, requested))


def _unasked(known: Iterable[Reviewer], requested: Iterable[Reviewer]) -> Iterator[Reviewer]:
    """Those who approved all the same."""
    names = {one.by for one in requested}
    return (one for one in known if one.state == "approved" and one.by not in names)


def with_discussions(read: ItemRead, discussions: Iterable[GitLabDiscussion]) -> ItemRead:
    """With what was said on it: what can be resolved, on a line or not, is a thread."""
    named, talk, threads = GitLabPeople(), list[Comment](), list[ReviewThread]()
    for discussion in discussions:
        comments = comments_of(discussion, named)
        first = next((note for note in discussion.notes or () if note.system is not True), None)
        if first is None:
            continue
        if first.position or first.resolvable is True:
            threads.append(_thread_of(discussion, first, comments, named))
        else:
            talk += comments
    item = replace(change_in(read), comments=tuple(talk), threads=tuple(threads))
    return replace(read, item=item, people=(*read.people, *named.seen))


def _thread_of(
    discussion: GitLabDiscussion, first: GitLabNote, comments: tuple[Comment, ...], named: GitLabPeople
) -> ReviewThread:
    position = _position_of(first)
    return ReviewThread(
        id=discussion.id,
        path=position.path if position else None,
        position=position,
        resolved=first.resolved if isinstance(first.resolved, bool) else None,
        resolved_by=named.key_of(first.resolved_by),
        comments=comments,
    )


def _position_of(note: GitLabNote) -> DiffPosition | None:
    """A line that stands in both files is one of the new. Whatever is odd stands in `as_given`."""
    given = note.position or {}
    path = given.get("new_path") or given.get("old_path")
    if not isinstance(path, str):
        return None
    old_path, side = given.get("old_path"), "new_line" if given.get("new_line") else "old_line"
    line = _number(given.get(side))
    return DiffPosition(
        commit=commit_in(given.get("head_sha")),
        base=commit_in(given.get("base_sha")),
        start=commit_in(given.get("start_sha")),
        old_path=old_path if isinstance(old_path, str) else None,
        path=path,
        side=None if line is None else "new" if side == "new_line" else "old",
        line=line,
        first_line=_first_line(given, side, line),
        as_given={key: value for key, value in given.items() if value is not None},
    )


def _first_line(given: JsonObject, side: str, line: int | None) -> int | None:
    """None where it is the same line."""
    ranged = given.get("line_range")
    start = ranged.get("start") if isinstance(ranged, Mapping) else None
    first = _number(start.get(side)) if isinstance(start, Mapping) else None
    return None if first == line else first


def _number(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None


def with_reviewers(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what came of each who was asked for a review. Raises UnknownShape."""
    named, reviewers = GitLabPeople(), list[Reviewer]()
    for value in values:
        row = DECODER.read(GitLabReviewer, value)
        key = named.key_of(row.user)
        if key is not None:
            state = REVIEWER_STATES.get(str(row.state), "requested")
            reviewers.append(Reviewer(by=key, role="reviewer", state=state))
    change = change_in(read)
    item = replace(change, reviewers=(*reviewers, *_unasked(change.reviewers, reviewers)))
    return replace(read, item=item, people=(*read.people, *named.seen))


def with_approvals(read: ItemRead, value: object, requested: Collection[PersonKey]) -> ItemRead:
    """With who approved it, asked or not: a review of each, and what came of the reviewer. Raises UnknownShape.

    Args:
        requested: who was asked for a review.
    """
    named, approvals = GitLabPeople(), dict[PersonKey, Review]()
    for row in DECODER.read(GitLabApprovals, value).approved_by or ():
        key = named.key_of(row.user)
        if key is not None:
            review = Review(id=f"approval-{key}", by=key, at=time_of(row.approved_at), state="approved")
            approvals.setdefault(key, review)
    change = change_in(read)
    reviewers = [_judged(one, approvals.get(one.by)) for one in change.reviewers if one.by in requested]
    for key, review in approvals.items():
        if key not in requested:
            reviewers.append(Reviewer(by=key, role="reviewer", state="approved", at=review.at))
    item = replace(change, reviews=tuple(approvals.values()), reviewers=tuple(reviewers))
    return replace(read, item=item, people=(*read.people, *named.seen))


def _judged(reviewer: Reviewer, approval: Review | None) -> Reviewer:
    """One that took the approval back is asked again."""
    if approval is not None:
        return replace(reviewer, state="approved", at=approval.at)
    return replace(reviewer, state="requested", at=None) if reviewer.state == "approved" else reviewer


def with_versions(read: ItemRead, values: Iterable[object]) -> ItemRead:
    """With what its difference was after each push: the commits of a head that was overwritten are named here alone."""
    rows = [original_of(DECODER.read(GitLabVersion, value)) for value in values]
    versions = [{key: row[key] for key in VERSION if row.get(key) is not None} for row in rows]
    change = change_in(read)
    return replace(read, item=replace(change, extra=_with_versions(change.extra, versions)))


def earlier_heads(change: ChangeRequest) -> tuple[str, ...]:
    """What its head was before it was overwritten, the newest first."""
    versions = (change.extra or {}).get("versions")
    rows = [row for row in versions if isinstance(row, dict)] if isinstance(versions, list | tuple) else []
    heads = (row.get("head_commit_sha") for row in rows)
    return tuple(dict.fromkeys(head for head in heads if isinstance(head, str) and head != change.head.commit))


def _with_versions(extra: JsonObject | None, versions: object) -> JsonObject | None:
    return {**(extra or {}), **({"versions": versions} if versions else {})} or None

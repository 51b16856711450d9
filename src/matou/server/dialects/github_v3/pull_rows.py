"""Change requests, their reviews and what was said on their lines, as GitHub writes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from matou.forge.access import Action, may
from matou.forge.content.change_starts import start_of_change
from matou.forge.content.differences import RevisionComparison
from matou.forge.conversation.index_rows import stands_on_line
from matou.model.metadata import ChangeRequest, Comment, DiffPosition, Review, Reviewer, ReviewThread
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.github_v3.identifiers import id_or_made, made_id
from matou.server.dialects.github_v3.issues import ASSOCIATION, item_node_id
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, person_row, repository_rows, written
from matou.server.dialects.github_v3.rows import GitHubRows, ended_at, state_of

REVIEW_STATES: Final = {
    "approved": "APPROVED",
    "changes_requested": "CHANGES_REQUESTED",
    "rejected": "CHANGES_REQUESTED",
    "commented": "COMMENTED",
    "dismissed": "DISMISSED",
}
"""What has no word here is not a review yet."""

_DECIDED: Final = ("approved", "rejected")
_HUNK: Final = re.compile(r"@@ -[0-9]+(?:,[0-9]+)? \+([0-9]+)(?:,[0-9]+)? @@")


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """A comment on a line, which is a review of its own: importers give all of one to whoever made the review."""

    comment: Comment
    thread: ReviewThread
    position: DiffPosition


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One review: of a person, or a comment on a line."""

    id: int
    row: JsonRow
    line: ReviewedLine | None = None


@dataclass(frozen=True)
class PullRows(GitHubRows):
    """For one request."""

    @cached_property
    def own_repository(self) -> Mapping[str, object]:
        return repository_rows(self.context, [self.context.repository])[0]

    def start_of(self, change: ChangeRequest) -> str | None:
        """What is told besides where whoever asks may not read the code."""
        if not may(self.context.forge, self.context.identity, Action.READ_CODE, self.context.repository):
            return change.merge_base
        return start_of_change(self.context.forge, self.code_context.granted, change)

    def comparison(self, change: ChangeRequest) -> RevisionComparison:
        start = self.start_of(change)
        return super().comparison(change if start is None else replace(change, merge_base=start))

    def change(self, change: ChangeRequest) -> JsonRow:
        number = self.number_of(change)
        url, issue = self.url("pulls", str(number)), self.url("issues", str(number))
        made = id_or_made(change.id, "pull", self.own_url, change.number)
        merged = written(change.merged_at or ended_at(change)) if change.state == "merged" else None
        assignees = [self.author(key) for key in change.assignees]
        head = change.head.commit or ""
        addresses = {
            "self": url,
            "html": self.item_page(change),
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.url('pulls', 'comments')}{{/number}}",
            "commits": f"{url}/commits",
            "statuses": self.url("statuses", head),
        }
        return {
            "url": url,
            "id": made,
            "node_id": item_node_id(self, change),
            "html_url": addresses["html"],
            "diff_url": f"{url}.diff",
            "patch_url": f"{url}.patch",
            "issue_url": issue,
            "commits_url": addresses["commits"],
            "review_comments_url": addresses["review_comments"],
            "review_comment_url": addresses["review_comment"],
            "comments_url": addresses["comments"],
            "statuses_url": addresses["statuses"],
            "number": number,
            "state": state_of(change),
            "locked": bool(change.locked),
            "active_lock_reason": None,
            "title": change.title,
            "user": self.author(change.by),
            "body": self.text_of(change),
            "labels": [self.label(label) for label in self.labels_of(change)],
            "milestone": self.milestone_of_item(change),
            "created_at": written(change.at) or UNKNOWN_TIME,
            "updated_at": written(change.updated_at or change.at) or UNKNOWN_TIME,
            "closed_at": written(ended_at(change)),
            "merged_at": merged,
            "merge_commit_sha": change.merge_commit if merged else None,
            "assignee": next(iter(assignees), None),
            "assignees": assignees,
            "requested_reviewers": self.requested(change),
            "requested_teams": [],
            "head": self._head(change),
            "base": self._base(change),
            "_links": {name: {"href": address} for name, address in addresses.items()},
            "author_association": ASSOCIATION,
            "auto_merge": None,
            "draft": bool(change.draft),
        }

    def requested(self, change: ChangeRequest) -> list[JsonRow]:
        return [self.author(one.by) for one in change.reviewers if one.state == "requested"]

    def reviews(self, change: ChangeRequest) -> list[ReviewEntry]:
        """The oldest first: those of people, and each comment on a line."""
        reviewed = {review.by for review in change.reviews}
        decided = [one for one in change.reviewers if one.by not in reviewed and one.state in _DECIDED]
        given = [self._review(one, change) for one in change.reviews if one.state in REVIEW_STATES]
        given += [self._review(one, change) for one in decided]
        given += [self._review_of_line(one, change) for one in lines_of(change)]
        return sorted(given, key=lambda one: str(one.row["submitted_at"]))

    def line_comment(self, line: ReviewedLine, change: ChangeRequest) -> JsonRow:
        comment, position = line.comment, line.position
        made = id_or_made(comment.id, "comment", self.own_url, comment.id)
        url, pull = self.url("pulls", "comments", str(made)), self.url("pulls", str(self.number_of(change)))
        first, commit = line.thread.comments[0], position.commit or change.head.commit or ""
        html_url, place = f"{self.item_page(change)}#comment-{comment.id}", _place(position)
        links = {"self": url, "html": html_url, "pull_request": pull}
        row = {
            "url": url,
            "id": made,
            "node_id": f"PRRC_{made}",
            "pull_request_review_id": self._id_of_line(comment),
            "pull_request_url": pull,
            "html_url": html_url,
            "path": position.old_path or position.path if position.side == "old" else position.path,
            **place,
            "original_position": place["position"],
            "original_line": place["line"],
            "original_start_line": place["start_line"],
            "subject_type": "line",
            "commit_id": commit,
            "original_commit_id": commit,
            "body": self.text(comment.text) or "",
            "user": self.author(comment.by),
            "created_at": written(comment.at) or UNKNOWN_TIME,
            "updated_at": written(comment.edited_at or comment.at) or UNKNOWN_TIME,
            "author_association": ASSOCIATION,
            "reactions": self.reactions(comment.reactions, url),
            "_links": {name: {"href": address} for name, address in links.items()},
        }
        if first is not comment:
            row["in_reply_to_id"] = id_or_made(first.id, "comment", self.own_url, first.id)
        return row

    def _review(self, review: Review | Reviewer, change: ChangeRequest) -> ReviewEntry:
        is_whole = isinstance(review, Review)
        own = review.id if isinstance(review, Review) else None
        made = id_or_made(own, "review", self.own_url, change.number, own or review.by or "")
        text, commit = (review.text, review.commit) if isinstance(review, Review) else (None, change.head.commit)
        at = review.at or (None if is_whole else change.updated_at) or change.at
        return ReviewEntry(
            made,
            self._review_row(made, change, by=review.by, state=REVIEW_STATES[review.state], commit=commit)
            | {"body": self.text(text) or "", "submitted_at": written(at) or UNKNOWN_TIME},
        )

    def _review_of_line(self, line: ReviewedLine, change: ChangeRequest) -> ReviewEntry:
        made, commit = self._id_of_line(line.comment), line.position.commit or change.head.commit
        row = self._review_row(made, change, by=line.comment.by, state="COMMENTED", commit=commit)
        return ReviewEntry(made, row | {"body": "", "submitted_at": written(line.comment.at) or UNKNOWN_TIME}, line)

    def _review_row(
        self, made: int, change: ChangeRequest, *, by: str | None, state: str, commit: str | None
    ) -> dict[str, object]:
        pull, html_url = self.url("pulls", str(self.number_of(change))), self.item_page(change)
        return {
            "id": made,
            "node_id": f"PRR_{made}",
            "user": self.author(by),
            "state": state,
            "html_url": html_url,
            "pull_request_url": pull,
            "author_association": ASSOCIATION,
            "_links": {"html": {"href": html_url}, "pull_request": {"href": pull}},
            "commit_id": commit,
        }

    def _id_of_line(self, comment: Comment) -> int:
        return made_id("review of a line", self.own_url, comment.id)

    def _head(self, change: ChangeRequest) -> JsonRow:
        """A fork is told as GitHub tells one that is gone: nothing can be had from it here."""
        branch, fork = change.head.branch or "", change.head.repository
        if fork is None:
            return self._end(branch, change.head.commit or "")
        owner = fork.rpartition("/")[0]
        user = person_row(self.context.links, owner, made_id(self.about_key, owner), self.context.links.user(owner))
        return {
            "label": f"{owner}:{branch}",
            "ref": branch,
            "sha": change.head.commit or "",
            "user": user,
            "repo": None,
        }

    def _base(self, change: ChangeRequest) -> JsonRow:
        """`sha` is where the proposal begins: importers show what was said on lines from there."""
        start = self.start_of(change) or change.base.commit or change.head.commit
        return self._end(change.base.branch, start or "")

    def _end(self, branch: str, commit: str) -> JsonRow:
        repository = self.own_repository
        owner = repository["owner"]
        login = owner["login"] if isinstance(owner, dict) else ""
        return {"label": f"{login}:{branch}", "ref": branch, "sha": commit, "user": owner, "repo": repository}


def lines_of(change: ChangeRequest) -> Iterator[ReviewedLine]:
    for thread in change.threads:
        if stands_on_line(change, thread) and thread.position is not None:
            for comment in thread.comments:
                if comment.gone_in is None:
                    yield ReviewedLine(comment, thread, thread.position)


def line_in(change: ChangeRequest, comment: Comment) -> ReviewedLine | None:
    return next((line for line in lines_of(change) if line.comment is comment), None)


def _place(position: DiffPosition) -> dict[str, object]:
    """Where a comment stands.

    Gitea and Forgejo find the line from `position`, counted from where the hunk begins in the new file; what it comes
    to below 0 is a line of the old one.
    """
    line, side = position.line or 0, "LEFT" if position.side == "old" else "RIGHT"
    stated = {"line": line, "side": side, "start_line": position.first_line, "start_side": None}
    if side == "LEFT":
        return {**stated, "position": 1 - line, "diff_hunk": ""}
    begins = _HUNK.match(position.hunk or "")
    first = int(begins[1]) if begins else line
    if begins is None or not 0 < first <= line:
        return {**stated, "position": 1, "diff_hunk": f"@@ -{line},1 +{line},1 @@"}
    return {**stated, "position": line - first + 1, "diff_hunk": position.hunk}

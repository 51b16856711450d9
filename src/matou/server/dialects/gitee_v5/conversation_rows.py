"""What was said, as Gitee writes it: the reverse of what `platforms.gitee.metadata_items` reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
from msgspec import UNSET

from matou.forge.content.differences import RevisionComparison
from matou.forge.conversation.conversation import FoundComment
from matou.git.odb.objects import Signature
from matou.model.metadata import (
    WITHHELD,
    ChangeRequest,
    Comment,
    CommitComment,
    Issue,
    Item,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    Milestone,
    Participant,
    ProtectionRule,
    ReleaseAsset,
    ReviewThread,
    SavedRelease,
    TimelineEvent,
    Webhook,
)
from matou.platforms.base.v5_mapping import EVENTS
from matou.platforms.gitee import wire_issues, wire_project, wire_pulls, wire_releases
from matou.platforms.gitee.wire_v3 import Moment, moment_of
from matou.server.api.saved_rows import JsonRow, merged, number_of
from matou.server.api.v5.releases import NoSuchAsset
from matou.server.api.v5.rows import ConversationRows, body_of, comment_count, thread_of, threads_of
from matou.server.dialects.gitee_v5.objects import addresses_of_person

STATES: Final = {"doing": "progressing", "rejected": "rejected"}


class GiteeRows(ConversationRows):
    """Rows of Gitee's API v5."""

    platform: ClassVar[str] = "gitee"

    def issue(self, issue: Issue, *, listed: int | None = None) -> JsonRow:
        status, kind, milestone = issue.status, issue.type, self.milestone_of(issue)
        state = STATES.get((status.group if status else None) or "", issue.state)
        detail = wire_issues.GiteeIssueState(id=number_of(status.id), title=status.name) if status else None
        row = wire_issues.GiteeIssue(
            id=number_of(issue.id),
            url=self.api("issues", issue.number),
            repository_url=self.api(),
            labels_url=self.api("issues", issue.number, "labels"),
            comments_url=self.api("issues", issue.number, "comments"),
            html_url=issue.url,
            parent_url=self.api("issues", issue.parent) if issue.parent else None,
            number=issue.number,
            state=state,
            title=issue.title,
            body=_body(issue.text),
            body_html=_html(issue.text),
            labels=[self._label(label) for label in self.labels_of(issue)],
            repository=wire_issues.GiteeRepositoryOfIssue(
                id=self.context.repository.id, full_name=str(self.context.repository.path)
            ),
            milestone=None if milestone is None else self._milestone(milestone),
            created_at=_moment(issue.at),
            updated_at=_moment(issue.updated_at),
            plan_started_at=issue.start,
            deadline=issue.due,
            finished_at=_moment(issue.closed_at),
            comments=comment_count(issue, listed),
            priority=0 if issue.priority is None else (issue.priority.rank or 0) + 1,
            issue_type=kind.name if kind else None,
            security_hole=bool(issue.confidential),
            issue_state=status.name if status else issue.state,
            issue_type_detail=wire_issues.GiteeIssueType(id=number_of(kind.id), title=kind.name)
            if kind and kind.id
            else None,
            issue_state_detail=detail if status and status.id else None,
        )
        people = {"user": self.person(issue.by), "assignee": self.person(next(iter(issue.assignees), None))}
        completed = self.complete(row, issue.extra, **people)
        return {**completed, **self._collaborators(issue)}

    def issue_comment(self, found: FoundComment) -> JsonRow:
        comment, item = found.comment, found.item
        target = wire_issues.GiteeNoteIssue(id=number_of(item.id), title=item.title, number=item.number)
        row = wire_issues.GiteeNote(
            id=number_of(comment.id),
            body=_body(comment.text),
            body_html=_html(comment.text),
            target=wire_issues.GiteeNoteTarget(issue=target, pull_request=None),
            created_at=_moment(comment.at),
            updated_at=_moment(comment.edited_at or comment.at),
            in_reply_to_id=number_of(comment.reply_to) or None,
        )
        completed = self.complete(row, comment.extra, user=self.person(comment.by))
        return {**completed, "in_reply_to_user": self._replied_to(comment)}

    def _replied_to(self, comment: Comment | CommitComment) -> JsonRow | None:
        replied_to = self.shown_extra(comment.extra).get("in_reply_to_user")
        return self.person(replied_to) if isinstance(replied_to, str) else None

    def change(self, change: ChangeRequest, *, listed: int | None = None) -> JsonRow:  # noqa: ARG002 - a list has all of it
        milestone, url = self.milestone_of(change), self.api("pulls", change.number)
        page = change.url or url
        reviewers, testers = self._reviewers(change, testers=False), self._reviewers(change, testers=True)
        row = wire_pulls.GiteePullRequest(
            id=number_of(change.id),
            url=url,
            html_url=change.url,
            diff_url=f"{page}.diff",
            patch_url=f"{page}.patch",
            issue_url=f"{url}/issues",
            commits_url=f"{url}/commits",
            review_comments_url=f"{self.api('pulls', 'comments')}/{{/number}}",
            review_comment_url=self.api("pulls", "comments"),
            comments_url=f"{url}/comments",
            number=number_of(change.number),
            state=change.state,
            title=change.title,
            body=_body(change.text),
            body_html=_html(change.text),
            milestone=None if milestone is None else self._milestone(milestone),
            labels=[self._label(label) for label in self.labels_of(change)],
            locked=bool(change.locked),
            created_at=_moment(change.at),
            updated_at=_moment(change.updated_at),
            closed_at=_moment(change.closed_at),
            draft=bool(change.draft),
            merged_at=_moment(change.merged_at),
            security_hole=bool(change.confidential),
            mergeable=False,
            can_merge_check=False,
            head=wire_pulls.GiteePullEnd(ref=change.head.branch or ""),
            base=wire_pulls.GiteePullEnd(ref=change.base.branch),
            links={"self": {"href": url}, "html": {"href": page}, "comments": {"href": f"{url}/comments"}},
        )
        own = str(self.context.repository.path)
        user = self.person(change.by)
        return self.complete(
            row,
            change.extra,
            user=user,
            head=self._end(change.head.branch, change.head.commit, change.head.repository or own, user),
            base=self._end(change.base.branch, change.base.commit, own, None),
            assignees=reviewers,
            testers=testers,
        )

    def change_comments(self, change: ChangeRequest) -> Sequence[JsonRow]:
        return [self._pull_comment(comment, change, thread) for thread, comment in threads_of(change)]

    def change_comment(self, found: FoundComment) -> JsonRow:
        return self._pull_comment(found.comment, found.item, thread_of(found))

    def commit_comment(self, comment: CommitComment) -> JsonRow:
        of_commit = {"commit": {"sha": comment.commit}} if comment.commit else {}
        row = wire_pulls.GiteeCommitComment(
            id=number_of(comment.id),
            body=_body(comment.text),
            body_html=_html(comment.text),
            source=None,
            target={"issue": None, "pull_request": None, **of_commit},
            created_at=_moment(comment.at),
            updated_at=_moment(comment.updated_at),
            in_reply_to_id=number_of(comment.reply_to) or None,
            in_reply_to_user=None,
            html_url=comment.url or UNSET,
        )
        completed = self.complete(row, comment.extra, user=self.person(comment.by), **self.place_of(comment))
        return {**completed, "in_reply_to_user": self._replied_to(comment)}

    def commits(self, comparison: RevisionComparison) -> Sequence[object]:
        """The newest first."""
        return [
            {
                "url": self.api("commits", commit.id),
                "sha": commit.id,
                "html_url": self.context.links.page(self.context.repository.path, "commit", commit.id),
                "comments_url": self.api("commits", commit.id, "comments"),
                "commit": {
                    "url": self.api("commits", commit.id),
                    "author": signature_row(commit.author),
                    "committer": signature_row(commit.committer),
                    "message": commit.message,
                },
                "author": None,
                "committer": None,
                "parents": [{"sha": parent, "url": self.api("commits", parent)} for parent in commit.parents],
            }
            for commit in reversed(comparison.commits)
        ]

    def files(self, comparison: RevisionComparison) -> Sequence[object]:
        path, head = self.context.repository.path, comparison.head.id
        return [
            {
                "sha": each.blob,
                "filename": _readable(each.path),
                "status": each.kind,
                "additions": str(each.additions),
                "deletions": str(each.deletions),
                "blob_url": self.context.links.page(path, "blob", head, each.path),
                "raw_url": self.context.links.page(path, "raw", head, each.path),
                "patch": {
                    "diff": _readable(each.hunks),
                    "new_path": _readable(each.path),
                    "old_path": _readable(each.old_path),
                },
            }
            for each in comparison.difference.files
        ]

    def event(self, event: TimelineEvent, item: Item) -> JsonRow:  # noqa: ARG002 - it does not name what it is of
        row = wire_issues.GiteeOperateLog(
            id=number_of(event.id), icon="", content=event.text or event.kind, created_at=_moment(event.at)
        )
        return self.complete(row, event.data, user=self.person(event.by))

    def label(self, label: LabelDefinition) -> JsonRow:
        return self.complete(self._label(label), label.extra)

    def milestone(self, milestone: Milestone) -> JsonRow:
        return self.complete(self._milestone(milestone), milestone.extra)

    def release(self, release: SavedRelease) -> JsonRow:
        row = wire_releases.GiteeRelease(
            id=number_of(release.id),
            tag_name=release.tag,
            target_commitish=release.target,
            prerelease=release.prerelease,
            name=release.name,
            body=body_of(release.text),
            created_at=_moment(release.at or release.published_at),
            assets=[
                wire_releases.GiteeReleaseFile(browser_download_url=self.asset_url(release, asset), name=asset.name)
                for asset in release.assets
            ],
        )
        return self.complete(row, release.extra, author=self.person(release.by))

    def file(self, release: SavedRelease, asset: ReleaseAsset | None) -> JsonRow:
        """Raises NoSuchAsset."""
        if asset is None:
            raise NoSuchAsset("there is no such file here")
        row = wire_releases.GiteeAttachFile(
            id=number_of(file_id(release, asset)),
            name=asset.name,
            size=asset.size or 0,
            browser_download_url=self.asset_url(release, asset),
        )
        uploader = self.shown_extra(asset.extra).get("uploader")
        completed = self.complete(row, asset.extra)
        return {**completed, "uploader": self.person(uploader) if isinstance(uploader, str) else None}

    def find_file(self, release: SavedRelease, text: str) -> ReleaseAsset | None:
        return next((one for one in release.assets if file_id(release, one) == text), None)

    def asset_path(self, release: SavedRelease, asset: ReleaseAsset) -> Sequence[str]:
        return (release.id or "0", "attach_files", file_id(release, asset), "download")

    def hook(self, hook: Webhook) -> JsonRow:
        row = wire_project.GiteeHook(
            id=number_of(hook.id),
            url=hook.url,
            created_at=_moment(hook.at),
            password=WITHHELD if hook.secret else "",
            project_id=self.context.repository.id,
            result="",
            result_code=0,
            title=hook.name or "",
            **_events(hook),
        )
        return self.complete(row, hook.extra)

    def protection(self, rule: ProtectionRule) -> JsonRow:
        return self.complete(wire_project.GiteeProtectedBranch(name=rule.pattern, protected=True), rule.extra)

    def member(self, grant: MemberGrant) -> JsonRow:
        rights = {
            "pull": grant.role != "guest",
            "push": grant.role in ("developer", "maintainer", "owner"),
            "admin": grant.role in ("maintainer", "owner"),
        }
        return merged({**(self.person(grant.person) or {}), "permissions": rights}, self.shown_extra(grant.extra))

    def person_row(self, known: Participant) -> JsonRow:
        row = wire_issues.GiteeUserBasic(
            id=number_of(known.id),
            login=known.login,
            name=known.name,
            avatar_url="",
            url=self.context.links.api("users", known.login),
            html_url=known.url or "",
            type="User",
        )
        below = addresses_of_person(self.context.links, known.login)
        own: dict[str, object] = {"email": known.email} if known.email and self.shows_personal_data else {}
        return {**msgspec.to_builtins(row), **below, **self.shown_extra(known.extra), **own}

    def _label(self, label: LabelDefinition) -> wire_issues.GiteeLabel:
        return wire_issues.GiteeLabel(
            id=number_of(label.id),
            name=label.name,
            color=label.color,
            repository_id=self.context.repository.id,
            url=self.api("labels", label.name),
        )

    def _milestone(self, milestone: Milestone) -> wire_issues.GiteeMilestone:
        return wire_issues.GiteeMilestone(
            url=self.api("milestones", milestone.number),
            html_url=self.api("milestones", milestone.number),
            number=number_of(milestone.number),
            repository_id=self.context.repository.id,
            state=milestone.state,
            title=milestone.title,
            description=body_of(milestone.text),
            updated_at=_moment(milestone.updated_at),
            created_at=_moment(milestone.at),
            due_on=milestone.due,
        )

    def _collaborators(self, issue: Issue) -> dict[str, object]:
        keys = self.shown_extra(issue.extra).get("collaborators")
        return {"collaborators": [self.person(key) for key in keys] if isinstance(keys, list) else []}

    def _reviewers(self, change: ChangeRequest, *, testers: bool) -> list[object]:
        return [
            {**(self.person(one.by) or {}), "accept": one.state == "approved"}
            for one in change.reviewers
            if (one.role == "tester") is testers
        ]

    def _end(self, branch: str | None, commit: str | None, path: str, user: JsonRow | None) -> dict[str, object]:
        end = wire_pulls.GiteePullEnd(
            label=branch,
            ref=branch or "",
            sha=commit,
            repo=wire_pulls.GiteePullRepository(full_name=path),
        )
        return {**msgspec.to_builtins(end), "user": user}

    def _pull_comment(self, comment: Comment, item: Item, thread: ReviewThread | None) -> JsonRow:
        url = self.api("pulls", "comments", comment.id)
        row = wire_pulls.GiteePullComment(
            url=url,
            id=number_of(comment.id),
            created_at=_moment(comment.at),
            updated_at=_moment(comment.edited_at or comment.at),
            body=comment.text.body,
            html_url=item.url or url,
            pull_request_url=self.api("pulls", item.number),
            links={"self": {"href": url}, "pull_request": {"href": self.api("pulls", item.number)}},
            comment_type="pr_comment" if thread is None else "diff_comment",
            in_reply_to_id=number_of(comment.reply_to) or None,
        )
        return self.complete(row, comment.extra, user=self.person(comment.by), **self._position(thread))

    def _position(self, thread: ReviewThread | None) -> Mapping[str, Any]:
        """As Gitee gave it; made of the lines where another platform did."""
        empty = dict.fromkeys(("path", "position", "original_position", "commit_id", "original_commit_id"))
        if thread is None:
            return empty
        position = thread.position
        if position is None:
            return {**empty, "path": thread.path}
        if self.is_own:
            return {**empty, **position.as_given}
        return {**empty, "path": position.path, "new_line": position.line, "commit_id": position.commit}


def file_id(release: SavedRelease, asset: ReleaseAsset) -> str:
    """Its own; where the platform gave none, its place in the list, from 1."""
    return asset.id or str(release.assets.index(asset) + 1)


def _events(hook: Webhook) -> dict[str, Any]:
    return {key: event in hook.events for key, event in EVENTS.items()}


def _moment(moment: datetime | None) -> Moment | None:
    return None if moment is None else moment_of(moment)


def _body(text: MarkupText | None) -> str | None:
    return text.body if text is not None and text.markup != "html" else None


def _html(text: MarkupText | None) -> str | None:
    return text.body if text is not None and text.markup == "html" else None


def signature_row(signature: Signature) -> dict[str, object]:
    return {"name": signature.name, "email": signature.email, "date": moment_of(signature.at)}


def _readable(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace")

"""What was said, as GitCode writes it: the reverse of what `platforms.gitcode.metadata_items` reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
from msgspec import UNSET

from matou.forge.content.differences import RevisionComparison
from matou.forge.conversation.conversation import FoundComment
from matou.model.metadata import (
    WITHHELD,
    ChangeRequest,
    Comment,
    CommitComment,
    Issue,
    Item,
    LabelDefinition,
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
from matou.platforms.gitcode import wire_issues, wire_pulls, wire_releases
from matou.platforms.gitcode.metadata_items import ON_A_LINE
from matou.platforms.gitcode.metadata_project import GROUPS
from matou.platforms.gitcode.wire_base import ChinaMoment, china_moment
from matou.platforms.gitcode.wire_users import Person
from matou.server.api.saved_rows import JsonRow, merged, number_of
from matou.server.api.v5.rows import ConversationRows, body_of, comment_count, thread_of, threads_of
from matou.server.dialects.gitcode_v5.commits import commit_row, users_behind
from matou.server.dialects.gitcode_v5.pull_files import pull_file

MILESTONE_STATES: Final = {"open": "active", "closed": "closed"}
PERSON_STATES: Final[Mapping[str | None, str]] = {"active": "active", "locked": "blocked"}
ACCESS_LEVELS: Final = {"guest": 10, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50}
ON_THE_WHOLE: Final = "pr_comment"

_ALWAYS_NULL: Final = dict.fromkeys(
    (
        *("events_url", "followers_url", "following_url", "gists_url", "member_role", "organizations_url"),
        *("received_events_url", "remark", "repos_url", "starred_url", "subscriptions_url", "type", "url"),
    )
)
"""What GitCode's own answers have of people, and null in nearly all of them."""


class GitCodeRows(ConversationRows):
    """Rows of GitCode's API v5."""

    platform: ClassVar[str] = "gitcode"

    def issue(self, issue: Issue, *, listed: int | None = None) -> JsonRow:
        status, kind, milestone = issue.status, issue.type, self.milestone_of(issue)
        row = wire_issues.GitCodeIssue(
            id=number_of(issue.id),
            html_url=issue.url,
            url=self.api("issues", issue.number),
            number=issue.number,
            state=issue.state,
            issue_state=status.name if status else issue.state,
            issue_state_detail=wire_issues.GitCodeIssueState(id=number_of(status.id), title=status.name)
            if status and status.id
            else None,
            issue_type=kind.name if kind else None,
            issue_type_detail=wire_issues.GitCodeIssueType(id=number_of(kind.id), title=kind.name)
            if kind and kind.id
            else None,
            title=issue.title,
            body=None if issue.text is None else issue.text.body,
            repository=self._repository(),
            labels=[self._label(label) for label in self.labels_of(issue)],
            milestone=None if milestone is None else self._milestone(milestone),
            priority=issue.priority.rank if issue.priority else None,
            issue_priority_detail=wire_issues.GitCodeIssuePriority(title=issue.priority.name)
            if issue.priority
            else None,
            comments=comment_count(issue, listed),
            custom_fields=_custom_fields(issue) if listed is None else UNSET,
            created_at=_moment(issue.at),
            updated_at=_moment(issue.updated_at),
            deadline=issue.due,
            finished_at=_moment(issue.closed_at),
        )
        assignee = self.person(next(iter(issue.assignees), None))
        return self.complete(row, issue.extra, user=self.person(issue.by), assignee=assignee)

    def issue_comment(self, found: FoundComment) -> JsonRow:
        comment, item = found.comment, found.item
        issue = wire_issues.GitCodeNoteIssue(id=number_of(item.id), number=item.number, title=item.title)
        row = wire_issues.GitCodeNote(
            id=number_of(comment.id),
            body=comment.text.body,
            target=wire_issues.GitCodeNoteTarget(issue=issue),
            created_at=_moment(comment.at),
            updated_at=_moment(comment.edited_at or comment.at),
        )
        return self.complete(row, comment.extra, user=self.person(comment.by))

    def change(self, change: ChangeRequest, *, listed: int | None = None) -> JsonRow:
        number, milestone = number_of(change.number), self.milestone_of(change)
        reviewers, testers = self._reviewers(change), self._reviewers(change, testers=True)
        row = wire_pulls.GitCodePullRequest(
            id=number_of(change.id),
            iid=number,
            number=number,
            project_id=self.context.repository.id,
            url=self.api("pulls", change.number),
            html_url=change.url,
            web_url=change.url,
            issue_url=self.api("pulls", change.number, "issues"),
            state=change.state,
            locked=bool(change.locked),
            draft=bool(change.draft),
            title=change.title,
            body=None if change.text is None else change.text.body,
            head=wire_pulls.GitCodePullEnd(ref=change.head.branch or ""),
            base=wire_pulls.GitCodePullEnd(ref=change.base.branch),
            source_branch=change.head.branch,
            target_branch=change.base.branch,
            diff_refs=wire_pulls.GitCodeDiffRefs(
                base_sha=change.merge_base, start_sha=change.base.commit, head_sha=change.head.commit
            ),
            labels=[self._label(label) for label in self.labels_of(change)],
            milestone=None if milestone is None else self._milestone(milestone),
            assignees=reviewers,
            assignees_number=len(reviewers),
            testers=testers,
            testers_number=len(testers),
            approval_reviewers=[] if listed is None else UNSET,
            notes=comment_count(change, listed),
            mergeable=False,
            can_merge_check=False,
            created_at=_moment(change.at),
            updated_at=_moment(change.updated_at),
            closed_at=_moment(change.closed_at),
            merged_at=_moment(change.merged_at),
        )
        people = {"user": change.by, "merged_by": change.merged_by, "closed_by": change.closed_by}
        return self.complete(
            row,
            change.extra,
            head=self._head(change),
            base=self._base(change),
            **{name: self.person(key) for name, key in people.items()},
        )

    def change_comments(self, change: ChangeRequest) -> Sequence[JsonRow]:
        """Replies stand within what they reply to."""
        spoken = threads_of(change)
        begins = {id(thread): thread.comments[0].id for thread in change.threads if thread.comments}
        ids = {comment.id for _, comment in spoken}
        replies: dict[str, list[Comment]] = {}
        roots: list[tuple[ReviewThread | None, Comment]] = []
        for thread, comment in spoken:
            above = comment.reply_to if thread is None else begins[id(thread)]
            if above is None or above == comment.id or above not in ids:
                roots.append((thread, comment))
            else:
                replies.setdefault(above, []).append(comment)
        rows, shown = list[JsonRow](), set[int]()
        # What is said to reply to itself in the end begins nothing, and is shown all the same.
        for thread, comment in (*roots, *spoken):
            if id(comment) not in shown:
                below = [one for one in _below(comment.id, replies) if id(one) not in shown and one is not comment]
                shown |= {id(comment), *map(id, below)}
                rows.append(self._pull_comment(comment, thread, below))
        return rows

    def change_comment(self, found: FoundComment) -> JsonRow:
        """Alone it is with its target, and without what was replied."""
        row = self._pull_comment(found.comment, thread_of(found), None)
        issue = {"id": number_of(found.item.id), "number": found.item.number, "title": found.item.title}
        return {**row, "target": {"issue": issue}}

    def commit_comment(self, comment: CommitComment) -> JsonRow:
        row = wire_pulls.GitCodeCommitComment(
            id=number_of(comment.id),
            body=comment.text.body,
            target={"commit": {"id": comment.commit}} if comment.commit else {},
            created_at=_moment(comment.at),
            updated_at=_moment(comment.updated_at),
            in_reply_to_id=number_of(comment.reply_to) or UNSET,
            html_url=comment.url or UNSET,
        )
        return self.complete(row, comment.extra, user=self.person(comment.by), **self.place_of(comment))

    def commits(self, comparison: RevisionComparison) -> Sequence[object]:
        """The newest first, as a list of commits is."""
        context = self.code_context
        users = users_behind(context, comparison.commits)
        return [commit_row(context, commit, users) for commit in reversed(comparison.commits)]

    def files(self, comparison: RevisionComparison) -> Sequence[object]:
        context = self.code_context
        return [pull_file(context, comparison, each) for each in comparison.difference.files]

    def event(self, event: TimelineEvent, item: Item) -> JsonRow:
        row = wire_issues.GitCodeOperateLog(
            id=number_of(event.id),
            action=event.kind,
            action_type=event.kind,
            content=event.text or event.kind,
            created_at=_moment(event.at),
            updated_at=_moment(event.at),
            **({"issue_id": item.id} if isinstance(item, Issue) else {"merge_request_id": number_of(item.id)}),
        )
        return self.complete(row, event.data, user=self.person(event.by))

    def label(self, label: LabelDefinition) -> JsonRow:
        return self.complete(self._label(label), label.extra)

    def milestone(self, milestone: Milestone) -> JsonRow:
        return self.complete(self._milestone(milestone), milestone.extra)

    def release(self, release: SavedRelease) -> JsonRow:
        row = wire_releases.GitCodeRelease(
            tag_name=release.tag,
            target_commitish=release.target,
            prerelease=release.prerelease,
            name=release.name,
            body=body_of(release.text),
            created_at=_moment(release.at or release.published_at),
        )
        assets = [self._asset(release, asset) for asset in release.assets]
        return self.complete(row, release.extra, author=self.person(release.by), assets=assets)

    def _asset(self, release: SavedRelease, asset: ReleaseAsset) -> JsonRow:
        row = wire_releases.GitCodeReleaseFile(
            id=number_of(asset.id) or UNSET,
            name=asset.name,
            browser_download_url=self.asset_url(release, asset),
            type="attach",
        )
        return self.complete(row, asset.extra)

    def asset_path(self, release: SavedRelease, asset: ReleaseAsset) -> Sequence[str]:
        return (release.tag, "attach_files", asset.name, "download")

    def hook(self, hook: Webhook) -> JsonRow:
        row = wire_releases.GitCodeHook(
            id=number_of(hook.id),
            url=hook.url,
            password=WITHHELD if hook.secret else "",
            project_id=self.context.repository.id,
            result="",
            result_code=0,
            created_at=_moment(hook.at),
            **{key: event in hook.events for key, event in EVENTS.items()},
        )
        return self.complete(row, hook.extra)

    def protection(self, rule: ProtectionRule) -> JsonRow:
        if rule.target == "tag":
            tag = wire_releases.GitCodeProtectedTag(
                name=rule.pattern, create_access_level=0, create_access_level_desc=""
            )
            return self.complete(tag, rule.extra)
        can: dict[str, Any] = {
            f"{group}_can_{act}": group in (named or ())
            for group in GROUPS
            for act, named in (("push", rule.push), ("merge", rule.merge))
        }
        row = wire_releases.GitCodeProtectedBranch(name=rule.pattern, **can)
        return self.complete(row, rule.extra)

    def member(self, grant: MemberGrant) -> JsonRow:
        person = self.person(grant.person) or {}
        own = {
            "username": person.get("login"),
            "web_url": person.get("html_url"),
            "access_level": ACCESS_LEVELS[grant.role],
            "permissions": {
                "admin": grant.role in ("maintainer", "owner"),
                "push": grant.role in ("developer", "maintainer", "owner"),
                "pull": grant.role != "guest",
            },
        }
        return merged({**person, **own}, self.shown_extra(grant.extra))

    def person_row(self, known: Participant) -> JsonRow:
        rest = self.shown_extra(known.extra)
        ids = (rest.get(name) for name in ("id", "object_id", "user_id"))
        row = Person(
            id=next((str(one) for one in ids if one), known.id or known.login),
            login=known.login,
            name=known.name,
            avatar_url="",
            html_url=known.url or "",
        )
        own: dict[str, object] = {"email": known.email} if known.email and self.shows_personal_data else {}
        if known.state in PERSON_STATES:
            own["state"] = PERSON_STATES[known.state]
        return {**msgspec.to_builtins(row), **_ALWAYS_NULL, **rest, **own}

    def _label(self, label: LabelDefinition) -> wire_issues.GitCodeLabel:
        return wire_issues.GitCodeLabel(
            id=number_of(label.id),
            name=label.name,
            color=f"#{label.color}" if label.color else "",
            repository_id=self.context.repository.id,
        )

    def _milestone(self, milestone: Milestone) -> wire_issues.GitCodeMilestone:
        return wire_issues.GitCodeMilestone(
            number=number_of(milestone.number),
            title=milestone.title,
            state=MILESTONE_STATES[milestone.state],
            description=body_of(milestone.text),
            due_on=milestone.due,
            repository_id=self.context.repository.id,
            url=self.api("milestones", milestone.number),
            created_at=_moment(milestone.at),
            updated_at=_moment(milestone.updated_at),
        )

    def _repository(self) -> dict[str, object]:
        repository = self.context.repository
        created = repository.created_at or repository.updated_at
        return {
            "id": repository.id,
            "full_name": str(repository.path),
            "name": repository.true_name,
            "path": repository.name,
            "description": repository.description,
            "url": self.context.links.page(repository.path),
            "assigner": None,
            "paas": None,
            "created_at": china_moment(created),
            "updated_at": china_moment(repository.updated_at),
        }

    def _end(self, branch: str | None, commit: str | None, path: str, user: JsonRow | None) -> dict[str, object]:
        """One in this repository, unless another path is given."""
        name = path.rpartition("/")[2]
        end = wire_pulls.GitCodePullEnd(
            label=branch,
            ref=branch or "",
            sha=commit,
            repo=wire_pulls.GitCodePullRepository(full_path=path, full_name=path, path=name, name=name),
        )
        return {**msgspec.to_builtins(end), "user": user}

    def _head(self, change: ChangeRequest) -> dict[str, object]:
        head = change.head
        path = head.repository or str(self.context.repository.path)
        return self._end(head.branch, head.commit, path, self.person(change.by))

    def _base(self, change: ChangeRequest) -> dict[str, object]:
        own = self._end(change.base.branch, change.base.commit, str(self.context.repository.path), None)
        return {**own, "repo": {**self._repository(), "full_path": str(self.context.repository.path)}}

    def _reviewers(self, change: ChangeRequest, *, testers: bool = False) -> list[object]:
        """With what came of it, in lists too: the description has names there, and `gc`, `ag` and go-gitcode, which are
        made for the running API, read none of them where they are no objects."""
        requested = [one for one in change.reviewers if (one.role == "tester") is testers]
        return [{**(self.person(one.by) or {}), "accept": one.state == "approved"} for one in requested]

    def _pull_comment(
        self, comment: Comment, thread: ReviewThread | None, replies: Sequence[Comment] | None
    ) -> JsonRow:
        row = wire_pulls.GitCodePullComment(
            id=comment.id,
            body=comment.text.body,
            created_at=_moment(comment.at),
            updated_at=_moment(comment.edited_at or comment.at),
            discussion_id=comment.id if thread is None else thread.id,
            comment_type=ON_THE_WHOLE if thread is None else ON_A_LINE,
            diff_file=None if thread is None else thread.path,
            resolved=False if thread is None else thread.resolved,
        )
        position = None if thread is None else self._position(thread)
        parts: dict[str, object] = {"id": _id(comment), "user": self.person(comment.by), "diff_position": position}
        if replies is not None:
            parts["reply"] = [self._reply(reply) for reply in replies]
        return self.complete(row, comment.extra, **parts)

    def _reply(self, comment: Comment) -> JsonRow:
        row = wire_pulls.GitCodePullReply(
            id=comment.id,
            body=comment.text.body,
            created_at=_moment(comment.at),
            updated_at=_moment(comment.edited_at or comment.at),
        )
        return self.complete(row, comment.extra, id=_id(comment), user=self.person(comment.by))

    def _position(self, thread: ReviewThread) -> JsonRow | None:
        """As GitCode gave it; made of the lines where another platform did."""
        position = thread.position
        if position is None:
            return None
        if self.is_own:
            return position.as_given
        first, last = position.first_line or position.line, position.line
        is_old = position.side == "old"
        made = wire_pulls.GitCodeDiffPosition(
            start_new_line=None if is_old else first,
            end_new_line=None if is_old else last,
            start_old_line=first if is_old else None,
            end_old_line=last if is_old else None,
        )
        built: dict[str, object] = msgspec.to_builtins(made)
        return built


def _moment(moment: datetime | None) -> ChinaMoment | None:
    return None if moment is None else china_moment(moment)


def _id(comment: Comment) -> int | str:
    """A number, as in nearly all answers, where it is one."""
    return number_of(comment.id) or comment.id


def _custom_fields(issue: Issue) -> list[wire_issues.GitCodeCustomField]:
    return [
        wire_issues.GitCodeCustomField(
            field_name=one.name,
            field_type=one.type,
            field_values=one.value if isinstance(one.value, list) else [one.value],
        )
        for one in issue.fields or ()
    ]


def _below(root: str, replies: Mapping[str, Sequence[Comment]]) -> list[Comment]:
    """All that was replied to a comment, and to those replies, in the order in which it was: each once."""
    found: list[Comment] = []
    followed, waiting = {root}, [root]
    while waiting:
        for reply in replies.get(waiting.pop(), ()):
            found.append(reply)
            if reply.id not in followed:
                followed.add(reply.id)
                waiting.append(reply.id)
    return sorted(found, key=lambda one: (one.at is None, one.at))

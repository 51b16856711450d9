"""A GitLab account in which something has been said: the lists of its API as GitLab gives them, for a test to direct.

Each issue and each merge request has discussions of its own; the numbers of both begin at one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha1
from typing import Any

from support.conversation_story import (
    ASSET,
    BASE,
    HEAD,
    IDS,
    LI,
    NAMES,
    PICTURE,
    WANG,
    Story,
    StoryChange,
    StoryComment,
    StoryIssue,
    StoryRelease,
)
from support.gitlab_source import API, GitLabAccount
from support.v5_account import Answer, answer, serving_account

Row = dict[str, Any]
GHOST = 10137
"""The account that has what those left behind that are gone."""
FORK = 5900
"""The project that merge requests come from which have a fork."""
SECRET = "0123456789abcdef0123456789abcdef"
UPLOAD = f"/uploads/{SECRET}/crane.png"
START = BASE[::-1]
OLD_HEAD = HEAD[::-1]


@dataclass
class GitLabTalk:
    """What one project has, as rows; those of a list that each item has by the path below the project's."""

    id: int
    issues: list[Row] = field(default_factory=list)
    merge_requests: list[Row] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    boards: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    branches: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    approval_rules: list[Row] = field(default_factory=list)
    of_items: dict[str, list[Row]] = field(default_factory=dict)

    def list(self, below: str) -> list[Row]:
        return self.of_items.setdefault(below, [])


@dataclass
class GitLabConversation(GitLabAccount):
    """An account with projects that have something of the kind.

    Attributes:
        talks: by the project's id.
        refused: paths' ends that are answered with 403.
        version: of the server.
        group_labels, epics: by the group's id.
        of_epics: what stands below one, as `9/discussions`.
        downloads: what was asked of files by the API, with the Authorization that came.
    """

    talks: dict[int, GitLabTalk] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    version: str = "17.11.2-ee"
    group_labels: dict[int, list[Row]] = field(default_factory=dict)
    epics: dict[int, list[Row]] = field(default_factory=dict)
    of_epics: dict[str, list[Row]] = field(default_factory=dict)
    downloads: list[tuple[str, str | None]] = field(default_factory=list)

    def person(self, login: str | None) -> Row:
        """`ghost` for an account that is gone."""
        id_, name = (GHOST, "Ghost User") if login is None else (IDS[login], NAMES[login])
        login = login or "ghost"
        page = f"{self.origin}/{login}"
        own = {"id": id_, "username": login, "name": name, "state": "active", "locked": False}
        return {**own, "public_email": "", "avatar_url": f"{page}.png", "web_url": page}

    def tell(self, project: Mapping[str, Any], story: Story) -> GitLabTalk:
        """Let people have said all that, in a project."""
        talk = self.talks[project["id"]] = GitLabTalk(project["id"])
        talk.labels = [self.label(number, *label) for number, label in enumerate(story.labels, 1)]
        talk.milestones = [self._milestone(project, n, *one) for n, one in enumerate(story.milestones, 1)]
        for issue in story.issues:
            talk.issues.append(self.issue(project, talk, issue))
            talk.of_items[f"issues/{issue.number}/discussions"] = [self.discussion(one) for one in issue.comments]
        for change in story.changes:
            self._tell_change(project, talk, change)
        talk.releases = [self._release(project, release) for release in story.releases]
        self._add_rules(talk)
        return talk

    def issue(self, project: Mapping[str, Any], talk: GitLabTalk, issue: StoryIssue, **values: Any) -> Row:
        milestones = {row["id"]: row for row in talk.milestones}
        is_closed = issue.state == "closed"
        assignees = [self.person(issue.assignee)] if issue.assignee else []
        return {
            **self._item(project, "issues", issue.number, issue.by, issue.at, issue.updated_at),
            "title": issue.title,
            "description": issue.body,
            "state": "closed" if is_closed else "opened",
            "type": "ISSUE",
            "issue_type": "issue",
            "labels": list(issue.labels),
            "milestone": milestones.get(issue.milestone or 0),
            "assignees": assignees,
            "assignee": assignees[0] if assignees else None,
            "closed_at": zulu(issue.updated_at) if is_closed else None,
            "closed_by": self.person(LI) if is_closed else None,
            "user_notes_count": len(issue.comments),
            "merge_requests_count": 0,
            "due_date": None,
            "confidential": False,
            "has_tasks": True,
            "task_status": "0 of 0 checklist items completed",
            "_links": {"self": "", "notes": "", "award_emoji": "", "project": "", "closed_as_duplicate_of": None},
            "severity": "UNKNOWN",
            "moved_to_id": None,
            "service_desk_reply_to": None,
            **values,
        }

    def _item(
        self, project: Mapping[str, Any], list_: str, number: int, by: str | None, at: str, updated_at: str
    ) -> Row:
        """What issues and merge requests have alike."""
        page = f"{self.origin}/{project['full_name']}/-/{list_}/{number}"
        mark = {"issues": "#", "merge_requests": "!"}[list_] + str(number)
        seconds = {"time_estimate": 0, "total_time_spent": 0}
        return {
            "id": (7000 if list_ == "issues" else 8000) + number,
            "iid": number,
            "project_id": project["id"],
            "author": self.person(by),
            "created_at": zulu(at),
            "updated_at": zulu(updated_at),
            "upvotes": 0,
            "downvotes": 0,
            "discussion_locked": None,
            "web_url": page,
            "references": {"short": mark, "relative": mark, "full": f"{project['full_name']}{mark}"},
            "time_stats": {**seconds, "human_time_estimate": None, "human_total_time_spent": None},
            "task_completion_status": {"count": 0, "completed_count": 0},
            "imported": False,
            "imported_from": "none",
        }

    def discussion(self, *said: StoryComment, **values: Any) -> Row:
        """Of those that belong together; one alone cannot be answered."""
        id_ = sha1(str(said[0].id).encode()).hexdigest()
        notes = [self.note(one, **values) for one in said]
        return {"id": id_, "individual_note": notes[0]["type"] is None, "notes": notes}

    def note(self, said: StoryComment, **values: Any) -> Row:
        return {
            "id": said.id,
            "type": None,
            "body": said.body,
            "attachment": None,
            "author": self.person(said.by),
            "created_at": zulu(said.at),
            "updated_at": zulu(said.edited_at or said.at),
            "system": False,
            "noteable_id": 7002,
            "noteable_type": "Issue",
            "noteable_iid": 2,
            "project_id": 5000,
            "resolvable": False,
            "confidential": False,
            "internal": False,
            "imported": False,
            "imported_from": "none",
            "commands_changes": {},
            **values,
        }

    def on_line(self, *said: StoryComment) -> Row:
        """A discussion on a line."""
        position = {
            "base_sha": BASE,
            "start_sha": START,
            "head_sha": HEAD,
            "position_type": "text",
            "old_path": said[0].path,
            "new_path": said[0].path,
            "old_line": None,
            "new_line": said[0].line,
            "line_range": {
                "start": {"line_code": "x", "type": "new", "old_line": None, "new_line": said[0].line - 2},
                "end": {"line_code": "y", "type": "new", "old_line": None, "new_line": said[0].line},
            },
        }
        is_resolved = said[0].resolved
        return self.discussion(
            *said,
            type="DiffNote",
            position=position,
            resolvable=True,
            resolved=is_resolved,
            resolved_by=self.person(WANG) if is_resolved else None,
            resolved_at=zulu(said[-1].at) if is_resolved else None,
        )

    def _tell_change(self, project: Mapping[str, Any], talk: GitLabTalk, change: StoryChange) -> None:
        talk.merge_requests.append(self.merge_request(project, change))
        below = f"merge_requests/{change.number}"
        on_lines = [one for one in change.comments if one.path is not None]
        discussions = [self.discussion(one) for one in change.comments if one.path is None]
        talk.of_items[f"{below}/discussions"] = [*discussions, *([self.on_line(*on_lines)] if on_lines else [])]
        talk.of_items[f"{below}/reviewers"] = [
            {
                "user": self.person(login),
                "state": "approved" if accepted else "unreviewed",
                "created_at": zulu(change.at),
            }
            for login, accepted in (*change.reviewers, *change.testers)
        ]
        talk.of_items[f"{below}/versions"] = [
            self._version(change, number, head) for number, head in ((2, HEAD), (1, OLD_HEAD))
        ]
        approved = [login for login, accepted in change.reviewers if accepted]
        talk.of_items[f"{below}/approvals"] = [
            {"user": self.person(login), "approved_at": "2023-03-08T02:30:00.000Z"} for login in approved
        ]

    def merge_request(self, project: Mapping[str, Any], change: StoryChange, **values: Any) -> Row:
        """As `GET …/merge_requests/{iid}` gives it; `diff_refs` and the like are not in the list."""
        is_merged, is_closed = change.state == "merged", change.state == "closed"
        merger = self.person(LI) if is_merged else None
        reviewers = [self.person(login) for login, _ in (*change.reviewers, *change.testers)]
        mark = f"!{change.number}"
        return {
            **self._item(project, "merge_requests", change.number, change.by, change.at, change.updated_at),
            "title": change.title,
            "description": change.body,
            "state": {"open": "opened"}.get(change.state, change.state),
            "labels": [],
            "milestone": None,
            "assignees": [],
            "assignee": None,
            "reviewers": reviewers,
            "draft": False,
            "work_in_progress": False,
            "source_branch": change.branch,
            "target_branch": "master",
            "source_project_id": FORK if change.has_fork else project["id"],
            "target_project_id": project["id"],
            "sha": HEAD,
            "merged_at": zulu(change.updated_at) if is_merged else None,
            "merged_by": merger,
            "merge_user": merger,
            "merge_commit_sha": HEAD[::-1] if is_merged else None,
            "squash_commit_sha": None,
            "closed_at": zulu(change.updated_at) if is_closed else None,
            "closed_by": self.person(LI) if is_closed else None,
            "user_notes_count": len(change.comments),
            "merge_when_pipeline_succeeds": False,
            "merge_status": "can_be_merged",
            "detailed_merge_status": "not_open",
            "prepared_at": zulu(change.at),
            "should_remove_source_branch": None,
            "force_remove_source_branch": False,
            "reference": mark,
            "squash": False,
            "has_conflicts": False,
            "blocking_discussions_resolved": True,
            "approvals_before_merge": None,
            **values,
        }

    def _in_detail(self, row: Row) -> Row:
        refs = {"base_sha": BASE, "head_sha": row["sha"], "start_sha": START}
        builds = dict.fromkeys(("latest_build_started_at", "latest_build_finished_at", "pipeline", "head_pipeline"))
        more = {"subscribed": True, "changes_count": "2", "first_deployed_to_production_at": None, "merge_error": None}
        return {**row, **builds, **more, "diff_refs": refs, "first_contribution": False, "user": {"can_merge": True}}

    def _version(self, change: StoryChange, number: int, head: str) -> Row:
        commits = {"head_commit_sha": head, "base_commit_sha": BASE, "start_commit_sha": START}
        said = {"merge_request_id": 8000 + change.number, "state": "collected", "real_size": "2"}
        return {"id": 100 * change.number + number, **commits, "created_at": zulu(change.at), **said}

    def label(self, number: int, name: str, color: str, **values: Any) -> Row:
        return {
            "id": number,
            "name": name,
            "description": None,
            "description_html": "",
            "text_color": "#FFFFFF",
            "color": f"#{color}",
            "subscribed": False,
            "priority": None,
            "is_project_label": True,
            **values,
        }

    def _milestone(self, project: Mapping[str, Any], iid: int, number: int, title: str, state: str) -> Row:
        moment = "2023-02-01T01:00:00.000Z"
        return {
            "id": number,
            "iid": iid,
            "project_id": project["id"],
            "title": title,
            "description": f"{title}的事",
            "state": "active" if state == "open" else "closed",
            "created_at": moment,
            "updated_at": moment,
            "start_date": None,
            "due_date": "2023-06-30",
            "expired": False,
            "web_url": f"{self.origin}/{project['full_name']}/-/milestones/{iid}",
        }

    def _release(self, project: Mapping[str, Any], release: StoryRelease) -> Row:
        links = [self._link(project, release.tag, 4400 + n, name) for n, name in enumerate(release.files)]
        if links:
            page = {"name": "主页", "url": "https://harbour.example/crane", "link_type": "other", "external": True}
            links.append({"id": 4499, **page, "direct_asset_url": page["url"]})
        return {
            "tag_name": release.tag,
            "name": release.name,
            "description": release.body,
            "description_html": f"<p>{release.body}</p>",
            "created_at": zulu(release.at),
            "released_at": zulu(release.at),
            "author": self.person(LI),
            "commit": {"id": HEAD, "short_id": HEAD[:8], "title": "吊车"},
            "upcoming_release": False,
            "commit_path": f"/{project['full_name']}/-/commit/{HEAD}",
            "tag_path": f"/{project['full_name']}/-/tags/{release.tag}",
            "assets": {"count": 4 + len(links), "sources": [{"format": "zip", "url": "…"}], "links": links},
            "evidences": [],
            "_links": {"self": f"{self.origin}/{project['full_name']}/-/releases/{release.tag}"},
        }

    def _link(self, project: Mapping[str, Any], tag: str, id_: int, name: str) -> Row:
        below = f"{API}/projects/{project['id']}/packages/generic/crane/1.0/{name}"
        self.pictures[below] = Answer(200, ASSET, {"Content-Type": "application/octet-stream"})
        address = f"{self.origin}{below}"
        return {
            "id": id_,
            "name": name,
            "url": address,
            "direct_asset_url": f"{self.origin}/{project['full_name']}/-/releases/{tag}/downloads/{name}",
            "link_type": "package",
            "external": False,
        }

    def _add_rules(self, talk: GitLabTalk) -> None:
        """Who works on the project, and its rules."""
        none = {"expires_at": None, "membership_state": "active", "created_at": "2023-01-01T00:00:00.000Z"}
        talk.members = [
            {**self.person(login), **none, "access_level": level} for login, level in ((WANG, 30), (LI, 50))
        ]
        lists = [{"id": 61, "label": talk.labels[0], "position": 0}]
        talk.boards = [{"id": 6, "name": "码头", "milestone": None, "lists": lists, "hide_backlog_list": False}]
        maintainers = [{"id": 1, "access_level": 40, "access_level_description": "Maintainers", "user_id": None}]
        levels = {"push_access_levels": maintainers, "merge_access_levels": maintainers, "unprotect_access_levels": []}
        rule = {"id": 8, "name": "master", "allow_force_push": False, "code_owner_approval_required": False}
        talk.branches = [{**rule, **levels}]
        talk.tags = [{"name": "v*", "create_access_levels": maintainers}]
        talk.hooks = [self._hook()]

    def _hook(self) -> Row:
        said = {"id": 9, "name": "机器人", "url": "https://robot.example/send?key=k3y-of-robot", "project_id": 5000}
        switches = {"push_events": True, "issues_events": True, "note_events": False, "enable_ssl_verification": True}
        state: Row = {"alert_status": "executable", "disabled_until": None, "url_variables": []}
        return {**said, **switches, **state, "created_at": "2023-03-01T00:00:00.000Z"}

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if any(path.endswith(end) for end in self.refused):
            return answer({"message": "403 Forbidden"}, 403)
        return self._said(path, query) or super()._right_answer(path, query)

    def _said(self, path: str, query: Mapping[str, str]) -> Answer | None:
        match path.removeprefix("/").split("/"):
            case ["version"]:
                return answer({"version": self.version, "revision": "abcdef"})
            case ["projects", id_] if int(id_) == FORK:
                return answer({"id": FORK, "path_with_namespace": "wang-hai/crane"})
            case ["projects", id_, *below] if below and int(id_) in self.talks:
                return self._of_talk(self.talks[int(id_)], path, below, query)
            case ["groups", id_, "labels"]:
                return self._listed(self.group_labels.get(int(id_), []), query)
            case ["groups", _, "milestones" | "boards"]:
                return self._listed([], query)
            case ["groups", id_, "epics"]:
                return self._listed(self.epics.get(int(id_), []), query)
            case ["groups", _, "epics", *below]:
                return self._listed(self.of_epics.get("/".join(below), []), query)
        return None

    def _of_talk(self, talk: GitLabTalk, path: str, below: list[str], query: Mapping[str, str]) -> Answer | None:
        match below:
            case ["issues" | "merge_requests" as name]:
                return self._listed(by_change(getattr(talk, name), query), query)
            case ["merge_requests", iid]:
                return answer(self._in_detail(next(row for row in talk.merge_requests if row["iid"] == int(iid))))
            case ["approvals"]:
                return answer({"approvals_before_merge": 0, "reset_approvals_on_push": True})
            case ["merge_requests", _, "approvals"]:
                return answer({"approved": True, "approved_by": talk.list("/".join(below))})
            case ["issues" | "merge_requests", _, _] | ["issues" | "merge_requests", _, "notes", _, _]:
                return self._listed(talk.list("/".join(below)), query)
            case ["uploads", *_] | ["packages", *_]:
                self.downloads.append(("/".join(below), self.requests_seen.pop().authorization))
                return self.pictures.get(f"{API}{path}", answer({"message": "404 Not Found"}, 404))
        lists = {"members/all": talk.members, "protected_branches": talk.branches, "protected_tags": talk.tags}
        rows = lists.get("/".join(below), getattr(talk, below[0], None))
        return None if rows is None or below == ["snippets"] else self._listed(rows, query)

    def _listed(self, rows: list[Row], query: Mapping[str, str]) -> Answer:
        return self._page(rows, query, names=("X-Total", "X-Total-Pages"))


def by_change(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    """Those that changed since then, the oldest change first: what is asked for, and nothing else, is answered so."""
    assert (query["scope"], query["state"]) == ("all", "all")
    if "order_by" not in query:
        return rows
    assert (query["order_by"], query["sort"]) == ("updated_at", "asc")
    since = query.get("updated_after")
    changed = [row for row in rows if since is None or read(row["updated_at"]) >= read(since)]
    return sorted(changed, key=lambda row: str(row["updated_at"]))


@cache
def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


@cache
def zulu(text: str) -> str:
    """As GitLab writes times."""
    return read(text).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def running_gitlab_conversation(
    tell: Callable[[GitLabConversation], object] | None = None,
) -> Iterator[GitLabConversation]:
    """One project in a group in a group, in which the story was told unless a test tells another."""
    with serving_account(GitLabConversation()) as account:
        (tell or tell_story)(account)
        yield account


def tell_story(account: GitLabConversation) -> GitLabTalk:
    yard = account.group("yard", account.group("harbour"))
    project = account.repository(yard, "crane")
    account.pictures[f"{API}/projects/{project['id']}{UPLOAD}"] = Answer(200, PICTURE, {"Content-Type": "image/png"})
    return account.tell(project, Story(UPLOAD))

"""A GitHub account in which something has been said: the lists of its API as GitHub gives them, for a test to direct.

Issues and pull requests share one list and one space of numbers, comments on both share another list; sorting, `since`,
states and pages are as documented.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from support.conversation_story import (
    ASSET,
    BASE,
    HEAD,
    IDS,
    PICTURE,
    Story,
    StoryChange,
    StoryComment,
    StoryIssue,
    StoryRelease,
)
from support.github_source import API, GitHubAccount, failure
from support.v5_account import Answer, answer, serving_account

Row = dict[str, Any]
GHOST = 10137
"""The account that stands for all that are gone."""


@dataclass
class GitHubTalk:
    """What one repository has, as rows; `issues` has its pull requests, too.

    Attributes:
        related: what stands below an issue, as `2/sub_issues`.
    """

    issues: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    pulls: list[Row] = field(default_factory=list)
    reviews: dict[int, list[Row]] = field(default_factory=dict)
    review_comments: list[Row] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    collaborators: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    commit_comments: list[Row] = field(default_factory=list)
    timelines: dict[int, list[Row]] = field(default_factory=dict)
    advisories: list[Row] = field(default_factory=list)
    related: dict[str, list[Row]] = field(default_factory=dict)


@dataclass
class GitHubConversation(GitHubAccount):
    """An account with repositories that have something of the kind.

    Attributes:
        talks: by `owner/name`.
        then: what happens after the first request to a path that ends so.
        refused: paths' ends that are answered with 403.
        downloads: what was asked of files by the API, with the Authorization and the Accept that came.
    """

    talks: dict[str, GitHubTalk] = field(default_factory=dict)
    then: dict[str, Callable[[], object]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    downloads: list[tuple[str, str | None]] = field(default_factory=list)

    def person(self, login: str | None) -> Row:
        """A ghost for an account that is gone."""
        own = {"id": GHOST, "login": "ghost"} if login is None else {"id": IDS[login], "login": login}
        page = f"{self.origin}/{own['login']}"
        return {
            **own,
            "node_id": "U_x",
            "html_url": page,
            "url": f"{self.url}/users/x",
            "type": "User",
            "site_admin": False,
        }

    def tell(self, path: str, story: Story) -> GitHubTalk:
        """Let people have said all that, in a repository."""
        talk = self.talks[path] = GitHubTalk()
        talk.labels = [self._label(*label) for label in story.labels]
        talk.milestones = [self._milestone(*milestone) for milestone in story.milestones]
        for issue in story.issues:
            talk.issues.append(self.issue(path, talk, issue))
            talk.comments += [self.comment(path, f"issues/{issue.number}", one) for one in issue.comments]
        for change in story.changes:
            self._tell_change(path, talk, change)
        talk.releases = [self._release(path, number, release) for number, release in enumerate(story.releases, 1)]
        everything = dict.fromkeys(("pull", "triage", "push"), True)
        talk.collaborators = [
            {**self.person(login), "permissions": {**everything, "admin": login == "li-na"}, "role_name": role}
            for login, role in (("wang-hai", "write"), ("li-na", "admin"))
        ]
        talk.hooks = [self._hook()]
        return talk

    def issue(self, path: str, talk: GitHubTalk, issue: StoryIssue, **values: Any) -> Row:
        labels, milestones = {row["name"]: row for row in talk.labels}, {row["number"]: row for row in talk.milestones}
        is_closed = issue.state == "closed"
        return {
            "id": 7000 + issue.number,
            "node_id": "I_x",
            "number": issue.number,
            "repository_url": f"{self.url}/repos/{path}",
            "url": f"{self.url}/repos/{path}/issues/{issue.number}",
            "html_url": f"{self.origin}/{path}/issues/{issue.number}",
            "title": issue.title,
            "body": issue.body or None,
            "user": self.person(issue.by),
            "state": issue.state,
            "state_reason": "completed" if is_closed else None,
            "labels": [labels[name] for name in issue.labels],
            "milestone": milestones.get(issue.milestone or 0),
            "assignee": self.person(issue.assignee) if issue.assignee else None,
            "assignees": [self.person(issue.assignee)] if issue.assignee else [],
            "locked": False,
            "comments": len(issue.comments),
            "created_at": zulu(issue.at),
            "updated_at": zulu(issue.updated_at),
            "closed_at": zulu(issue.updated_at) if is_closed else None,
            "author_association": "NONE",
            "reactions": {"url": "", "total_count": 0, "+1": 0},
            **values,
        }

    def comment(self, path: str, of: str, said: StoryComment) -> Row:
        """`of`: `issues/7` or `pull/7`."""
        number = of.partition("/")[2]
        return {
            "id": said.id,
            "node_id": "IC_x",
            "url": f"{self.url}/repos/{path}/issues/comments/{said.id}",
            "html_url": f"{self.origin}/{path}/{of}#issuecomment-{said.id}",
            "issue_url": f"{self.url}/repos/{path}/issues/{number}",
            "body": said.body,
            "user": self.person(said.by),
            "created_at": zulu(said.at),
            "updated_at": zulu(said.edited_at or said.at),
            "author_association": "NONE",
        }

    def _tell_change(self, path: str, talk: GitHubTalk, change: StoryChange) -> None:
        talk.pulls.append(self._pull(path, change))
        as_issue = StoryIssue(
            change.number,
            change.by,
            change.at,
            change.updated_at,
            change.title,
            change.body,
            state="open" if change.state == "open" else "closed",
        )
        page = {
            "html_url": f"{self.origin}/{path}/pull/{change.number}",
            "url": f"{self.url}/repos/{path}/pulls/{change.number}",
        }
        talk.issues.append(self.issue(path, talk, as_issue, html_url=page["html_url"], pull_request=page))
        for said in change.comments:
            if said.path is None:
                talk.comments.append(self.comment(path, f"pull/{change.number}", said))
            else:
                talk.review_comments.append(self._review_comment(path, change.number, said))
        talk.reviews[change.number] = [
            self._review(number, login, "APPROVED")
            for number, (login, accepted) in enumerate(change.reviewers)
            if accepted
        ]

    def _label(self, name: str, color: str) -> Row:
        return {
            "id": sum(map(ord, name)),
            "node_id": "LA_x",
            "name": name,
            "color": color,
            "description": None,
            "default": False,
        }

    def _milestone(self, number: int, title: str, state: str) -> Row:
        said = {"number": number, "title": title, "state": state, "description": f"{title}的事", "closed_at": None}
        times = {
            "created_at": "2023-02-01T01:00:00Z",
            "updated_at": "2023-02-01T01:00:00Z",
            "due_on": "2023-06-30T07:00:00Z",
        }
        return {
            "id": 100 + number,
            "node_id": "MI_x",
            **said,
            **times,
            "creator": self.person("li-na"),
            "open_issues": 1,
        }

    def _pull(self, path: str, change: StoryChange) -> Row:
        fork, own = {"id": 2, "full_name": f"{change.by}/crane"}, {"id": 1, "full_name": path}
        is_over, is_merged = change.state != "open", change.state == "merged"
        return {
            "id": 8000 + change.number,
            "node_id": "PR_x",
            "number": change.number,
            "url": f"{self.url}/repos/{path}/pulls/{change.number}",
            "html_url": f"{self.origin}/{path}/pull/{change.number}",
            "state": "closed" if is_over else "open",
            "title": change.title,
            "body": change.body or None,
            "user": self.person(change.by),
            "draft": False,
            "locked": False,
            "labels": [],
            "milestone": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [self.person(login) for login, _ in change.testers],
            "requested_teams": [],
            "head": self._end(change, change.branch, HEAD, fork if change.has_fork else None),
            "base": self._end(change, "master", BASE, own),
            "created_at": zulu(change.at),
            "updated_at": zulu(change.updated_at),
            "closed_at": zulu(change.updated_at) if is_over else None,
            "merged_at": zulu(change.updated_at) if is_merged else None,
            "merge_commit_sha": HEAD[::-1] if is_merged else None,
            "auto_merge": None,
            "author_association": "NONE",
            "_links": {"self": {"href": ""}},
        }

    def _end(self, change: StoryChange, ref: str, sha: str, repository: Row | None) -> Row:
        label = f"{change.by}:{ref}"
        return {"label": label, "ref": ref, "sha": sha, "user": self.person(change.by), "repo": repository}

    def _review(self, number: int, login: str, state: str) -> Row:
        said = {"id": 500 + number, "node_id": "PRR_x", "user": self.person(login), "body": "可以", "state": state}
        return {**said, "submitted_at": "2023-03-08T02:30:00Z", "commit_id": HEAD}

    def _review_comment(self, path: str, number: int, said: StoryComment) -> Row:
        return {
            "id": said.id,
            "node_id": "PRRC_x",
            "url": f"{self.url}/repos/{path}/pulls/comments/{said.id}",
            "html_url": f"{self.origin}/{path}/pull/{number}#discussion_r{said.id}",
            "pull_request_url": f"{self.url}/repos/{path}/pulls/{number}",
            "pull_request_review_id": 500,
            "diff_hunk": "@@ -17,1 +17,2 @@\n int main(void)\n+{",
            "path": said.path,
            "line": said.line,
            "original_line": said.line,
            "start_line": None,
            "original_start_line": None,
            "side": "RIGHT",
            "start_side": None,
            "position": 4,
            "original_position": 4,
            "commit_id": HEAD,
            "original_commit_id": HEAD,
            "subject_type": "line",
            "user": self.person(said.by),
            "body": said.body,
            "created_at": zulu(said.at),
            "updated_at": zulu(said.edited_at or said.at),
            **({"in_reply_to_id": said.reply_to} if said.reply_to else {}),
        }

    def _release(self, path: str, number: int, release: StoryRelease) -> Row:
        assets = [self._asset(path, release.tag, 4400 + number, name) for name in release.files]
        said = {"id": number, "node_id": "RE_x", "tag_name": release.tag, "name": release.name, "body": release.body}
        moments = {"created_at": zulu(release.at), "published_at": zulu(release.at)}
        state = {"draft": False, "prerelease": False, "target_commitish": "master", "author": self.person("li-na")}
        page = f"{self.origin}/{path}/releases/tag/{quote(release.tag)}"
        return {**said, **moments, **state, "assets": assets, "html_url": page}

    def _asset(self, path: str, tag: str, id_: int, name: str) -> Row:
        below = f"{API}/repos/{path}/releases/assets/{id_}"
        self.pictures[below] = Answer(200, ASSET, {"Content-Type": "application/octet-stream"})
        return {
            "id": id_,
            "node_id": "RA_x",
            "name": name,
            "label": None,
            "content_type": "application/zip",
            "state": "uploaded",
            "size": len(ASSET),
            "download_count": 7,
            "url": f"{self.origin}{below}",
            "browser_download_url": f"{self.origin}/{path}/releases/download/{quote(tag)}/{quote(name)}",
            "created_at": "2023-03-20T02:00:00Z",
            "updated_at": "2023-03-20T02:00:00Z",
            "uploader": self.person("li-na"),
        }

    def _hook(self) -> Row:
        config = {"url": "https://robot.example/send?key=k3y-of-robot", "secret": "********", "content_type": "json"}
        said = {"id": 9, "type": "Repository", "name": "web", "active": True, "events": ["push"], "config": config}
        return {**said, "created_at": "2023-03-01T00:00:00Z", "updated_at": "2023-03-01T00:00:00Z", "last_response": {}}

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if any(path.endswith(end) for end in self.refused):
            return failure(403, "Must have push access to view repository collaborators.")
        given = self._said(path, query) or super()._right_answer(path, query)
        for end in [end for end in self.then if path.endswith(end)]:
            self.then.pop(end)()
        return given

    def _said(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if not path.startswith("/repos/"):
            return None
        owner, name, *below = path.removeprefix("/repos/").split("/")
        talk = self.talks.get(f"{owner}/{name}")
        return None if talk is None else self._of_talk(talk, path, "/".join(below), query)

    def _of_talk(self, talk: GitHubTalk, path: str, below: str, query: Mapping[str, str]) -> Answer | None:
        lists = self._talk_lists(talk, query)
        if below in lists:
            return self._page(lists[below](), query)
        match below.split("/"):
            case ["pulls", number, "reviews"]:
                return self._page(talk.reviews.get(int(number), []), query)
            case ["issues", *rest] if "/".join(rest) in talk.related:
                return self._page(talk.related["/".join(rest)], query)
            case ["issues", number, "timeline"]:
                return self._page(talk.timelines.get(int(number), []), query)
            case ["pulls", number]:
                [row] = [row for row in talk.pulls if row["number"] == int(number)]
                return answer(
                    {**row, "merged": bool(row["merged_at"]), "merged_by": self.person("li-na"), "additions": 1}
                )
            case ["releases", "assets", _]:
                self.downloads.append((path, self.requests_seen[-1].authorization))
                return self.pictures[f"{API}{path}"]
        return None

    def _talk_lists(self, talk: GitHubTalk, query: Mapping[str, str]) -> dict[str, Callable[[], list[Row]]]:
        def pulls() -> list[Row]:
            assert "since" not in query, "pull requests cannot be asked for so"
            return _sorted(_in_state(talk.pulls, query), query, default="desc")

        return {
            "issues": lambda: _sorted(_in_state(talk.issues, query), query, default="desc"),
            "issues/comments": lambda: _sorted(talk.comments, query, default="asc"),
            "pulls": pulls,
            "pulls/comments": lambda: _sorted(talk.review_comments, query, default="asc"),
            "labels": lambda: talk.labels,
            "milestones": lambda: _in_state(talk.milestones, query),
            "releases": lambda: talk.releases,
            "comments": lambda: talk.commit_comments,
            "collaborators": lambda: talk.collaborators,
            "hooks": lambda: talk.hooks,
            "security-advisories": lambda: talk.advisories,
            "branches": lambda: [{"name": "master", "protected": True}] if query.get("protected") == "true" else [],
        }


def zulu(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_state(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    state = query.get("state", "open")
    return rows if state == "all" else [row for row in rows if row["state"] == state]


def _sorted(rows: list[Row], query: Mapping[str, str], *, default: str) -> list[Row]:
    by = f"{query.get('sort', 'created')}_at"
    since = query.get("since")
    said = [row for row in rows if not since or _moment(row["updated_at"]) >= _moment(since)]
    return sorted(said, key=lambda row: _moment(row[by]), reverse=query.get("direction", default) == "desc")


@cache
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def running_github_conversation() -> Iterator[GitHubConversation]:
    """With `harbour/crane`, of which the story is said."""
    with serving_account(GitHubConversation()) as account:
        account.repository(account.namespace("harbour"), "crane", has_wiki=False)
        account.tell("harbour/crane", Story(f"{account.origin}/harbour/crane/assets/7/吊车.png"))
        account.pictures["/harbour/crane/assets/7/吊车.png"] = Answer(200, PICTURE, {"Content-Type": "image/png"})
        yield account

"""A Gitee account in which something has been said: the lists of API v5 as Gitee gives them, for a test to direct.

Rows have every field of Gitee's Swagger, and those that later descriptions have; sorting, `since`, states and pages are
as documented.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from support.conversation_story import (
    ASSET,
    BASE,
    HEAD,
    IDS,
    NAMES,
    PICTURE,
    Story,
    StoryChange,
    StoryComment,
    StoryOnCommit,
    StoryRelease,
)
from support.gitee_source import GiteeSource, failure
from support.gitee_swagger import example_of
from support.v5_account import Answer, answer, serving_account

Row = dict[str, Any]
NUMBERS = {2: "I6D3AV", 5: "I6D3B0", 6: "I6D3ZZ"}
"""Six signs of all of Gitee, so that one repository's have gaps."""


@dataclass
class Talk:
    """What one repository has, as rows."""

    issues: list[Row] = field(default_factory=list)
    issue_comments: list[Row] = field(default_factory=list)
    pulls: list[Row] = field(default_factory=list)
    pull_comments: list[Row] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    files: dict[int, list[Row]] = field(default_factory=dict)
    collaborators: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    branches: list[Row] = field(default_factory=list)
    on_commits: list[Row] = field(default_factory=list)
    links: dict[int, list[Row]] = field(default_factory=dict)


@dataclass
class GiteeConversation(GiteeSource):
    """An account with repositories that have something of the kind.

    Attributes:
        talks: by `owner/name`.
        enterprise_issues: those of no repository, by enterprise.
        then: what happens after the first request to a path that ends so.
        refused: paths' ends that are answered with 403.
        downloads: what was asked of files, with the Authorization that came.
    """

    talks: dict[str, Talk] = field(default_factory=dict)
    enterprise_issues: dict[str, list[Row]] = field(default_factory=dict)
    enterprise_comments: dict[str, list[Row]] = field(default_factory=dict)
    then: dict[str, Callable[[], object]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    downloads: list[tuple[str, str | None]] = field(default_factory=list)

    def person(self, login: str | None, **values: Any) -> Row | None:
        """None for an account that is gone."""
        if login is None:
            return None
        own = {"id": IDS[login], "login": login, "name": NAMES[login], "html_url": f"{self.origin}/{login}"}
        return {**example_of("UserBasic"), **own, "type": "User", **values}

    def tell(self, path: str, story: Story) -> Talk:
        """Let people have said all that, in a repository."""
        talk = self.talks[path] = Talk()
        talk.labels = [self._label(*label) for label in story.labels]
        talk.milestones = [self._milestone(*milestone) for milestone in story.milestones]
        labels, milestones = {row["name"]: row for row in talk.labels}, {row["number"]: row for row in talk.milestones}
        for issue in story.issues:
            number = NUMBERS[issue.number]
            talk.issues.append(
                self.issue(
                    path,
                    number,
                    user=self.person(issue.by),
                    created_at=issue.at,
                    updated_at=issue.updated_at,
                    title=issue.title,
                    body=issue.body,
                    state=issue.state,
                    finished_at=issue.updated_at if issue.state == "closed" else None,
                    labels=[labels[name] for name in issue.labels],
                    milestone=milestones.get(issue.milestone or 0),
                    assignee=self.person(issue.assignee),
                    comments=len(issue.comments),
                )
            )
            talk.issue_comments += [self.issue_comment(number, comment) for comment in issue.comments]
        for change in story.changes:
            talk.pulls.append(self._pull(path, change))
            talk.pull_comments += [self._pull_comment(path, change.number, one) for one in change.comments]
        talk.releases = [self._release(path, number, release) for number, release in enumerate(story.releases, 1)]
        talk.files = {
            number: [self._file(path, number, name) for name in release.files]
            for number, release in enumerate(story.releases, 1)
        }
        talk.collaborators = [
            {**(self.person(login) or {}), "permissions": {"pull": True, "push": True, "admin": login == "li-na"}}
            for login in ("wang-hai", "li-na")
        ]
        hook = {"id": 9, "url": "https://robot.example/send?key=k3y-of-robot", "password": "s3cr3t-of-hook"}
        talk.hooks = [{**example_of("Hook"), **hook, "created_at": "2023-03-01T08:00:00+08:00", "title": "构建"}]
        talk.branches = [
            {"name": name, "commit": {"sha": HEAD, "url": ""}, "protected": name == "master", "protection_url": ""}
            for name in ("master", "rewrite")
        ]
        talk.links = {
            change.number: [row for row in talk.issues if row["number"] in map(NUMBERS.get, change.issues)]
            for change in story.changes
        }
        talk.on_commits = [self.on_commit(one) for one in story.on_commits]
        self.pictures["/images/吊车.png"] = Answer(200, PICTURE, {"Content-Type": "image/png"})
        return talk

    def issue(self, path: str | None, number: str, **values: Any) -> Row:
        """A row; of no repository where the path is None."""
        said = {
            **example_of("Issue"),
            "id": int(number[1:], 36) if number[0] == "I" else 1,
            "number": number,
            "parent_id": 0,
            "parent_url": None,
            "state": "open",
            "html_url": f"{self.origin}/{path}/issues/{number}",
            "repository": {**example_of("Project"), "full_name": path} if path else None,
            "program": None,
            "priority": 0,
            "collaborators": [],
            "milestone": None,
            "plan_started_at": None,
            "deadline": None,
            "finished_at": None,
            "comments": 0,
            "issue_state": "待办的",
            "issue_type": "任务",
            "branch": None,
            "created_at": "2023-03-01T10:00:00+08:00",
            "updated_at": "2023-03-01T10:00:00+08:00",
        }
        return {**said, **values}

    def issue_comment(self, number: str, said: StoryComment) -> Row:
        return {
            **example_of("Note"),
            "id": said.id,
            "body": said.body,
            "user": self.person(said.by),
            "source": None,
            "target": {"issue": {"id": 1, "title": "", "number": number}, "pull_request": None},
            "created_at": said.at,
            "updated_at": said.edited_at or said.at,
        }

    def on_commit(self, said: StoryOnCommit) -> Row:
        """The description says nothing of where the commit and the line stand."""
        line = {"path": said.path, "position": said.line - 14, "new_line": said.line} if said.path else {}
        return {
            **example_of("Note"),
            "id": said.id,
            "body": said.body,
            "user": self.person(said.by),
            "source": None,
            "target": {"issue": None, "pull_request": None},
            "created_at": said.at,
            "updated_at": said.edited_at or said.at,
            **({"commit_id": said.commit} if said.commit else {}),
            "in_reply_to_id": said.reply_to[0] if said.reply_to else None,
            "in_reply_to_user": self.person(said.reply_to[1] if said.reply_to else None),
            **line,
        }

    def _label(self, name: str, color: str) -> Row:
        times = dict.fromkeys(("created_at", "updated_at"), "2023-02-01T09:00:00+08:00")
        return {**example_of("Label"), "id": sum(map(ord, name)), "name": name, "color": color, **times}

    def _milestone(self, number: int, title: str, state: str) -> Row:
        times = dict.fromkeys(("created_at", "updated_at"), "2023-02-01T09:00:00+08:00")
        said = {"number": number, "title": title, "state": state, "due_on": "2023-06-30", "description": f"{title}的事"}
        return {**example_of("Milestone"), **said, **times}

    def _pull(self, path: str, change: StoryChange) -> Row:
        fork = {"id": 2, "full_name": f"{change.by}/crane", "human_name": "fork", "html_url": ""}
        own = {"id": 1, "full_name": path, "human_name": path, "html_url": ""}
        is_over = change.state != "open"
        return {
            **example_of("PullRequest"),
            "id": 8000 + change.number,
            "number": change.number,
            "html_url": f"{self.origin}/{path}/pulls/{change.number}",
            "state": change.state,
            "title": change.title,
            "body": change.body,
            "user": self.person(change.by),
            "assignees": self._reviewers(change.reviewers),
            "testers": self._reviewers(change.testers),
            "labels": [],
            "milestone": None,
            "head": self._end(change, change.branch, HEAD, fork if change.has_fork else None),
            "base": self._end(change, "master", BASE, own),
            "created_at": change.at,
            "updated_at": change.updated_at,
            "closed_at": change.updated_at if is_over else None,
            "merged_at": change.updated_at if change.state == "merged" else None,
            "draft": False,
        }

    def _reviewers(self, people: Sequence[tuple[str, bool]]) -> list[Row | None]:
        return [self.person(login, accept=accept, assignee=True, code_owner=False) for login, accept in people]

    def _end(self, change: StoryChange, ref: str, sha: str, repository: Row | None) -> Row:
        return {"label": ref, "ref": ref, "sha": sha, "user": self.person(change.by), "repo": repository}

    def _pull_comment(self, path: str, number: int, said: StoryComment) -> Row:
        return {
            **example_of("PullRequestComments"),
            "id": said.id,
            "path": said.path,
            "position": 4 if said.path else None,
            "original_position": 4 if said.path else None,
            "new_line": said.line or None,
            "commit_id": HEAD,
            "original_commit_id": HEAD,
            "user": self.person(said.by),
            "body": said.body,
            "created_at": said.at,
            "updated_at": said.edited_at or said.at,
            "pull_request_url": f"{self.url}/repos/{path}/pulls/{number}",
            "comment_type": "diff_comment" if said.path else "pr_comment",
            "in_reply_to_id": said.reply_to,
        }

    def _release(self, path: str, number: int, release: StoryRelease) -> Row:
        page = f"{self.origin}/{path}"
        made = [{"browser_download_url": f"{page}/archive/refs/tags/{release.tag}.zip", "name": f"{release.tag}.zip"}]
        own = [
            {"browser_download_url": f"{page}/releases/download/{release.tag}/{name}", "name": name}
            for name in release.files
        ]
        said = {"id": number, "tag_name": release.tag, "name": release.name, "body": release.body, "assets": own + made}
        moment = {"created_at": release.at, "author": self.person("li-na"), "target_commitish": "master"}
        return {**example_of("Release"), **said, **moment}

    def _file(self, path: str, release: int, name: str) -> Row:
        id_ = 4400 + release
        self.pictures[f"/api/v5/repos/{path}/releases/{release}/attach_files/{id_}/download"] = Answer(200, ASSET)
        address = f"{self.origin}/{path}/attach_files/{id_}/download/{name}"
        return {
            "id": id_,
            "name": name,
            "size": len(ASSET),
            "uploader": self.person("li-na"),
            "browser_download_url": address,
        }

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if any(path.endswith(end) for end in self.refused):
            return failure(403, "没有权限")
        given = self._said(path, query) or super()._right_answer(path, query)
        for end in [end for end in self.then if path.endswith(end)]:
            self.then.pop(end)()
        return given

    def _said(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path.startswith("/enterprises/"):
            return self._of_enterprise_talk(path, query)
        if not path.startswith("/repos/"):
            return None
        owner, name, *below = path.removeprefix("/repos/").split("/")
        if below and below[0] == "issues" and len(below) > 1 and below[-1] == "operate_logs":
            return answer([])
        if name == "issues" and below and below[-1] == "operate_logs":
            return answer([self._log()])
        talk = self.talks.get(f"{owner}/{name}")
        return None if talk is None else self._of_talk(talk, f"{owner}/{name}", "/".join(below), query)

    def _log(self) -> Row:
        said = {
            "id": 1,
            "user": self.person("li-na"),
            "content": "更改了状态",
            "created_at": "2023-03-02T10:00:00+08:00",
        }
        return {**example_of("OperateLog"), **said}

    def _of_talk(self, talk: Talk, path: str, below: str, query: Mapping[str, str]) -> Answer | None:
        unpaged = {"labels": talk.labels, "collaborators": talk.collaborators, "branches": talk.branches}
        if below in unpaged:
            return answer(unpaged[below])
        lists = self._lists(talk)
        if below in lists:
            return self._page(lists[below](query), query)
        match below.split("/"):
            case ["pulls", _, "operate_logs"]:
                return answer([self._log()])
            case ["pulls", number, "issues"]:
                return self._page(talk.links.get(int(number), []), query)
            case ["releases", release, "attach_files"]:
                return self._page(talk.files[int(release)], query)
            case ["releases", _, "attach_files", _, "download"]:
                address = f"/api/v5/repos/{path}/{below}"
                self.downloads.append((address, self.requests_seen[-1].authorization))
                return self.pictures[address]
        return None

    def _lists(self, talk: Talk) -> dict[str, Callable[[Mapping[str, str]], list[Row]]]:
        def pulls(query: Mapping[str, str]) -> list[Row]:
            assert "since" not in query, "pull requests cannot be asked for so"
            return _sorted(_in_state(talk.pulls, query), query, default="desc")

        return {
            "issues": lambda query: _sorted(_in_state(talk.issues, query), query, default="desc"),
            "issues/comments": lambda query: _sorted(talk.issue_comments, query, default="asc"),
            "pulls": pulls,
            "pulls/comments": lambda query: _sorted(talk.pull_comments, query, default="desc"),
            "milestones": lambda query: _in_state(talk.milestones, query),
            "releases": lambda _: talk.releases,
            "hooks": lambda _: talk.hooks,
            "comments": lambda query: talk.on_commits[:: -1 if query.get("order", "asc") == "desc" else 1],
        }

    def _of_enterprise_talk(self, path: str, query: Mapping[str, str]) -> Answer | None:
        match path.removeprefix("/enterprises/").split("/"):
            case [enterprise, "issues"]:
                within = [row for path, talk in self.talks.items() for row in talk.issues]
                rows = [*within, *self.enterprise_issues.get(enterprise, [])]
                return self._page(_sorted(_in_state(rows, query), query, default="desc"), query)
            case [_, "issues", number, "comments"]:
                return self._page(self.enterprise_comments.get(number, []), query)
            case [_, "labels"]:
                return answer([])
        return None


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
def running_gitee_conversation() -> Iterator[GiteeConversation]:
    """With `harbour/crane`, of which the story is said, and an enterprise with an issue of its own."""
    with serving_account(GiteeConversation()) as account:
        group = account.namespace("harbour")
        account.repository(group, "crane", has_wiki=False)
        account.namespace("dock-works", "enterprise")
        account.tell("harbour/crane", Story(f"{account.origin}/images/吊车.png"))
        account.enterprise_issues["dock-works"] = [
            account.issue(None, "I6E001", title="企业的任务", user=account.person("wang-hai"), comments=1)
        ]
        account.enterprise_comments["I6E001"] = [
            account.issue_comment("I6E001", StoryComment(301, "li-na", "2023-03-05T10:00:00+08:00", "好"))
        ]
        yield account

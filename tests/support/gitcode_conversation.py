"""A GitCode account in which something has been said: the lists of API v5 as GitCode gives them, for a test to direct.

Rows have every field of GitCode's own description. What the running API does otherwise is done here too: of
issues `sort` is the direction, and pull requests refuse that; comments on them have no list for all of a repository.
"""

from collections.abc import Callable, Iterator, Mapping
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
    StoryIssue,
    StoryOnCommit,
    StoryRelease,
)
from support.gitcode_schemas import example_of
from support.gitcode_source import GitCodeSource, failure
from support.v5_account import Answer, answer, serving_account

Row = dict[str, Any]
R = "GET /repos/{owner}/{repo}"


def filled(operation: str, values: Row) -> Row:
    """With every field of the description, within objects too; what is null stays null."""
    filled_: Row = _filled(example_of(operation), values)
    return filled_


def _filled(example: Any, value: Any) -> Any:
    if isinstance(example, dict) and isinstance(value, dict):
        return {key: _filled(example.get(key), each) for key, each in {**example, **value}.items()}
    if isinstance(example, list) and isinstance(value, list) and example:
        return [_filled(example[0], each) for each in value]
    return value


@dataclass
class GitCodeTalk:
    """What one repository has, as rows."""

    issues: list[Row] = field(default_factory=list)
    issue_comments: list[Row] = field(default_factory=list)
    pulls: list[Row] = field(default_factory=list)
    details: dict[int, Row] = field(default_factory=dict)
    pull_comments: dict[int, list[Row]] = field(default_factory=dict)
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    collaborators: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    branches: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    on_commits: list[Row] = field(default_factory=list)
    links: dict[int, list[Row]] = field(default_factory=dict)


@dataclass
class GitCodeConversation(GitCodeSource):
    """An account with repositories that have something of the kind.

    Attributes:
        talks: by `owner/name`.
        then: what happens after the first request to a path that ends so.
        refused: paths' ends that are answered with 403.
        busy: how many of the next requests to what was said are answered with 429.
        downloads: what was asked of files, with the Authorization that came.
    """

    talks: dict[str, GitCodeTalk] = field(default_factory=dict)
    then: dict[str, Callable[[], object]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    busy: int = 0
    downloads: list[tuple[str, str | None]] = field(default_factory=list)

    def person(self, login: str | None, **values: Any) -> Row | None:
        """None for an account that is gone. The id is of 24 hexadecimal digits, as in most answers."""
        if login is None:
            return None
        id_ = f"661ce4eab470b1430d45{IDS[login]:04x}"
        own = {"id": id_, "login": login, "name": NAMES[login], "html_url": f"{self.origin}/{login}"}
        return {**own, "avatar_url": f"{self.origin}/avatars/{login}.png", "events_url": None, "remark": None, **values}

    def tell(self, path: str, story: Story) -> GitCodeTalk:
        """Let people have said all that, in a repository."""
        talk = self.talks[path] = GitCodeTalk()
        talk.labels = [
            {**example_of(f"{R}/labels"), "id": sum(map(ord, name)), "name": name, "color": f"#{color}"}
            for name, color in story.labels
        ]
        talk.milestones = [self._milestone(*milestone) for milestone in story.milestones]
        for issue in story.issues:
            talk.issues.append(self._issue_of_story(path, talk, issue))
            talk.issue_comments += [self.issue_comment(issue.number, comment) for comment in issue.comments]
        for change in story.changes:
            talk.pulls.append(self._pull(path, change))
            talk.details[change.number] = self._detail(change)
            talk.pull_comments[change.number] = self._threads(change.comments)
        talk.releases = [self._release(path, release) for release in story.releases]
        talk.collaborators = [
            {
                **example_of(f"{R}/collaborators"),
                "id": str(IDS[login]),
                "username": login,
                "name": NAMES[login],
                **rights,
            }
            for login, rights in (
                ("wang-hai", {"access_level": 30, "permissions": {"admin": False, "push": True, "pull": True}}),
                ("li-na", {"access_level": 50, "permissions": {"admin": True, "push": True, "pull": True}}),
            )
        ]
        hook = {"id": 9, "url": "https://robot.example/send?key=k3y-of-robot", "password": "s3cr3t-of-hook"}
        talk.hooks = [{**example_of(f"{R}/hooks"), **hook}]
        talk.branches = [{**example_of(f"{R}/protect_branches"), "name": "main", "no_one_can_push": False}]
        talk.tags = [{**example_of(f"{R}/protected_tags"), "name": "v*"}]
        talk.links = {change.number: [self._linked(path, one) for one in change.issues] for change in story.changes}
        talk.on_commits = [self.on_commit(one) for one in story.on_commits]
        self.pictures["/user-images/assets/1/ab/吊车.png"] = Answer(200, PICTURE, {"Content-Type": "image/png"})
        return talk

    def issue(self, path: str, number: int, **values: Any) -> Row:
        return {
            **example_of(f"{R}/issues"),
            "id": 150000 + number,
            "number": str(number),
            "state": "open",
            "html_url": f"{self.origin}/{path}/issues/{number}",
            "assignee": None,
            "comments": 0,
            "finished_at": None,
            "issue_priority_detail": None,
            "issue_state_detail": None,
            "issue_type_detail": None,
            "issue_state": "open",
            "issue_type": None,
            "labels": [],
            "milestone": None,
            "priority": None,
            "created_at": "2023-03-01T10:00:00.000+08:00",
            "updated_at": "2023-03-01T10:00:00.000+08:00",
            **values,
        }

    def issue_comment(self, number: int, said: StoryComment) -> Row:
        return {
            **example_of(f"{R}/issues/comments"),
            "id": said.id,
            "body": said.body,
            "user": self.person(said.by),
            "target": {"issue": {"id": 150000 + number, "number": number, "title": ""}},
            "created_at": said.at,
            "updated_at": said.edited_at,
        }

    def on_commit(self, said: StoryOnCommit) -> Row:
        """The description has an empty target; another part of the platform may fill it."""
        user = {"id": IDS[said.by], "login": said.by, "name": NAMES[said.by], "type": "User"} if said.by else None
        return {
            **example_of(f"{R}/comments"),
            "id": said.id,
            "body": said.body,
            "user": user,
            "target": {"commit": {"id": said.commit}} if said.commit else {},
            "created_at": said.at,
            "updated_at": said.edited_at or said.at,
            **({"path": said.path, "position": said.line} if said.path else {}),
        }

    def _issue_of_story(self, path: str, talk: GitCodeTalk, issue: StoryIssue) -> Row:
        labels = {row["name"]: row for row in talk.labels}
        milestones = {row["number"]: row for row in talk.milestones}
        return self.issue(
            path,
            issue.number,
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

    def _linked(self, path: str, number: int) -> Row:
        """Less of an issue than a list of issues has."""
        said = {"number": str(number), "url": f"{self.url}/repos/{path}/issues/{number}", "title": "吊车在雨天停转"}
        return {**said, "state": "open", "body": "", "labels": [], "user": self.person("li-na")}

    def _milestone(self, number: int, title: str, state: str) -> Row:
        said = {"number": number, "title": title, "state": "active" if state == "open" else state}
        return {**example_of(f"{R}/milestones"), **said, "due_on": "2023-06-30", "description": f"{title}的事"}

    def _pull(self, path: str, change: StoryChange) -> Row:
        repository = {
            "id": 1,
            "full_path": path,
            "full_name": path.replace("/", " / "),
            "name": "crane",
            "path": "crane",
        }
        fork = {**repository, "id": 2, "full_path": f"{change.by}/crane"} if change.has_fork else None
        user = self.person(change.by)
        said = {
            "id": 70000 + change.number,
            "number": change.number,
            "iid": change.number,
            "html_url": f"{self.origin}/{path}/pull/{change.number}",
            "state": change.state,
            "title": change.title,
            "body": change.body,
            "user": user,
            "assignees": [login for login, _ in change.reviewers],
            "assignees_number": len(change.reviewers),
            "testers": [login for login, _ in change.testers],
            "testers_number": len(change.testers),
            "labels": [],
            "notes": len(change.comments),
            "head": {"label": change.branch, "ref": change.branch, "sha": HEAD, "user": user, "repo": fork},
            "base": {"label": "main", "ref": "main", "sha": BASE, "user": user, "repo": repository},
            "diff_refs": {"base_sha": BASE, "head_sha": HEAD, "start_sha": BASE},
            "created_at": change.at,
            "updated_at": change.updated_at,
            "closed_at": change.updated_at if change.state != "open" else None,
            "merged_at": change.updated_at if change.state == "merged" else None,
            "merged_by": self.person("li-na") if change.state == "merged" else None,
            "closed_by": None,
            "draft": False,
            "locked": False,
        }
        return filled(f"{R}/pulls", said)

    def _detail(self, change: StoryChange) -> Row:
        reviewed = [self.person(login, accept=accept, code_owner=False) for login, accept in change.reviewers]
        tested = [self.person(login, accept=accept, code_owner=False) for login, accept in change.testers]
        own = self._pull("harbour/crane", change)
        shared = {key: value for key, value in own.items() if key in example_of(f"{R}/pulls/{{number}}")}
        people = {"assignees": reviewed, "testers": tested, "approval_reviewers": [], "milestone": None}
        return filled(f"{R}/pulls/{{number}}", {**shared, **people})

    def _threads(self, comments: Any) -> list[Row]:
        """With their replies within."""
        rows: dict[int, Row] = {}
        for said in comments:
            own = {"id": said.id, "body": said.body, "user": self.person(said.by), "created_at": said.at}
            if said.reply_to is not None:
                rows[said.reply_to]["reply"].append({**own, "updated_at": said.at})
                continue
            line = {
                "start_new_line": said.line,
                "end_new_line": said.line,
                "start_old_line": None,
                "end_old_line": None,
            }
            rows[said.id] = {
                **example_of(f"{R}/pulls/{{number}}/comments"),
                **own,
                "updated_at": said.edited_at or said.at,
                "discussion_id": f"d{said.id}",
                "comment_type": "diff_comment" if said.path else "pr_comment",
                "diff_file": said.path,
                "diff_position": line if said.path else None,
                "resolved": said.resolved,
                "reply": [],
            }
        return list(rows.values())

    def _release(self, path: str, release: StoryRelease) -> Row:
        page = f"{self.origin}/{path}"
        made = [{"browser_download_url": f"{page}/-/archive/{release.tag}/crane.zip", "name": "crane.zip"}]
        own = [
            {
                "id": 4_000 + number,
                "browser_download_url": f"{page}/releases/download/{release.tag}/{name}?Expires=1&Signature=of-a-file",
                "name": name,
                "type": "attach",
            }
            for number, name in enumerate(release.files)
        ]
        said = {"tag_name": release.tag, "name": release.name, "body": release.body, "assets": own + made}
        moment = {
            "created_at": release.at,
            "author": {"id": "23", "login": "li-na", "name": "李娜"},
            "prerelease": False,
        }
        return filled(f"{R}/releases", {**said, **moment})

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path.startswith("/repos/") and self.busy:
            self.busy -= 1
            return failure(429, "Too Many Requests")
        if any(path.endswith(end) for end in self.refused):
            return failure(403, "403 Forbidden")
        given = self._said(path, query) or super()._right_answer(path, query)
        for end in [end for end in self.then if path.endswith(end)]:
            self.then.pop(end)()
        return given

    def _said(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if not path.startswith("/repos/"):
            return None
        owner, name, *below = path.removeprefix("/repos/").split("/")
        if name == "issues" and below and below[-1] == "operate_logs":
            return answer([self._log("GET /repos/{owner}/issues/{number}/operate_logs")])
        talk = self.talks.get(f"{owner}/{name}")
        return None if talk is None else self._of_talk(talk, path, below, query)

    def _log(self, operation: str) -> Row:
        said = {"id": 1, "user": self.person("li-na"), "content": "changed milestone to 一期"}
        return {**example_of(operation), **said, "created_at": "2023-03-02T10:00:00+08:00"}

    def _of_talk(self, talk: GitCodeTalk, path: str, below: list[str], query: Mapping[str, str]) -> Answer | None:
        lists = self._lists(talk)
        if "/".join(below) in lists:
            return lists["/".join(below)](query)
        match below:
            case ["pulls", "comments"]:
                return failure(400, "参数 :number 类型错误", code=1000, name="PARAMETER_ERROR")
            case ["pulls", number, "comments"]:
                return self._page(talk.pull_comments[int(number)], query)
            case ["pulls", _, "operate_logs"]:
                return answer([self._log(f"{R}/pulls/{{number}}/operate_logs")])
            case ["pulls", number, "issues"]:
                return self._page(talk.links.get(int(number), []), query)
            case ["pulls", number]:
                return answer(talk.details[int(number)])
            case ["releases", *_, "attach_files", _, "download"]:
                self.downloads.append((path, self.requests_seen[-1].authorization))
                return Answer(200, ASSET, {"Content-Type": "application/octet-stream"})
        return None

    def _lists(self, talk: GitCodeTalk) -> dict[str, Callable[[Mapping[str, str]], Answer]]:
        def pulls(query: Mapping[str, str]) -> Answer:
            if query.get("sort") in ("asc", "desc"):
                return failure(400, "sort does not have a valid value", code=400, name="BAD_REQUEST")
            return self._page(_sorted(_in_state(talk.pulls, query), query, direction="direction"), query)

        return {
            "issues": lambda query: self._page(_sorted(_in_state(talk.issues, query), query, direction="sort"), query),
            "issues/comments": lambda query: self._page(_by_change(talk.issue_comments, query), query),
            "pulls": pulls,
            "labels": lambda query: self._page(talk.labels, query),
            "milestones": lambda query: self._page(talk.milestones, query),
            "releases": lambda query: self._page(talk.releases, query),
            "collaborators": lambda query: self._page(talk.collaborators, query),
            "protect_branches": lambda _: answer(talk.branches),
            "protected_tags": lambda query: self._page(talk.tags, query),
            "hooks": lambda query: self._page(talk.hooks, query),
            "comments": lambda query: self._page(
                talk.on_commits[:: -1 if query.get("order", "asc") == "desc" else 1], query
            ),
        }


def _in_state(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    state = query.get("state", "open")
    return rows if state == "all" else [row for row in rows if row["state"] == state]


def _sorted(rows: list[Row], query: Mapping[str, str], *, direction: str) -> list[Row]:
    """Newest first where nobody says how."""
    by, since = query.get("order_by", "created_at"), query.get("since")
    said = [row for row in rows if not since or _moment(row["updated_at"]) >= _moment(since)]
    return sorted(said, key=lambda row: _moment(row[by]), reverse=query.get(direction, "desc") == "desc")


def _by_change(rows: list[Row], query: Mapping[str, str]) -> list[Row]:
    since = query.get("since")
    said = [row for row in rows if not since or _changed(row) >= _moment(since)]
    return sorted(said, key=_changed, reverse=query.get("direction", "asc") == "desc")


def _changed(row: Row) -> datetime:
    return _moment(row["updated_at"] or row["created_at"])


@cache
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def running_gitcode_conversation() -> Iterator[GitCodeConversation]:
    """With `harbour/crane`, of which the story is told."""
    with serving_account(GitCodeConversation()) as account:
        account.repository(account.namespace("harbour"), "crane", has_wiki=False)
        account.tell("harbour/crane", Story(f"{account.origin}/user-images/assets/1/ab/吊车.png"))
        yield account

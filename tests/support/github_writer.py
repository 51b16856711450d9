"""A GitHub that a test directs: what one repository is given, kept in memory, each request and answer held to GitHub's
own description."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote

from support.github_writing_openapi import faults_of, faults_of_answer, operation_of, sample
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

TOKEN = "ghp_s3cr3tGitHubT0ken0123456789abcdefghij"
API, UPLOADS = "/api/v3", "/api/uploads"
REPOSITORY = "harbour/quay"
_R = "/repos/{owner}/{repo}"

Answering = Callable[[SeenRequest], Reply | None]


def failure(status: int, message: str, *errors: object) -> Reply:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return json_reply({**body, "errors": list(errors)} if errors else body, status)


def exists(resource: str, name: str) -> Reply:
    return failure(422, "Validation Failed", {"resource": resource, "code": "already_exists", "field": name})


WRITER: dict[str, Any] = {**sample("GET /user"), "login": "zhang-san", "id": 17}


@dataclass
class GitHubWriter:
    """Attributes:
    trouble: answers in the place of GitHub where it gives something.
    lost: operations that are carried out, and whose answers are lost.
    waits: how often an import is said to be pending.
    imports_as: what becomes of an import.
    """

    server: RecordingServer
    trouble: Answering = field(default=lambda _: None)
    lost: set[str] = field(default_factory=set)
    waits: int = 2
    imports_as: dict[str, Any] = field(default_factory=lambda: {"status": "imported"})
    organizations: set[str] = field(default_factory=lambda: {"harbour"})
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    milestones: list[dict[str, Any]] = field(default_factory=list)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    line_comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    releases: dict[int, dict[str, Any]] = field(default_factory=dict)
    uploaded: dict[str, bytes] = field(default_factory=dict)
    imports: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(9001))

    def __post_init__(self) -> None:
        self.server.handler = self._handle
        self.repository(REPOSITORY)

    @property
    def url(self) -> str:
        return f"{self.server.url}{API}"

    def repository(self, full_name: str, **values: Any) -> dict[str, Any]:
        owner, name = full_name.split("/")
        whose = {**sample("GET /user"), "login": owner, "id": len(owner)}
        own = {"id": next(self._ids), "name": name, "full_name": full_name, "private": True}
        page = f"{self.server.url}/{full_name}"
        row = {**own, "clone_url": f"{page}.git", "visibility": "private", "owner": whose, **values}
        return self.repositories.setdefault(full_name, row)

    def made(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.server.requests if one.method != "GET"]

    def _handle(self, request: SeenRequest) -> Reply:
        assert request.headers["user-agent"], "GitHub refuses who says nothing of himself"
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return failure(401, "Bad credentials")
        path = request.path.removeprefix(UPLOADS if request.path.startswith(UPLOADS) else API)
        self.faults += faults_of(request, path)
        if instead := self.trouble(request):
            return instead
        operation = operation_of(request.method, path)
        if operation is None:
            return failure(404, "Not Found")
        reply = self._answer(operation, path, request)
        if reply.status < 300 and reply.body:
            self.faults += faults_of_answer(operation, json.loads(reply.body))
        return Reply(raw=[b""]) if operation in self.lost else reply

    def _answer(self, operation: str, path: str, request: SeenRequest) -> Reply:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        query = {name: values[0] for name, values in parse_qs(request.target.partition("?")[2]).items()}
        if operation == f"POST {_R}/releases/{{release_id}}/assets":
            return self._new_asset(int(parts[4]), query, request)
        body = json.loads(request.body) if request.body else {}
        if parts[0] == "repos" and len(parts) > 3:
            return self._conversation(operation, parts[3:], body, query)
        return self._account(operation, parts, body, query)

    def _account(self, operation: str, parts: list[str], body: dict[str, Any], query: dict[str, str]) -> Reply:
        rows = list(self.repositories.values())
        match operation:
            case "GET /user":
                return json_reply(WRITER)
            case "GET /user/repos":
                return self._page(operation, [row for row in rows if row["full_name"].startswith("zhang-san/")], query)
            case "GET /orgs/{org}/repos" if parts[1] in self.organizations:
                return self._page(operation, [row for row in rows if row["owner"]["login"] == parts[1]], query)
            case "POST /user/repos":
                return self._new_repository(operation, f"zhang-san/{body['name']}", body)
            case "POST /orgs/{org}/repos" if parts[1] in self.organizations:
                return self._new_repository(operation, f"{parts[1]}/{body['name']}", body)
            case "PATCH /repos/{owner}/{repo}":
                row = self.repositories["/".join(parts[1:])]
                row.update(body)
                return json_reply(sample(operation, **row))
        return failure(404, "Not Found")

    def _new_repository(self, operation: str, full_name: str, body: dict[str, Any]) -> Reply:
        if full_name in self.repositories:
            fault = {"resource": "Repository", "code": "custom", "field": "name"}
            return failure(
                422, "Repository creation failed.", {**fault, "message": "name already exists on this account"}
            )
        visibility = "private" if body["private"] else "public"
        return json_reply(sample(operation, **self.repository(full_name, **body, visibility=visibility)), 201)

    def _conversation(self, operation: str, below: list[str], body: dict[str, Any], query: dict[str, str]) -> Reply:  # noqa: C901 - one table of all that there is
        match operation.split(" ", 1)[0], *below:
            case "GET", "labels":
                return self._page(operation, self.labels, query)
            case "POST", "labels":
                if any(one["name"].lower() == body["name"].lower() for one in self.labels):
                    return exists("Label", "name")
                return self._added(operation, self.labels, body)
            case "GET", "milestones":
                return self._page(operation, self.milestones, query)
            case "POST", "milestones":
                if any(one["title"] == body["title"] for one in self.milestones):
                    return exists("Milestone", "title")
                return self._added(operation, self.milestones, {**body, "number": len(self.milestones) + 1})
            case "GET", "issues":
                rows = [{**row, "pull_request": _LINKS} if n in self.pulls else row for n, row in self.items.items()]
                return self._page(operation, rows, query)
            case "GET", "pulls":
                rows = [
                    {**pull, "title": (item := self.items[n])["title"], "body": item["body"], "state": item["state"]}
                    for n, pull in self.pulls.items()
                ]
                return self._page(operation, rows, query)
            case "POST", "issues":
                labels = [{"name": name} for name in body.get("labels", [])]
                row = {"title": body["title"], "body": body["body"], "labels": labels, "assignees_seen": body}
                return self._new_item(operation, row)
            case "POST", "pulls":
                return self._new_pull(operation, body)
            case "PATCH", "issues", "comments", id_:
                return self._changed(operation, self.comments, int(id_), body)
            case "PATCH", "issues", number:
                self.items[int(number)].update(_as_shown(body))
                return json_reply(sample(operation, **_shown(self.items[int(number)])))
            case "GET", "issues", "comments":
                return self._page(operation, [row for rows in self.comments.values() for row in rows], query)
            case "GET", "pulls", "comments":
                return self._page(operation, [row for rows in self.line_comments.values() for row in rows], query)
            case "GET", "issues", number, "comments":
                return self._page(operation, self.comments.get(int(number), []), query)
            case "POST", "issues", number, "comments":
                return self._added(operation, self.comments.setdefault(int(number), []), body)
            case "PATCH", "pulls", "comments", id_:
                return self._changed(operation, self.line_comments, int(id_), body)
            case "GET", "pulls", number, "comments":
                return self._page(operation, self.line_comments.get(int(number), []), query)
            case "POST", "pulls", number, "comments":
                if body["path"] not in ("quay.py", "crane.py", "a.py"):
                    return failure(422, "Validation Failed", "pull_request_review_thread.path: diff is missing")
                return self._added(operation, self.line_comments.setdefault(int(number), []), body)
            case "POST", "pulls", number, "comments", first, "replies":
                return self._added(operation, self.line_comments[int(number)], {**body, "in_reply_to_id": int(first)})
            case "GET", "releases":
                return self._page(operation, list(self.releases.values()), query)
            case "POST", "releases":
                return self._new_release(operation, body)
            case "PATCH", "releases", id_:
                self.releases[int(id_)].update(body)
                return json_reply(sample(operation, **self.releases[int(id_)]))
            case "GET", "releases", id_, "assets":
                return self._page(operation, self.releases[int(id_)]["assets"], query)
            case "DELETE", "releases", "assets", id_:
                for release in self.releases.values():
                    release["assets"] = [one for one in release["assets"] if one["id"] != int(id_)]
                return Reply(204)
            case "POST", "import", "issues":
                return self._begin_import(body)
            case "GET", "import", "issues", id_:
                return self._look_at_import(int(id_))
        raise AssertionError(operation)

    def _added(self, operation: str, rows: list[dict[str, Any]], body: dict[str, Any]) -> Reply:
        rows.append({"id": next(self._ids), **body, **({"user": WRITER} if "body" in body else {})})
        return json_reply(sample(operation, **rows[-1]), 201)

    def _changed(self, operation: str, lists: dict[int, list[dict[str, Any]]], id_: int, body: dict[str, Any]) -> Reply:
        [found] = [one for rows in lists.values() for one in rows if one["id"] == id_]
        found.update(body)
        return json_reply(sample(operation, **found))

    def _new_item(self, operation: str, row: dict[str, Any]) -> Reply:
        number = next(self._numbers)
        self.items[number] = {
            "id": next(self._ids),
            "number": number,
            "state": "open",
            "labels": [],
            "user": WRITER,
            **row,
        }
        return json_reply(sample(operation, **_shown(self.items[number])), 201)

    def _new_pull(self, operation: str, body: dict[str, Any]) -> Reply:
        if any(pull["wanted"] == (body["head"], body["base"]) for pull in self.pulls.values()):
            message = f"A pull request already exists for harbour:{body['head']}."
            return failure(422, "Validation Failed", {"resource": "PullRequest", "code": "custom", "message": message})
        number = next(self._numbers)
        own = {"id": next(self._ids), "number": number, "title": body["title"], "body": body["body"], "state": "open"}
        own["user"] = WRITER
        self.items[number] = {**own, "labels": []}
        self.pulls[number] = {**own, "draft": body.get("draft", False), "wanted": (body["head"], body["base"])}
        return json_reply(sample(operation, **_without(self.pulls[number], "wanted")), 201)

    def _new_release(self, operation: str, body: dict[str, Any]) -> Reply:
        if any(one["tag_name"] == body["tag_name"] for one in self.releases.values()):
            return exists("Release", "tag_name")
        id_ = next(self._ids)
        self.releases[id_] = {"id": id_, "assets": [], **body}
        return json_reply(sample(operation, **self.releases[id_]), 201)

    def _new_asset(self, release: int, query: dict[str, str], request: SeenRequest) -> Reply:
        """The letters that GitHub leaves of a name."""
        name = "".join(
            letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "." for letter in query["name"]
        )
        assets = self.releases[release]["assets"]
        if any(one["name"] == name for one in assets):
            return exists("ReleaseAsset", "name")
        operation = f"POST {_R}/releases/{{release_id}}/assets"
        row = sample(operation, id=next(self._ids), name=name, label=query.get("label"), state="uploaded")
        assets.append(row)
        self.uploaded[query["name"]] = request.body
        return json_reply(row, 201)

    def _begin_import(self, body: dict[str, Any]) -> Reply:
        id_ = next(self._ids)
        self.imports[id_] = {"body": body, "left": self.waits}
        return json_reply({"id": id_, "status": "pending", "url": f"{self.url}/x/{id_}"}, 202)

    def _look_at_import(self, id_: int) -> Reply:
        begun = self.imports[id_]
        begun["left"] -= 1
        if begun["left"] >= 0:
            return json_reply({"id": id_, "status": "pending"})
        if self.imports_as["status"] == "imported" and "number" not in begun:
            begun["number"] = self._import(begun["body"])
        found = {"issue_url": f"{self.url}/repos/{REPOSITORY}/issues/{begun.get('number', 0)}"}
        return json_reply({"id": id_, **found, **self.imports_as})

    def _import(self, body: dict[str, Any]) -> int:
        number, issue = next(self._numbers), body["issue"]
        state = "closed" if issue.get("closed") else "open"
        own = {"title": issue["title"], "body": issue["body"], "created_at": issue["created_at"], "user": WRITER}
        self.items[number] = {"id": next(self._ids), "number": number, "state": state, "labels": [], **own}
        self.comments[number] = [{"id": next(self._ids), "user": WRITER, **one} for one in body["comments"]]
        return number

    def _page(self, operation: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        number, size = int(query.get("page", 1)), int(query.get("per_page", 30))
        last = max(1, -(-len(rows) // size))
        at = f"{self.url}/x?per_page={size}&page="
        links = [f'<{at}{last}>; rel="last"'] * (number < last) + [f'<{at}{number - 1}>; rel="prev"'] * (number > 1)
        shown = [sample(operation, **_shown(row)) for row in rows[(number - 1) * size : number * size]]
        return json_reply(shown, headers={"Link": ", ".join(links)} if links else {})


_LINKS = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), "https://github.example/x")


def _as_shown(body: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in body.items() if name in ("title", "body", "state")}
    kept = {f"{name}_seen": value for name, value in body.items() if name not in shown}
    return {**shown, **kept}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.endswith("_seen") and name != "wanted"}


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


@contextmanager
def running_github() -> Iterator[GitHubWriter]:
    server = RecordingServer()
    try:
        yield GitHubWriter(server)
    finally:
        server.close()

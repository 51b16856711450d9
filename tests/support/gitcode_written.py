"""A repository at a GitCode in memory, to which what people said is written over HTTP.

Bodies are held to the vendor's own description of what it takes (tests/data/gitcode/request-bodies.json), and rows are
filled up to what it says that it answers.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from support.gitcode_conversation import filled
from support.recording_server import Reply, SeenRequest, json_reply
from support.written_conversation import ACCOUNT

BODIES: Final[Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "gitcode" / "request-bodies.json").read_text(encoding="utf-8")
)
_TYPES: Final = {"string": str, "integer": int, "boolean": bool, "array": list}
_UNWRITTEN: Final = {"PATCH /repos/{owner}/issues/{number}": {"issue_severity"}}
"""What the description wants and those who write to the running API leave out."""

Row = dict[str, Any]
_OURS: Final[Row] = {"user": {"login": ACCOUNT}}
"""Of all that is written here: by the account of the token."""


def require_described(operation: str, request: SeenRequest) -> Row:
    """The body of a request, which has all that is needed and nothing that nobody described."""
    described = BODIES[operation]
    assert request.headers["content-type"] == described["content"], operation
    is_form = described["content"] != "application/json"
    body: Row = dict(parse_qsl(request.body.decode())) if is_form else json.loads(request.body)
    needed = set(described["required"]) - _UNWRITTEN.get(operation, set())
    assert needed <= body.keys() <= described["properties"].keys(), (operation, body.keys())
    for name, value in body.items():
        assert isinstance(value, _TYPES[described["properties"][name]]), (operation, name)
    return body


@dataclass
class WrittenGitCode:
    """Answers requests; `origin` is where it is served."""

    origin: str
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    pulls: list[Row] = field(default_factory=list)
    comments: dict[str, list[Row]] = field(default_factory=dict)
    releases: list[Row] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    sent_files: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    _last_comment: int = 100
    faults: list[str] = field(default_factory=list)

    def answer(self, request: SeenRequest) -> Reply:
        """What is not as described is a fault of the test, and refused."""
        try:
            return self._answer(request)
        except AssertionError as fault:
            self.faults.append(f"{request.method} {request.target}: {fault}")
            return json_reply({"error_code": 400, "error_message": str(fault)}, 400)

    def _answer(self, request: SeenRequest) -> Reply:
        path = unquote(urlsplit(request.target).path).removeprefix("/api/v5")
        if path.startswith("/storage/"):
            self.sent_files.append((path, request.body, request.headers))
            return json_reply({"success": True})
        for pattern, operation, answer in self._table():
            found = re.fullmatch(pattern, f"{request.method} {path}")
            if found:
                self.operations.append(operation)
                has_body = request.method in ("POST", "PATCH") and operation in BODIES
                body = require_described(operation, request) if has_body else {}
                return answer(found, body)
        raise AssertionError(f"{request.method} {path}")

    def _table(self) -> list[tuple[str, str, Callable[[re.Match[str], Row], Reply]]]:
        repo, named = "/repos/harbour/api", "/repos/{owner}/{repo}"

        def row(method: str, below: str, described: str, answer: Callable[[re.Match[str], Row], Reply]) -> Any:
            return f"{method} {below}", f"{method} {described}", answer

        return [
            row("GET", f"{repo}/labels", f"{named}/labels", lambda _f, _b: _rows(self.labels)),
            row("POST", f"{repo}/labels", f"{named}/labels", self._add_label),
            row("GET", f"{repo}/milestones", f"{named}/milestones", lambda _f, _b: _rows(self.milestones)),
            row("POST", f"{repo}/milestones", f"{named}/milestones", self._add_milestone),
            row("GET", f"{repo}/issues", f"{named}/issues", lambda _f, _b: _rows(self.issues)),
            row("POST", "/repos/harbour/issues", "/repos/{owner}/issues", self._add_issue),
            row("PATCH", r"/repos/harbour/issues/(\d+)", "/repos/{owner}/issues/{number}", self._edit_issue),
            row("GET", f"{repo}/pulls", f"{named}/pulls", lambda _f, _b: _rows(self.pulls)),
            row("POST", f"{repo}/pulls", f"{named}/pulls", self._add_pull),
            row("PATCH", rf"{repo}/pulls/(\d+)", f"{named}/pulls/{{number}}", self._edit_pull),
            row("POST", rf"{repo}/pulls/(\d+)/assignees", f"{named}/pulls/{{number}}/assignees", _taken),
            row("GET", rf"{repo}/(issues|pulls)/(\d+)/comments", "comments", self._comments_of),
            row("POST", rf"{repo}/(issues)/(\d+)/comments", f"{named}/issues/{{number}}/comments", self._add_comment),
            row("POST", rf"{repo}/(pulls)/(\d+)/comments", f"{named}/pulls/{{number}}/comments", self._add_comment),
            row("PATCH", rf"{repo}/(issues)/comments/(\d+)", f"{named}/issues/comments/{{id}}", self._edit_comment),
            row("PATCH", rf"{repo}/(pulls)/comments/(\w+)", f"{named}/pulls/comments/{{id}}", self._edit_comment),
            row(
                "POST",
                rf"{repo}/pulls/(\d+)/discussions/(\w+)/comments",
                f"{named}/pulls/{{number}}/discussions/{{discussion_id}}/comments",
                self._add_answer,
            ),
            row("GET", f"{repo}/releases", f"{named}/releases", lambda _f, _b: _rows(self.releases)),
            row("POST", f"{repo}/releases", f"{named}/releases", self._add_release),
            row("GET", rf"{repo}/releases/(.+)/upload_url", "upload_url", self._upload_address),
            row("POST", f"{repo}/img/upload", f"{named}/img/upload", self._upload),
        ]

    def _add_label(self, _found: re.Match[str], body: Row) -> Reply:
        self.labels.append(filled("GET /repos/{owner}/{repo}/labels", body))
        return json_reply({"id": 1, **body})

    def _add_milestone(self, _found: re.Match[str], body: Row) -> Reply:
        made = filled("GET /repos/{owner}/{repo}/milestones", {**body, "number": len(self.milestones) + 1})
        self.milestones.append(made)
        return json_reply(made)

    def _add_issue(self, _found: re.Match[str], body: Row) -> Reply:
        number = str(len(self.issues) + 1)
        assert {*filter(None, body.get("labels", "").split(","))} <= {label["name"] for label in self.labels}
        url = f"{self.origin}/harbour/api/issues/{number}"
        values = {"number": number, "id": 1, "title": body["title"], "body": body["body"], "state": "open", **_OURS}
        self.issues.append(filled("GET /repos/{owner}/{repo}/issues", {**values, "html_url": url, "comments": 0}))
        return json_reply({"number": int(number), "html_url": url, "title": body["title"]}, 201)

    def _edit_issue(self, found: re.Match[str], body: Row) -> Reply:
        state = {"close": "closed", "reopen": "open"}.get(body.pop("state", ""))
        changes = {name: body[name] for name in ("title", "body") if name in body}
        self.issues[int(found[1]) - 1].update(changes | ({"state": state} if state else {}))
        return json_reply(self.issues[int(found[1]) - 1])

    def _add_pull(self, _found: re.Match[str], body: Row) -> Reply:
        number = len(self.pulls) + 1
        values = {"number": number, "title": body["title"], "body": body["body"], "state": "open", **_OURS}
        ends = {"head": {"ref": body["head"]}, "base": {"ref": body["base"]}}
        self.pulls.append(filled("GET /repos/{owner}/{repo}/pulls", {**values, **ends}))
        url = f"{self.origin}/harbour/api/merge_requests/{number}"
        return json_reply({"number": number, "web_url": url, "description": body["body"], "title": body["title"]})

    def _edit_pull(self, found: re.Match[str], body: Row) -> Reply:
        self.pulls[int(found[1]) - 1].update({name: body[name] for name in ("title", "body", "state") if name in body})
        return json_reply({"title": "", "body": "", "state": "open"})

    def _comments_of(self, found: re.Match[str], _body: Row) -> Reply:
        rows = self.comments.get(f"{found[1]}/{found[2]}", [])
        operation = "GET /repos/{owner}/{repo}/pulls/{number}/comments"
        return _rows([filled(operation, row) for row in rows] if found[1] == "pulls" else rows)

    def _add_comment(self, found: re.Match[str], body: Row) -> Reply:
        comments = self.comments.setdefault(f"{found[1]}/{found[2]}", [])
        self._last_comment += 1
        id_ = f"{self._last_comment}"
        is_on_line = "path" in body
        kind: Row = {
            "comment_type": "diff_comment" if is_on_line else "pr_comment",
            "discussion_id": f"d{id_}",
            "reply": [],
        }
        comments.append({"id": id_, "body": body["body"], **_OURS, **(kind if found[1] == "pulls" else {})})
        return json_reply({"id": id_, "body": body["body"]}, 201)

    def _edit_comment(self, found: re.Match[str], body: Row) -> Reply:
        rows = [row for place, rows in self.comments.items() if place.startswith(found[1]) for row in rows]
        replies = [reply for row in rows for reply in row.get("reply", [])]
        [comment] = [row for row in (*rows, *replies) if row["id"] == found[2]]
        comment["body"] = body["body"]
        return json_reply({})

    def _add_answer(self, found: re.Match[str], body: Row) -> Reply:
        [thread] = [row for row in self.comments[f"pulls/{found[1]}"] if row["discussion_id"] == found[2]]
        thread["reply"].append({"id": f"r{len(thread['reply'])}", "body": body["body"], **_OURS})
        return json_reply({"id": thread["reply"][-1]["id"], "noteId": 3, "body": body["body"]}, 201)

    def _add_release(self, _found: re.Match[str], body: Row) -> Reply:
        self.releases.append(filled("GET /repos/{owner}/{repo}/releases", {**body, "assets": []}))
        return json_reply(self.releases[-1], 201)

    def _upload_address(self, found: re.Match[str], _body: Row) -> Reply:
        [release] = [row for row in self.releases if row["tag_name"] == found[1]]
        release["assets"].append({"name": "a.zip", "browser_download_url": f"{self.origin}/a.zip", "type": "attach"})
        return json_reply({"url": f"{self.origin}/storage/a.zip?signature=x", "headers": {"x-obs-acl": "private"}})

    def _upload(self, _found: re.Match[str], body: Row) -> Reply:
        self.uploads.append(body["file_name"])
        return json_reply({"success": 1, "path": "uploads/t.png", "full_path": f"{self.origin}/uploads/t.png"})


def _rows(rows: list[Row]) -> Reply:
    return json_reply(rows, headers={"total_count": str(len(rows)), "total_page": "1" if rows else "0"})


def _taken(_found: re.Match[str], _body: Row) -> Reply:
    return json_reply({})

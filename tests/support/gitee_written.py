"""A repository at a Gitee in memory, to which what people said is written over HTTP.

Requests are held to Gitee's own description (tests/data/gitee/swagger-5.3.85-writing.json), but for what only later
ones have; rows have every field of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from support.gitee_swagger import WRITING, example_of, faults_of
from support.recording_server import Reply, SeenRequest, json_reply
from support.written_conversation import ACCOUNT

R: Final = "/repos/harbour/api"
TOKEN: Final = "s3cr3tGiteeT0ken0123456789"
_FILE: Final = re.compile(
    rb'--\w+\r\nContent-Disposition: form-data; name="file"; filename="([^"]+)"\r\n'
    rb"Content-Type: application/octet-stream\r\n\r\n(.*)\r\n--\w+--\r\n\Z",
    re.DOTALL,
)

Row = dict[str, Any]
Answer = Callable[[re.Match[str], Row], Reply]


@dataclass
class WrittenGitee:
    """Answers requests; `origin` is where it is served.

    Attributes:
        refused_labels: those that it does not take for their signs.
        faults: what was not as described; the test should end without any.
    """

    origin: str
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    issues: dict[str, Row] = field(default_factory=dict)
    pulls: dict[str, Row] = field(default_factory=dict)
    comments: dict[str, list[Row]] = field(default_factory=dict)
    releases: list[Row] = field(default_factory=list)
    sent_files: list[tuple[str, str, bytes]] = field(default_factory=list)
    refused_labels: set[str] = field(default_factory=set)
    operations: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _last_id: int = 100

    def answer(self, request: SeenRequest) -> Reply:
        """What is not as described is a fault of the test, and refused."""
        try:
            return self._answer(request)
        except AssertionError as fault:
            self.faults.append(f"{request.method} {request.target}: {fault}")
            return json_reply({"message": str(fault)}, 400)

    def _answer(self, request: SeenRequest) -> Reply:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        path = unquote(urlsplit(request.target).path).removeprefix("/api/v5")
        for pattern, answer in self._table():
            if found := re.fullmatch(pattern, f"{request.method} {path}"):
                self.operations.append(f"{request.method} {path}")
                return answer(found, self._body(request))
        raise AssertionError("nothing is there")

    def _body(self, request: SeenRequest) -> Row:
        if request.path.endswith("/attach_files"):
            sent = _FILE.match(request.body)
            assert sent is not None
            return {"name": sent[1].decode(), "content": sent[2]}
        faults = faults_of(request, WRITING if request.method != "GET" else None)
        assert not faults, faults
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))

    def _table(self) -> list[tuple[str, Answer]]:
        word = "([0-9A-Z]+)"
        return [
            (f"GET {R}/labels", lambda _f, _b: _rows(self.labels)),
            (f"POST {R}/labels", self._add_label),
            (f"GET {R}/milestones", lambda _f, _b: _rows(self.milestones)),
            (f"POST {R}/milestones", self._add_milestone),
            (f"GET {R}/issues", lambda _f, _b: _rows(list(self.issues.values()))),
            ("POST /repos/harbour/issues", self._add_issue),
            (f"PATCH /repos/harbour/(issues)/{word}", self._edit),
            (f"DELETE {R}/issues/{word}/labels", self._clear_labels),
            (f"GET {R}/pulls", lambda _f, _b: _rows(list(self.pulls.values()))),
            (f"POST {R}/pulls", self._add_pull),
            (f"PATCH {R}/(pulls)/{word}", self._edit),
            (f"GET {R}/(issues|pulls)/comments", self._all_comments),
            (f"GET {R}/(issues|pulls)/{word}/comments", self._comments_of),
            (f"POST {R}/(issues|pulls)/{word}/comments", self._add_comment),
            (f"PATCH {R}/(issues|pulls)/comments/{word}", self._edit_comment),
            (f"GET {R}/releases", lambda _f, _b: _rows(self.releases)),
            (f"POST {R}/releases", self._add_release),
            (f"PATCH {R}/releases/{word}", self._edit_release),
            (f"POST {R}/releases/{word}/attach_files", self._attach),
        ]

    def _add_label(self, _found: re.Match[str], body: Row) -> Reply:
        assert re.fullmatch("[0-9a-f]{6}", body["color"])
        if not 2 <= len(body["name"]) <= 20 or body["name"] in self.refused_labels:
            return json_reply({"message": "标签名称不合法"}, 400)
        if body["name"] in self._label_names():
            return json_reply({"error": {"base": ["标签名已存在"]}}, 422)
        self.labels.append({**example_of("Label"), **body})
        return json_reply(self.labels[-1], 201)

    def _add_milestone(self, _found: re.Match[str], body: Row) -> Reply:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", body["due_on"])
        self.milestones.append({**example_of("Milestone"), **body, "number": 7000 + len(self.milestones)})
        return json_reply(self.milestones[-1], 201)

    def _add_issue(self, _found: re.Match[str], body: Row) -> Reply:
        assert body.pop("repo") == "api"
        number = f"I6D{len(self.issues):03X}"
        self.issues[number] = self._item("Issue", body, number, f"issues/{number}")
        return json_reply(self.issues[number], 201)

    def _add_pull(self, _found: re.Match[str], body: Row) -> Reply:
        number = len(self.pulls) + 1
        ends = {name: {"ref": body.pop(name), "sha": "ab" * 20, "repo": None} for name in ("head", "base")}
        self.pulls[str(number)] = {**self._item("PullRequest", body, number, f"pulls/{number}"), **ends}
        return json_reply(self.pulls[str(number)], 201)

    def _item(self, definition: str, body: Row, number: object, page: str) -> Row:
        self._last_id += 1
        fields = {"id": self._last_id, "number": number, "state": "open", "comments": 0, "user": self._writer()}
        row = {**example_of(definition), **fields, "html_url": f"{self.origin}/harbour/api/{page}"}
        return {**row, **self._changes(body)}

    def _writer(self) -> Row:
        return {**example_of("UserBasic"), "login": ACCOUNT}

    def _changes(self, body: Row) -> Row:
        """What is named belongs to the repository already."""
        changes: Row = {name: body[name] for name in ("title", "body", "state", "draft") if name in body}
        if "labels" in body:
            names = body["labels"].split(",")
            assert set(names) <= self._label_names()
            changes["labels"] = [{**example_of("Label"), "name": name} for name in names]
        number = body.get("milestone") or body.get("milestone_number")
        if number:
            [changes["milestone"]] = [row for row in self.milestones if str(row["number"]) == number]
        if "assignee" in body:
            changes["assignee"] = {**example_of("UserBasic"), "login": body["assignee"]}
        if "collaborators" in body:
            changes["collaborators"] = [
                {**example_of("UserBasic"), "login": name} for name in body["collaborators"].split(",")
            ]
        return changes

    def _label_names(self) -> set[str]:
        return {label["name"] for label in self.labels}

    def _edit(self, found: re.Match[str], body: Row) -> Reply:
        rows = self.issues if found[1] == "issues" else self.pulls
        assert found[1] == "pulls" or body.pop("repo") == "api"
        rows[found[2]].update(self._changes(body))
        return json_reply(rows[found[2]])

    def _clear_labels(self, found: re.Match[str], _body: Row) -> Reply:
        self.issues[found[1]]["labels"] = []
        return Reply(204, b"", {})

    def _all_comments(self, found: re.Match[str], _body: Row) -> Reply:
        return _rows([row for place, rows in self.comments.items() if place.startswith(found[1]) for row in rows])

    def _comments_of(self, found: re.Match[str], _body: Row) -> Reply:
        return _rows(self.comments.get(f"{found[1]}/{found[2]}", []))

    def _add_comment(self, found: re.Match[str], body: Row) -> Reply:
        rows = self.issues if found[1] == "issues" else self.pulls
        assert found[2] in rows
        self._last_id += 1
        own: Row = {"target": {"issue": {"number": found[2]}}, "id": self._last_id, "body": body["body"]}
        if found[1] == "pulls":
            url = f"{self.origin}/api/v5{R}/pulls/{found[2]}"
            own = {"pull_request_url": url, "id": self._last_id, "body": body["body"]}
        row = {**example_of("Note" if found[1] == "issues" else "PullRequestComments"), **own, "user": self._writer()}
        self.comments.setdefault(f"{found[1]}/{found[2]}", []).append(row)
        return json_reply(row, 201)

    def _edit_comment(self, found: re.Match[str], body: Row) -> Reply:
        rows = [row for place, rows in self.comments.items() if place.startswith(found[1]) for row in rows]
        [comment] = [row for row in rows if str(row["id"]) == found[2]]
        comment["body"] = body["body"]
        return json_reply(comment)

    def _add_release(self, _found: re.Match[str], body: Row) -> Reply:
        assert body["body"]
        generated = {"name": "v1.zip", "browser_download_url": f"{self.origin}/harbour/api/archive/refs/tags/v1.zip"}
        own = {"id": len(self.releases) + 1, "prerelease": body["prerelease"] == "true", "assets": [generated]}
        self.releases.append({**example_of("Release"), **body, **own})
        return json_reply(self.releases[-1], 201)

    def _edit_release(self, found: re.Match[str], body: Row) -> Reply:
        self.releases[int(found[1]) - 1].update(body)
        return json_reply(self.releases[int(found[1]) - 1])

    def _attach(self, found: re.Match[str], body: Row) -> Reply:
        self.sent_files.append((found[1], body["name"], body["content"]))
        url = f"{self.origin}/harbour/api/releases/download/v1/{body['name']}"
        self.releases[int(found[1]) - 1]["assets"].append({"name": body["name"], "browser_download_url": url})
        return json_reply({"id": 9, "name": body["name"], "size": len(body["content"])}, 201)


def _rows(rows: list[Row]) -> Reply:
    return json_reply(rows, headers=_totals(len(rows)))


def _totals(count: int) -> Mapping[str, str]:
    return {"total_count": str(count), "total_page": "1" if count else "0"}

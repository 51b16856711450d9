"""A GitLab that is written to: it keeps what it is sent, gives out numbers, and knows the fields that GitLab takes."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.gitlab_source import API, TOKEN
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

Row = dict[str, Any]
MOMENT = "2026-11-30T00:00:00.000Z"

TAKEN: Mapping[str, frozenset[str]] = {
    "projects": frozenset(
        ["name", "path", "namespace_id", "description", "visibility", "initialize_with_readme", "default_branch"]
    ),
    "groups": frozenset(["name", "path", "parent_id", "visibility"]),
    "labels": frozenset(["name", "color", "description"]),
    "milestones": frozenset(["title", "description", "due_date", "state_event"]),
    "issues": frozenset(
        [
            *("title", "description", "labels", "milestone_id", "assignee_ids"),
            *("created_at", "updated_at", "state_event", "iid"),
        ]
    ),
    "merge_requests": frozenset(
        [
            "title",
            "description",
            "labels",
            "milestone_id",
            "assignee_ids",
            "source_branch",
            "target_branch",
            "state_event",
        ]
    ),
    "notes": frozenset(["body", "created_at"]),
    "discussions": frozenset(["body", "position"]),
    "releases": frozenset(["tag_name", "name", "description", "released_at"]),
    "links": frozenset(["name", "url", "link_type"]),
}
"""What may be sent of what is sent, by GitLab's documents: a slip in a name would be passed over there."""


@dataclass
class WrittenGitLab:
    """An account with a project 5000 in a group.

    Attributes:
        level: what the account may in the project, and in its group.
        levels: what others may there, by their names.
        is_admin: whether the account is an administrator's; `has_sudo`, whether its token may be used in others' names.
        scopes: of the token, where the server tells them.
        failures: by the ends of paths, what is answered to what makes something there.
        files: what was sent, by the path below the project's.
    """

    server: RecordingServer
    level: int = 50
    levels: dict[str, int] = field(default_factory=dict)
    is_admin: bool = False
    has_sudo: bool = True
    scopes: list[str] | None = None
    namespaces: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)
    lists: dict[str, list[Row]] = field(default_factory=dict)
    failures: dict[str, Reply] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    _level: int = 0
    _author: str = ""

    @property
    def url(self) -> str:
        return f"{self.server.url}{API}"

    def rows(self, name: str) -> list[Row]:
        return self.lists.setdefault(name, [])

    def namespace(self, path: str, kind: str = "group") -> Row:
        self.namespaces.append({"id": 100 + len(self.namespaces), "full_path": path, "path": path, "kind": kind})
        return self.namespaces[-1]

    def project(self, path: str, namespace: Row, visibility: str = "private") -> Row:
        row = {
            "id": 5000 + len(self.projects),
            "path": path,
            "namespace": namespace,
            "visibility": visibility,
            "http_url_to_repo": f"{self.server.url}/{namespace['full_path']}/{path}.git",
        }
        self.projects.append(row)
        return row

    def sent(self, method: str, end: str) -> list[Row]:
        """The bodies of what was asked so."""
        return [
            json.loads(one.body)
            for one in self.server.requests
            if one.method == method and unquote(one.path).endswith(end) and one.body
        ]

    def answer(self, request: SeenRequest) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply({"message": "401 Unauthorized"}, 401)
        sudo = request.headers.get("sudo", "")
        if sudo and not (self.is_admin and self.has_sudo):
            return json_reply({"error": "insufficient_scope", "scope": "sudo"}, 403)
        if sudo and sudo != "captain" and sudo not in self.levels:
            return json_reply({"message": f"404 User with ID or username '{sudo}' Not Found"}, 404)
        self._level, self._author = self.levels.get(sudo, self.level), sudo or "captain"
        path, query = request.path.removeprefix(API), dict(parse_qsl(urlsplit(request.target).query))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if request.method != "GET":
            failure = next((reply for end, reply in self.failures.items() if path.endswith(end)), None)
            return failure or self._write(request, parts)
        if parts == ["personal_access_tokens", "self"] and self.scopes is not None:
            return json_reply({"id": 9, "scopes": self.scopes, "active": True})
        return self._read(parts, query)

    def _read(self, parts: list[str], query: Mapping[str, str]) -> Reply:
        match parts:
            case ["user"] | ["groups", _, "members", "all", "1"]:
                return json_reply(self._account())
            case ["namespaces", path]:
                return self._of_namespace(path, json_reply)
            case ["groups", path, "projects"] | ["users", path, "projects"]:
                rows = [one for one in self.projects if one["namespace"]["full_path"].startswith(path)]
                return self._of_namespace(path, lambda _: _listed(rows))
            case ["users"]:
                return json_reply([{"id": 23}] if query["username"] == "li-na" else [])
            case ["projects", _]:
                return json_reply({"id": 5000, "permissions": {"group_access": {"access_level": self._level}}})
            case ["projects", _, "merge_requests", iid]:
                refs = {"base_sha": "b" * 40, "head_sha": "f" * 40, "start_sha": "5" * 40}
                row = next((row for row in self.rows("merge_requests") if row["iid"] == int(iid)), {})
                return json_reply({**row, "diff_refs": refs})
            case ["projects", _, *below]:
                return _listed([self._with_links(row) for row in self.rows("/".join(below))])
        return json_reply({"message": "404 Not Found"}, 404)

    def _account(self) -> Row:
        """An administrator is told so; a member is told what they may."""
        own = {"id": 1, "username": self._author, "access_level": self.level}
        return {**own, "is_admin": True} if self.is_admin else own

    def _with_links(self, row: Row) -> Row:
        """A release shows what it links to."""
        tag = row.get("tag_name")
        return {**row, "assets": {"links": self.rows(f"releases/{tag}/assets/links")}} if tag else row

    def _of_namespace(self, path: str, answer: Callable[[Row], Reply]) -> Reply:
        found = [one for one in self.namespaces if one["full_path"] == path]
        return answer(found[0]) if found else json_reply({"message": "404 Not Found"}, 404)

    def _write(self, request: SeenRequest, parts: list[str]) -> Reply:
        below = "/".join(parts[2:])
        if request.method == "PUT" and below.startswith("packages/"):
            self.files[below] = request.body
            return json_reply({"message": "201 Created"}, 201)
        if below == "uploads":
            self.files[below] = request.body
            return json_reply({"url": f"/uploads/{'a' * 32}/crane.png", "alt": "crane"}, 201)
        kind = parts[-1] if request.method == "POST" else parts[-2]
        kind = "projects" if parts[:-1] == ["projects"] else kind
        body = json.loads(request.body)
        self.odd += [f"{kind}.{name}" for name in body if name not in TAKEN[kind]]
        return self._kept(request.method, kind, parts, body)

    def _kept(self, method: str, kind: str, parts: list[str], body: Row) -> Reply:
        match method, parts:
            case "POST", ["projects"]:
                namespace = next(one for one in self.namespaces if one["id"] == body["namespace_id"])
                return json_reply(self.project(body["path"], namespace, body["visibility"]), 201)
            case "POST", ["groups"]:
                above = [one["full_path"] for one in self.namespaces if one["id"] == body.get("parent_id")]
                return json_reply(self.namespace("/".join([*above, body["path"]])), 201)
            case "POST", ["projects", _, "issues"] if body.get("iid") in [row["iid"] for row in self.rows("issues")]:
                return json_reply({"message": "Duplicated issue"}, 409)
            case "POST", ["projects", _, *below]:
                return json_reply(self._added("/".join(below), kind, body), 201)
            case "PUT", ["projects", _, "issues" | "merge_requests" as list_, iid]:
                state = {"close": "closed", "reopen": "opened"}.get(body.pop("state_event", ""))
                row: Row = next((row for row in self.rows(list_) if row["iid"] == int(iid)), {})
                row |= {**body, **({"state": state} if state else {})}
            case "PUT", ["projects", _, *above, "notes", id_]:
                discussions = self.rows("/".join([*above, "discussions"]))
                for note in [note for one in discussions for note in one["notes"] if str(note["id"]) == id_]:
                    note.update(body)
        return json_reply({})

    def _added(self, below: str, kind: str, body: Row) -> Row:
        rows = self.rows(below)
        number = max((row.get("iid", 0) for row in rows), default=0) + 1
        given = dict(body)
        if self._level < 50 and not (self.is_admin and self._author == "captain"):
            # As GitLab does: nothing is refused, and nothing said.
            given = {name: value for name, value in body.items() if name not in ("iid", "created_at")}
        own = {"id": 900 + len(rows) + 1, "iid": number, "state": "opened", "author": self._author}
        row = {**own, "web_url": f"{self.server.url}/{below}", **given}
        if kind in ("notes", "discussions"):
            note = {"id": 700 + len(self.server.requests), "body": body["body"], "system": False}
            above, _, id_ = below.removesuffix("/notes").rpartition("/")
            for answered in [one for one in self.rows(above) if one["id"] == id_]:
                answered["notes"].append(note)
                return note
            alone = {"id": f"d{len(self.server.requests)}", "individual_note": kind == "notes", "notes": [note]}
            self.rows(below.rpartition("/")[0] + "/discussions").append(alone)
            return note if kind == "notes" else alone
        rows.append(row)
        return row


def _listed(rows: list[Row]) -> Reply:
    return json_reply(rows, headers={"X-Total": str(len(rows)), "X-Total-Pages": "1"})


@contextmanager
def running_written_gitlab() -> Iterator[WrittenGitLab]:
    server = RecordingServer()
    try:
        gitlab = WrittenGitLab(server)
        server.handler = gitlab.answer
        gitlab.project("crane", gitlab.namespace("harbour/yard"))
        yield gitlab
    finally:
        server.close()

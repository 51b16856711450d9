"""A CNB that a test directs: one repository's conversation, kept in memory, each request and answer held to CNB's own
description."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from support.cnb_openapi import faults_of, faults_of_answer, operation_of
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

TOKEN = "Cnb0T0kenS3cretAbcdefghijk"
NAMESPACE = "harbour/docks"
REPOSITORY = f"{NAMESPACE}/quay"
WRITER = {"username": "zhang-san", "nickname": "张三", "freeze": False, "is_npc": False}

Answering = Callable[[SeenRequest], Reply | None]


def failure(status: int, code: int, message: str) -> Reply:
    return json_reply({"errcode": code, "errmsg": message}, status)


@dataclass
class CnbAccount:
    """Attributes:
    trouble: answers in the place of the platform where it gives something; once it has let a request through, a
        lost answer is a connection that ends.
    """

    server: RecordingServer
    storage: RecordingServer
    trouble: Answering = field(default=lambda _: None)
    lost: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=lambda: {"harbour", NAMESPACE})
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(7001))

    def __post_init__(self) -> None:
        self.server.handler = self._handle
        self.storage.handler = self._store
        self.repository(REPOSITORY)

    def repository(self, path: str, visibility: str = "Private") -> dict[str, Any]:
        row = {
            "id": str(next(self._ids)),
            "name": path.rpartition("/")[2],
            "path": path,
            "web_url": f"{self.server.url}/{path}",
            "visibility_level": visibility,
        }
        return self.repositories.setdefault(path, row)

    def made(self) -> list[str]:
        """What was asked to be made or changed, in order."""
        return [f"{one.method} {one.path}" for one in self.server.requests if one.method != "GET"]

    def _handle(self, request: SeenRequest) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return failure(401, 16, "unauthorized")
        self.faults += faults_of(request)
        if instead := self.trouble(request):
            return instead
        operation = operation_of(request.method, request.path)
        if operation is None:
            return failure(404, 404, "not found")
        reply = self._answer(operation, request)
        if reply.status < 300 and reply.body:
            self.faults += faults_of_answer(operation, json.loads(reply.body))
        return Reply(raw=[b""]) if operation in self.lost else reply

    def _answer(self, operation: str, request: SeenRequest) -> Reply:  # noqa: C901 - one table of all that there is
        body = json.loads(request.body) if request.body else {}
        path = [unquote(part) for part in request.path.strip("/").split("/")]
        where = path.index("-") if "-" in path else len(path)
        owner, rest = "/".join(path[:where]), path[where + 1 :]
        query = {name: values[0] for name, values in parse_qs(request.target.partition("?")[2]).items()}
        match operation.split(" ", 1)[0], *rest:
            case ("GET",) if path == ["user"]:
                return json_reply({"id": "1", **{name: WRITER[name] for name in ("username", "nickname")}})
            case ("POST",) if path == ["groups"]:
                return self._new_group(body["path"])
            case ("GET",):
                return json_reply(self.repositories[owner]) if owner in self.repositories else failure(404, 5, "none")
            case "GET", "repos":
                if owner not in self.groups:
                    return failure(404, 5, "no such group")
                return _page([row for at, row in self.repositories.items() if at.startswith(f"{owner}/")], query)
            case "POST", "repos":
                return self._new_repository(f"{owner}/{body['name']}", body)
            case "POST", "settings", "set_visibility":
                self.repositories[owner]["visibility_level"] = query["visibility"].capitalize()
                return Reply(200)
            case method, *below:
                return self._conversation(method, below, body, query)
        raise AssertionError(operation)

    def _new_group(self, path: str) -> Reply:
        outer = path.rpartition("/")[0]
        if path in self.groups:
            return failure(409, 10010, "organization exists")
        if outer and outer not in self.groups:
            return failure(404, 5, "no such group")
        self.groups.add(path)
        return Reply(201)

    def _new_repository(self, path: str, body: dict[str, Any]) -> Reply:
        if path in self.repositories:
            return failure(409, 10003, "repository exists")
        self.repository(path, body["visibility"].capitalize())["description"] = body["description"]
        return Reply(201)

    def _conversation(self, method: str, below: list[str], body: dict[str, Any], query: dict[str, str]) -> Reply:  # noqa: C901 - one table of all that there is
        match method, *below:
            case "GET", "labels":
                return _page(self.labels, query)
            case "POST", "labels":
                if any(one["name"] == body["name"] for one in self.labels):
                    return failure(409, 6, "label exists")
                self.labels.append({"id": str(next(self._ids)), **body})
                return json_reply(self.labels[-1], 201)
            case "GET", "issues":
                rows = [row for row in self._of("issue") if row["state"] == query["state"]]
                return _page([{key: value for key, value in row.items() if key != "body"} for row in rows], query)
            case "GET", "pulls":
                return _page(self._of("pull"), query)
            case "POST", "issues" | "pulls" as kind:
                return json_reply(_without_kind(self._new_item(kind, body)), 201)
            case "GET", "issues" | "pulls", number:
                return json_reply(_without_kind(self.items[number]))
            case "PATCH", "issues" | "pulls", number:
                self.items[number].update(body)
                return json_reply(_without_kind(self.items[number]))
            case "PUT", "issues" | "pulls", number, "labels":
                self.items[number]["labels"] = [{"name": name} for name in body["labels"]]
                return json_reply({"name": ""})
            case "POST", "pulls", number, "assignees":
                self.items[number]["assignees_seen"] = body["assignees"]
                return json_reply({"number": number})
            case "GET", "issues" | "pulls", number, "comments":
                return _page(self.comments.get(number, []), query)
            case "POST", "issues" | "pulls", number, "comments":
                made = {"id": str(next(self._ids)), "body": body["body"], "author": WRITER}
                self.comments.setdefault(number, []).append(made)
                return json_reply(made, 201)
            case "PATCH", "issues" | "pulls", number, "comments", id_:
                [found] = [one for one in self.comments[number] if one["id"] == id_]
                found.update(body)
                return json_reply(found)
            case "GET", "pulls", number, "reviews":
                rows = [{key: one[key] for key in ("id", "body", "state")} for one in self.reviews.get(number, [])]
                return _page(rows, query)
            case "POST", "pulls", number, "reviews":
                return self._new_review(number, body)
            case "GET", "pulls", number, "reviews", id_, "comments":
                return _page(self._review(number, id_)["comments"], query)
            case "POST", "pulls", number, "reviews", id_, "replies":
                made = {"id": str(next(self._ids)), "review_id": id_, **body}
                self._review(number, id_)["comments"].append(made)
                return json_reply(made, 201)
            case "GET", "releases":
                return _page(list(self.releases.values()), query)
            case "POST", "releases":
                return self._new_release(body)
            case "PATCH", "releases", id_:
                self.releases[id_].update(body)
                return Reply(200)
            case "POST", "releases", id_, "asset-upload-url":
                address = f"{self.storage.url}/release/{id_}/{quote(body['asset_name'])}?sign=1"
                confirmation = f"/{REPOSITORY}/-/releases/{id_}/asset-upload-confirmation/up1"
                confirmation += f"/{quote(body['asset_name'])}"
                return json_reply({"upload_url": address, "verify_url": confirmation, "expires_in_sec": 60}, 201)
            case "POST", "releases", id_, "asset-upload-confirmation", _, name:
                if f"/release/{id_}/{name}" not in self.stored:
                    return failure(400, 3, "not uploaded")
                self.releases[id_]["assets"].append({"id": str(next(self._ids)), "name": name})
                return Reply(200)
            case "POST", "upload", "imgs" | "files" as kind:
                stored = quote(f"/{REPOSITORY}/-/{kind}/{next(self._ids)}/{body['name']}")
                assets = {"path": stored, "name": body["name"], "size": body["size"], "content_type": "x/y"}
                form = {"x-cos-forbid-overwrite": "true"}
                return json_reply({"upload_url": f"{self.storage.url}{stored}", "form": form, "assets": assets})
        raise AssertionError((method, below))

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [_without_kind(row) for row in self.items.values() if row["kind"] == kind]

    def _new_item(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        number = str(next(self._numbers))
        labels = [{"name": name} for name in body.get("labels", [])]
        given = {key: body[key] for key in ("title", "body")}
        row = {"kind": kind.removesuffix("s"), "number": number, "state": "open", "labels": labels, **given}
        self.items[number] = row
        return row

    def _new_review(self, number: str, body: dict[str, Any]) -> Reply:
        """CNB finds lines of the files that a change request changes."""
        if any(one["path"] not in ("quay.py", "crane.py", "a.py") for one in body["comments"]):
            return failure(400, 3, "line not found in diff")
        id_ = str(next(self._ids))
        comments = [{"id": str(next(self._ids)), "review_id": id_, **one} for one in body["comments"]]
        self.reviews.setdefault(number, []).append({"id": id_, "body": "", "state": "commented", "comments": comments})
        return Reply(201)

    def _review(self, number: str, id_: str) -> dict[str, Any]:
        [review] = [one for one in self.reviews[number] if one["id"] == id_]
        return review

    def _new_release(self, body: dict[str, Any]) -> Reply:
        if any(one["tag_name"] == body["tag_name"] for one in self.releases.values()):
            return failure(409, 6, "release exists")
        id_ = str(next(self._ids))
        given = {key: body[key] for key in ("tag_name", "name", "body", "prerelease", "draft")}
        self.releases[id_] = {"id": id_, "tag_commitish": body["target_commitish"], "assets": [], **given}
        return json_reply(self.releases[id_], 201)

    def _store(self, request: SeenRequest) -> Reply:
        assert not request.has_authorization, "a storage is told the token"
        self.stored[unquote(request.path)] = request.body
        return Reply(200)


def _without_kind(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("kind", "assignees_seen")}


def _page(rows: list[dict[str, Any]], query: dict[str, str]) -> Reply:
    number, size = int(query.get("page", 1)), int(query.get("page_size", 10))
    headers = {"x-cnb-total": str(len(rows)), "x-cnb-page-size": str(size)}
    return json_reply(rows[(number - 1) * size : number * size], headers=headers)


@contextmanager
def running_cnb() -> Iterator[CnbAccount]:
    server, storage = RecordingServer(), RecordingServer()
    try:
        yield CnbAccount(server, storage)
    finally:
        server.close()
        storage.close()

"""A Gitee API, v5 or v3, that a test directs: it answers over real sockets, pages, refuses, and breaks when told to.

Its answers are written by hand here and not with our own structs, so that a slip there does not cancel out.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "s3cr3tGiteeT0ken0123456789abcdef"
ADVERTISED = b"001e# service=git-upload-pack\n0000000eversion 2\n0000"
CAPTAIN = {"id": 898013, "login": "captain", "name": "The Captain", "type": "User"}


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(value: object, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), headers)


def failure(status: int, message: str) -> Answer:
    return answer({"message": message}, status)


@dataclass(frozen=True)
class Asked:
    path: str
    query: Mapping[str, str]
    authorization: str | None


@dataclass
class GiteeSource:
    """An account with organizations, enterprises and repositories, changed by a test at any time.

    Attributes:
        has_v5: whether anything is below `/api/v5`.
        always: answers to a path instead of the right ones.
        stumbles: the next answers to `/user/repos`, or in v3 to `/projects`.
        uncounted: how many repositories more are counted than are given.
        counts: whether totals are told at all.
        hidden: repositories that only their organization or enterprise lists.
        wikis: `/namespace/name.wiki.git` that are there.
        git_fails: git's addresses answer 503.
    """

    origin: str = ""
    has_v5: bool = True
    uncounted: int = 0
    counts: bool = True
    namespaces: dict[int, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[int, dict[str, Any]] = field(default_factory=dict)
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    avatars: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, Answer] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    wikis: set[str] = field(default_factory=set)
    git_fails: bool = False
    always: dict[str, Answer] = field(default_factory=dict)
    stumbles: deque[Answer] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    fetched: list[tuple[str, str | None]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"{self.origin}/api/v5"

    def namespace(self, path: str, type_: str = "group") -> dict[str, Any]:
        id_ = 100 + len(self.namespaces)
        html_url = f"{self.origin}/{path}"
        self.namespaces[id_] = {"id": id_, "type": type_, "name": path, "path": path, "html_url": html_url}
        return self.namespaces[id_]

    def repository(self, namespace: Mapping[str, Any], name: str, **values: Any) -> dict[str, Any]:
        id_ = 5000 + len(self.repositories)
        full_name = f"{namespace['path']}/{name}"
        self.repositories[id_] = {
            "id": id_,
            "full_name": full_name,
            "human_name": f"{namespace['name']}/{name}",
            "url": f"{self.url}/repos/{full_name}",
            "namespace": namespace,
            "path": name,
            "name": name,
            "owner": CAPTAIN,
            "description": None,
            "private": True,
            "public": False,
            "internal": False,
            "fork": False,
            "html_url": f"{self.origin}/{full_name}.git",
            "ssh_url": f"git@gitee.com:{full_name}.git",
            "default_branch": "master",
            "has_wiki": True,
            "pushed_at": "2024-07-29T15:42:45+08:00",
            "created_at": "2024-07-29T15:42:45+08:00",
            **values,
        }
        return self.repositories[id_]

    def project(self, path: str, **values: Any) -> dict[str, Any]:
        """A repository as v3 tells of it."""
        owner, _, name = path.partition("/")
        id_ = 7000 + len(self.projects)
        namespace = {"id": 100, "name": owner, "path": owner, "owner_id": 898013, "description": ""}
        times = {"created_at": "2013-12-25T18:03:20+08:00", "updated_at": "2013-12-25T18:03:20+08:00"}
        self.projects[id_] = {
            "id": id_,
            "name": name,
            "description": "",
            "default_branch": "master",
            "owner": {"id": 898013, "username": owner, "name": owner, "new_portrait": "", "created_at": ""},
            "public": False,
            "path": name,
            "path_with_namespace": path,
            "wiki_enabled": True,
            "created_at": "2014-08-10T22:46:22.000+08:00",
            "namespace": {**namespace, **times},
            "last_push_at": None,
            "fork?": False,
            **values,
        }
        return self.projects[id_]

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        split = urlsplit(target)
        path, query, authorization = unquote(split.path), dict(parse_qsl(split.query)), headers.get("authorization")
        with self._lock:
            if path.startswith("/api/v5") and self.has_v5:
                return self._within(path.removeprefix("/api/v5"), query, authorization, f"Bearer {TOKEN}")
            if path.startswith("/api/v3"):
                return self._within(path.removeprefix("/api"), query, headers.get("private-token"), TOKEN)
            return self._outside_the_api(path, authorization)

    def _within(self, below: str, query: Mapping[str, str], shown: str | None, right: str) -> Answer:
        self.asked.append(Asked(below, query, shown))
        if below in ("/user/repos", "/v3/projects") and self.stumbles:
            return self.stumbles.popleft()
        if shown != right:
            return failure(401, "401 Unauthorized: Access token does not exist")
        return self.always.get(below) or self._right_answer(below, query)

    def _outside_the_api(self, path: str, authorization: str | None) -> Answer:
        if not path.endswith("/info/refs"):
            self.fetched.append((path, authorization))
            return self.pictures.get(path, Answer(404, b"no such picture"))
        if self.git_fails:
            return Answer(503, b"later")
        if path.removesuffix("/info/refs") in self.wikis:
            return Answer(200, ADVERTISED, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return Answer(404, b"not found")

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/user":
            return answer(CAPTAIN)
        if path == "/v3/user":
            return answer({**CAPTAIN, "username": "captain", "email": "", "new_portrait": "", "created_at": ""})
        if path == "/v3/projects":
            return self._page(list(self.projects.values()), query, names=("X-Total", "X-Total-Pages"))
        if path == "/user/namespaces":
            return answer(list(self.namespaces.values()))
        if path in ("/user/orgs", "/user/enterprises"):
            return self._page(self._of_type("group" if path == "/user/orgs" else "enterprise"), query)
        if path == "/user/repos":
            rows = [row for row in self.repositories.values() if row["id"] not in self.hidden]
            return self._page(rows, query, uncounted=self.uncounted)
        if path.startswith(("/orgs/", "/enterprises/")):
            return self._of_namespace(path, query)
        return failure(404, "Not Found")

    def _of_type(self, type_: str) -> list[dict[str, Any]]:
        rows = [row for row in self.namespaces.values() if row["type"] == type_]
        return [self._described(row, number) for number, row in enumerate(rows)]

    def _described(self, namespace: Mapping[str, Any], number: int) -> dict[str, Any]:
        path = namespace["path"]
        named = {"id": number, "name": namespace["name"], "avatar_url": self.avatars.get(path)}
        if namespace["type"] == "group":
            return {**named, "login": path, "description": f"all about {path}", "follow_count": 0}
        return {**named, "path": path}

    def _of_namespace(self, path: str, query: Mapping[str, str]) -> Answer:
        kind, _, rest = path.removeprefix("/").partition("/")
        name, _, what = rest.rpartition("/")
        if what == "repos":
            return self._page([row for row in self.repositories.values() if row["namespace"]["path"] == name], query)
        members = self.members.get(name, [])
        if kind == "enterprises":
            return answer([{"role": row["role"], "active": True, "user": row} for row in members])
        return self._page([row for row in members if row["role"] == query["role"]], query)

    def _page(
        self,
        rows: list[dict[str, Any]],
        query: Mapping[str, str],
        *,
        uncounted: int = 0,
        names: tuple[str, str] = ("total_count", "total_page"),
    ) -> Answer:
        number, size = int(query.get("page", 1)), min(int(query.get("per_page", 20)), 100)
        total = len(rows) + uncounted
        totals = {names[0]: str(total), names[1]: str(-(-total // size))} if self.counts else {}
        return answer(rows[(number - 1) * size : number * size], headers=totals)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    source: GiteeSource

    def do_GET(self) -> None:
        given = self.source.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
        self.send_response(given.status)
        for name, value in {"Content-Type": "application/json", **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()
        self.wfile.write(given.body)

    def log_message(self, *_: object) -> None:
        """Says nothing: a test looks at `asked`."""


@contextmanager
def running_gitee_source() -> Iterator[GiteeSource]:
    source = GiteeSource()
    handler = type("Handler", (_Handler,), {"source": source})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    source.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

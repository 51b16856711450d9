"""A GitCode API v5 that a test directs: it answers over real sockets, pages, refuses, and breaks when told to.

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

TOKEN = "s3cr3tGitCodeT0ken0123456789"
ADVERTISED = b"001e# service=git-upload-pack\n0000000eversion 2\n0000"


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(value: object, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), headers)


def failure(status: int, message: str, *, code: int | None = None, name: str = "UN_KNOW") -> Answer:
    said = {
        "error_code": status if code is None else code,
        "error_code_name": name,
        "error_message": message,
        "trace_id": "0123456789abcdef0123456789abcdef",
    }
    return answer(said, status)


@dataclass(frozen=True)
class Asked:
    path: str
    query: Mapping[str, str]
    authorization: str | None


@dataclass
class GitCodeSource:
    """An account with organizations and repositories, changed by a test at any time.

    Attributes:
        always: answers to a path instead of the right ones.
        stumbles: the next answers to `/user/repos`.
        uncounted: how many repositories more are counted than are given.
        counts: whether totals are told at all.
        hidden: repositories that only their organization lists.
        wikis: `/namespace/name.wiki.git` that are there.
        git_fails: git's addresses answer 503.
    """

    origin: str = ""
    uncounted: int = 0
    counts: bool = True
    namespaces: dict[int, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[int, dict[str, Any]] = field(default_factory=dict)
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

    def namespace(self, path: str, **values: Any) -> dict[str, Any]:
        id_ = 100 + len(self.namespaces)
        html_url = f"{self.origin}/{path}"
        self.namespaces[id_] = {"id": id_, "name": path, "path": path, "type": "group", "html_url": html_url, **values}
        return self.namespaces[id_]

    def repository(self, namespace: Mapping[str, Any], name: str, **values: Any) -> dict[str, Any]:
        id_ = 5000 + len(self.repositories)
        full_name = f"{namespace['path']}/{name}"
        self.repositories[id_] = {
            "id": id_,
            "full_name": full_name,
            "human_name": f"{namespace['name']} / {name}",
            "url": f"{self.url}/repos/{full_name}",
            "namespace": namespace,
            "path": name,
            "name": name,
            "description": "",
            "status": "开始",
            "http_url_to_repo": f"{self.origin}/{full_name}.git",
            "ssh_url_to_repo": f"git@gitcode.com:{full_name}.git",
            "created_at": "2024-07-29T15:42:45.149+08:00",
            "updated_at": "2024-07-29T15:42:45.149+08:00",
            "default_branch": "main",
            "private": True,
            "public": False,
            "internal": False,
            "owner": {"id": "898013", "login": "captain", "name": "The Captain"},
            **values,
        }
        return self.repositories[id_]

    def answer(self, target: str, authorization: str | None) -> Answer:
        split = urlsplit(target)
        path = unquote(split.path)
        with self._lock:
            if not path.startswith("/api/v5"):
                return self._outside_the_api(path, authorization)
            below, query = path.removeprefix("/api/v5"), dict(parse_qsl(split.query))
            self.asked.append(Asked(below, query, authorization))
            if below == "/user/repos" and self.stumbles:
                return self.stumbles.popleft()
            if authorization != f"Bearer {TOKEN}":
                return failure(401, "401, token not found", name="UNAUTHORIZED")
            return self.always.get(below) or self._right_answer(below, query)

    def _outside_the_api(self, path: str, authorization: str | None) -> Answer:
        if not path.endswith("/info/refs"):
            self.fetched.append((path, authorization))
            return self.pictures.get(path, Answer(404, b"no such picture"))
        if self.git_fails:
            return Answer(503, b"later")
        if path.removesuffix("/info/refs") in self.wikis:
            return Answer(200, ADVERTISED, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return Answer(403, b"The project you were looking for could not be found.")

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/user":
            user = {"id": "64e5ed8f7e20aa73efcbc302", "login": "captain", "name": "The Captain", "type": "User"}
            return answer(user)
        if path == "/user/namespaces":
            return self._page(list(self.namespaces.values()), {**query, "per_page": query["perPage"]})
        if path == "/users/orgs":
            return self._page([self._organization(row) for row in self.namespaces.values()], query)
        if path == "/user/repos":
            rows = [row for row in self.repositories.values() if row["id"] not in self.hidden]
            return self._page(rows, query, uncounted=self.uncounted)
        if path.startswith("/orgs/"):
            return self._of_organization(path, query)
        return failure(404, "404 Not Found")

    def _organization(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        path = namespace["path"]
        return {
            "id": namespace["id"],
            "login": path,
            "path": path,
            "name": namespace["name"],
            "description": f"all about {path}",
            "avatar_url": self.avatars.get(path),
            "repos_url": None,
        }

    def _of_organization(self, path: str, query: Mapping[str, str]) -> Answer:
        name, _, what = path.removeprefix("/orgs/").rpartition("/")
        if what == "members":
            return self._page(self.members.get(name, []), query)
        if what == "repos":
            return self._page([row for row in self.repositories.values() if row["namespace"]["path"] == name], query)
        return failure(404, "404 Group Not Found")

    def _page(self, rows: list[dict[str, Any]], query: Mapping[str, str], *, uncounted: int = 0) -> Answer:
        number, size = int(query.get("page", 1)), min(int(query.get("per_page", 20)), 100)
        total = len(rows) + uncounted
        totals = {"total_count": str(total), "total_page": str(-(-total // size))} if self.counts else {}
        return answer(rows[(number - 1) * size : number * size], headers=totals)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    source: GitCodeSource

    def do_GET(self) -> None:
        given = self.source.answer(self.path, self.headers["Authorization"])
        self.send_response(given.status)
        for name, value in {"Content-Type": "application/json", **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()
        self.wfile.write(given.body)

    def log_message(self, *_: object) -> None:
        """Says nothing: a test looks at `asked`."""


@contextmanager
def running_gitcode_source() -> Iterator[GitCodeSource]:
    source = GitCodeSource()
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

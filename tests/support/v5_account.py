"""An account at a platform with an API v5 that a test directs: real sockets, pages, refusals, and trouble when told to.

Answers are written by hand here and not with our own structs, so that a slip there does not cancel out.
"""

import json
import ssl
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from support.paged_answers import V5_TOTALS

BODY = ":body"
"""Stands among the headers of a request that a test's account answers."""

ADVERTISED = b"001e# service=git-upload-pack\n0000000eversion 2\n0000"


class AnsweringAccount(Protocol):
    """What can be served."""

    origin: str

    def answer(self, target: str, headers: Mapping[str, str]) -> "Answer": ...


A = TypeVar("A", bound=AnsweringAccount)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(value: object, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), headers)


@dataclass(frozen=True)
class ReceivedRequest:
    path: str
    query: Mapping[str, str]
    authorization: str | None


@dataclass
class V5Account(ABC):
    """An account with namespaces and repositories, changed by a test at any time.

    Attributes:
        uncounted: how many repositories more are counted than are given.
        counts: whether totals are told at all.
        largest_page: how many rows a page has at most.
        hidden: repositories that only their organization lists.
        wikis: `/namespace/name.wiki.git` that are there.
        git_fails: git's addresses answer 503.
        odd_wikis: what git's addresses of wikis answer in the place of what they should.
        always: answers to a path instead of the right ones.
        stumbles: the next answers to the list of all that one has.
        fetched: what was asked for outside of the API, and the Authorization that came with it.
    """

    origin: str = ""
    uncounted: int = 0
    counts: bool = True
    largest_page: int = 100
    namespaces: dict[int, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[int, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    avatars: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, Answer] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    wikis: set[str] = field(default_factory=set)
    git_fails: bool = False
    odd_wikis: Answer | None = None
    always: dict[str, Answer] = field(default_factory=dict)
    stumbles: deque[Answer] = field(default_factory=deque)
    requests_seen: list[ReceivedRequest] = field(default_factory=list)
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
            "url": f"{self.url}/repos/{full_name}",
            "namespace": namespace,
            "path": name,
            "name": name,
            "private": True,
            "public": False,
            "internal": False,
            **self._of_repository(namespace, full_name),
            **values,
        }
        return self.repositories[id_]

    @abstractmethod
    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        """What the platform tells of one in its own way."""

    @abstractmethod
    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        """The answer to what is asked of an API; None for what is in none."""

    @abstractmethod
    def _without_wiki(self) -> Answer:
        """What git is told of a wiki that is not there."""

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """`headers` have their names in lower case."""
        split = urlsplit(target)
        path = unquote(split.path)
        with self._lock:
            given = self._in_the_api(path, dict(parse_qsl(split.query)), headers)
            return self._outside_the_api(path, headers.get("authorization")) if given is None else given

    def _outside_the_api(self, path: str, authorization: str | None) -> Answer:
        if not path.endswith("/info/refs"):
            self.fetched.append((path, authorization))
            return self.pictures.get(path, Answer(404, b"no such picture"))
        if self.git_fails:
            return Answer(503, b"later")
        if path.removesuffix("/info/refs") in self.wikis:
            return Answer(200, ADVERTISED, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return self.odd_wikis or self._without_wiki()

    def _own_repositories(self, query: Mapping[str, str]) -> Answer:
        rows = [row for row in self.repositories.values() if row["id"] not in self.hidden]
        return self._page(rows, query, uncounted=self.uncounted)

    def _repositories_in(self, namespace: str, query: Mapping[str, str]) -> Answer:
        return self._page([row for row in self.repositories.values() if row["namespace"]["path"] == namespace], query)

    def _page(
        self,
        rows: list[dict[str, Any]],
        query: Mapping[str, str],
        *,
        uncounted: int = 0,
        names: tuple[str, str] = V5_TOTALS,
    ) -> Answer:
        number, size = int(query.get("page", 1)), min(int(query.get("per_page", 20)), self.largest_page)
        total = len(rows) + uncounted
        totals = {names[0]: str(total), names[1]: str(-(-total // size))} if self.counts else {}
        return answer(rows[(number - 1) * size : number * size], headers=totals)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    account: AnsweringAccount

    def do_GET(self) -> None:
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        given = self.account.answer(self.path, {**headers, BODY: body.decode(errors="replace")})
        self.send_response(given.status)
        for name, value in {"Content-Type": "application/json", **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()
        self.wfile.write(given.body)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_: object) -> None:
        """Says nothing: a test looks at `asked`."""


@contextmanager
def serving_account(account: A, encrypted: ssl.SSLContext | None = None) -> Iterator[A]:
    handler = type("Handler", (_Handler,), {"account": account})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    account.origin = f"http://127.0.0.1:{server.server_port}"
    if encrypted is not None:
        server.socket = encrypted.wrap_socket(server.socket, server_side=True)
        account.origin = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

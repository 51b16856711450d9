"""A CODING Open API that a test directs: it answers over real sockets, pages, refuses, and breaks when told to.

Its answers are written by hand here and not with our own structs, so that a slip there does not cancel out.
"""

import json
import threading
import uuid
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.coding_metadata import CodingMetadata
from support.coding_schemas import faults_of_answer, faults_of_request
from support.git_over_http import GitAnswer, advertised, uploaded

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SCOPE_TEXT = "The current scope does not support access to this API"


@dataclass(frozen=True)
class Answer:
    """What goes over the wire instead of the real answer; `promised` is a Content-Length that is not kept."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None


def failure(code: str, message: str = "") -> Answer:
    error = {"Error": {"Code": code, "Message": message}, "RequestId": str(uuid.UUID(int=7))}
    return Answer(body=json.dumps({"Response": error}, ensure_ascii=False).encode())


REFUSED = failure("UnauthorizedOperation", SCOPE_TEXT)
NO_PROJECTS = Answer(body=b'{"Response": {"ProjectList": [], "RequestId": "7"}}')


@dataclass(frozen=True)
class ReceivedRequest:
    action: str
    parameters: Mapping[str, Any]
    authorization: str | None


@dataclass
class CodingSource:
    """A team with projects and depots, changed by a test at any time.

    `fail` answers the next requests of an action wrongly, `always` all of them; `before` runs ahead of each answer
    and is told which it is, from 1. `uncounted` is how many depots more are counted than are given;
    `hidden_projects` are in no list. `git` has the bare
    repositories that are served, by their paths. `deviations`: what was asked or answered otherwise
    than the vendor's document says.
    """

    team: str = "harbour"
    team_host: str | None = None
    git_base: str | None = None
    authorizations: tuple[str, ...] = (f"token {TOKEN}",)
    bad_token_answer: Answer = field(default_factory=lambda: failure("AuthFailure", "token invalid"))
    numbers_as_strings: bool = False
    largest_page: int = 1000
    uncounted: int = 0
    counts_own_depots: bool = True
    hidden_projects: set[int] = field(default_factory=set)
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    depots: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    members: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    team_members: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, Answer] = field(default_factory=dict)
    requests_seen: list[ReceivedRequest] = field(default_factory=list)
    fetched: list[tuple[str, str | None]] = field(default_factory=list)
    always: dict[str, Answer] = field(default_factory=dict)
    before: dict[str, Callable[[int], None]] = field(default_factory=dict)
    git: dict[str, Path] = field(default_factory=dict)
    metadata: CodingMetadata = field(init=False)
    deviations: list[str] = field(default_factory=list)
    _faults: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.RLock = field(default_factory=threading.RLock)
    origin: str = ""

    def __post_init__(self) -> None:
        self.metadata = CodingMetadata(lambda: self.origin)

    @property
    def url(self) -> str:
        return f"{self.origin}/open-api"

    def project(self, name: str, **values: Any) -> dict[str, Any]:
        id_ = values.pop("Id", 1000 + len(self.projects))
        self.projects[id_] = {
            "Id": id_,
            "Name": name,
            "DisplayName": name,
            "Description": "",
            "Icon": "",
            "Status": 1,
            "Type": 2,
            "CreatedAt": 1619580482000,
            "UpdatedAt": 1619580482000,
            "TeamId": 1,
            "IsDemo": False,
            "Archived": False,
            **values,
        }
        self.metadata.project_names[id_] = name
        return self.projects[id_]

    def depot(self, project: Mapping[str, Any], name: str, **values: Any) -> dict[str, Any]:
        id_ = values.pop("Id", 5000 + len(self.depots))
        base = self.git_base or self.origin
        self.depots[id_] = {
            "Id": id_,
            "Name": name,
            "HttpsUrl": f"{base}/{self.team}/{project['Name']}/{name}.git",
            "SshUrl": f"git@e.coding.net:{self.team}/{project['Name']}/{name}.git",
            "WebUrl": f"{base}/p/{project['Name']}/d/{name}/git",
            "ProjectId": project["Id"],
            "ProjectName": project["Name"],
            "GroupId": project["Id"],
            "GroupName": project["Name"],
            "GroupType": "PROJECT_GROUP",
            "VcsType": "git",
            "RepoType": "git",
            "Description": "",
            "DefaultBranch": "main",
            "CreatedAt": 1630903803000,
            "LastPushAt": 0,
            "IsShared": False,
            **values,
        }
        for path in (f"{project['Name']}/{name}", f"{self.team}/{project['Name']}/{name}"):
            self.metadata.depot_paths[path] = id_
        return self.depots[id_]

    def fail(self, action: str, *answers: Answer) -> None:
        self._faults[action].extend(answers)

    def requested(self, action: str) -> list[Mapping[str, Any]]:
        return [requests_seen.parameters for requests_seen in self.requests_seen if requests_seen.action == action]

    def answer(self, action: str, parameters: Mapping[str, Any], authorization: str | None) -> Answer:
        with self._lock:
            self.requests_seen.append(ReceivedRequest(action, parameters, authorization))
            if action in self.before:
                self.before[action](len(self.requested(action)))
            if self._faults[action]:
                return self._faults[action].popleft()
            if authorization not in self.authorizations:
                return self.bad_token_answer
            return self.always.get(action) or self._right_answer(action, parameters)

    def picture(self, path: str, authorization: str | None) -> Answer:
        with self._lock:
            self.fetched.append((path, authorization))
            name = f"GET {urlsplit(path).path}"
            if name in self.before:
                self.before[name](sum(urlsplit(one).path == urlsplit(path).path for one, _ in self.fetched))
            if path.startswith("/cos/"):
                return Answer(*self.metadata.bytes_at(path))
            return self.pictures.get(path, Answer(status=404, body=b"no such picture"))

    def _right_answer(self, action: str, parameters: Mapping[str, Any]) -> Answer:
        answers = getattr(self, f"_answer_{action}", None) or self._answers_of_metadata(action)
        if answers is None:
            return failure("InvalidParameter", f"no such action: {action}")
        inner = {"RequestId": str(uuid.uuid4()), **answers(parameters)}
        inner = _quoted(inner) if self.numbers_as_strings else inner
        return Answer(body=json.dumps({"Response": inner}, ensure_ascii=False).encode())

    def _answers_of_metadata(self, action: str) -> Callable[[Mapping[str, Any]], dict[str, Any]] | None:
        """Held to the vendor's document on the way in and out."""
        answers = self.metadata.answers(action)
        if answers is None:
            return None

        def held(parameters: Mapping[str, Any]) -> dict[str, Any]:
            inner = answers(self.metadata, parameters)
            self.deviations += faults_of_request(action, parameters)
            self.deviations += [] if "Error" in inner else faults_of_answer(action, inner)
            return inner

        return held

    def _answer_DescribeCodingCurrentUser(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"User": {"Id": 9, "GlobalKey": "captain", "Name": "The Captain", "TeamId": 1, "Status": 1}}

    def _answer_DescribeTeam(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        host = f"https://{self.team}.coding.net" if self.team_host is None else self.team_host
        return {"Data": {"Id": 1, "Name": "The Harbour", "TeamHost": host, "IsVerification": True}}

    def _answer_DescribeTeamMembers(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Data": self._counted(self.team_members, parameters, "TeamMembers")}

    def _answer_DescribeProjectMembers(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        rows = self.members.get(int(parameters["ProjectId"]), [])
        return {"Data": self._counted(rows, parameters, "ProjectMembers")}

    def _answer_DescribeAllProjectLabels(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Labels": self.labels.get(int(parameters["ProjectId"]), [])}

    def _answer_DescribeCodingProjects(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Data": self._counted(self._listed_projects(), parameters, "ProjectList")}

    def _answer_DescribeUserProjects(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if int(parameters["UserId"]) != 9:
            return {"Error": {"Code": "InvalidParameterValue", "Message": "团队成员不存在"}}
        return {"ProjectList": self._listed_projects()}

    def _answer_DescribeOneProject(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        project = self.projects.get(int(parameters["ProjectId"]))
        if project is None:
            return {"Error": {"Code": "ResourceNotFound", "Message": "project_not_exists"}}
        return {"Project": project}

    def _answer_DescribeTeamDepotInfoList(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"DepotData": self._paged(self._in_lists(), parameters)}

    def _answer_DescribeProjectDepotInfoList(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        rows = [depot for depot in self._in_lists() if depot["ProjectId"] == int(parameters["ProjectId"])]
        return {"DepotData": self._paged(rows, parameters)}

    def _answer_DescribeMyDepots(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        payload = self._paged(self._in_lists(), parameters)
        return {"Payload": payload if self.counts_own_depots else {"Depots": payload["Depots"]}}

    def _answer_DescribeGitDepot(self, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        depot = self.depots.get(int(parameters["DepotId"]))
        if depot is None:
            return {"Error": {"Code": "ResourceNotFound", "Message": "depot_not_exists"}}
        return {"Depot": depot}

    def _listed_projects(self) -> list[dict[str, Any]]:
        return [project for id_, project in self.projects.items() if id_ not in self.hidden_projects]

    def _in_lists(self) -> list[dict[str, Any]]:
        return [{**depot, "DefaultBranch": ""} for depot in self.depots.values()]

    def _cut(self, rows: list[dict[str, Any]], parameters: Mapping[str, Any]) -> tuple[int, int, list[dict[str, Any]]]:
        number = int(parameters["PageNumber"])
        size = min(int(parameters["PageSize"]), self.largest_page)
        return number, size, rows[(number - 1) * size : number * size]

    def _counted(self, rows: list[dict[str, Any]], parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
        number, _, page = self._cut(rows, parameters)
        return {"PageNumber": number, "PageSize": len(page), "TotalCount": len(rows), name: page}

    def _paged(self, rows: list[dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
        number, size, page = self._cut(rows, parameters)
        total = len(rows) + self.uncounted
        return {
            "Depots": page,
            "Page": {"PageNumber": number, "PageSize": size, "TotalPage": -(-total // size), "TotalRow": total},
        }


def _quoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    source: CodingSource

    def do_POST(self) -> None:
        if self._repository is not None:
            self._send_git(
                uploaded(self._repository, self._names, self.rfile.read(int(self.headers["Content-Length"])))
            )
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        query = parse_qs(urlsplit(self.path).query)
        action = [*query.get("Action", []), *query.get("action", []), body.get("Action", "")][0]
        self._send(self.source.answer(action, body, self.headers["Authorization"]))

    def do_GET(self) -> None:
        if self._repository is not None:
            self._send_git(advertised(self._repository, self._names))
            return
        self._send(self.source.picture(self.path, self.headers["Authorization"]))

    @property
    def _repository(self) -> Path | None:
        """Whose git is asked, in a fetch."""
        path = urlsplit(self.path).path
        return next(
            (self.source.git[at] for at in self.source.git if path in (f"{at}/info/refs", f"{at}/git-upload-pack")),
            None,
        )

    @property
    def _names(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _send_git(self, answer: GitAnswer) -> None:
        self._send(Answer(body=answer.body, headers={"Content-Type": answer.content_type}))

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if answer.promised is None else answer.promised
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(answer.body)
        if length != len(answer.body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing: a test looks at `asked`."""


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def running_coding_source() -> Iterator[CodingSource]:
    source = CodingSource()
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
    assert source.deviations == []


@pytest.fixture
def coding_source() -> Iterator[CodingSource]:
    with running_coding_source() as source:
        yield source

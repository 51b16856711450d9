"""A Matou that is asked, and answers, as Gitee's API v5 would: what GitCode's v5 tells differently is put right.

GitCode's API is a descendant of Gitee's, and a Matou speaks the former. What truly differs between the two:

* `GET /user` has a number for an id at Gitee and 24 hexadecimal digits at GitCode; members of organizations alike.
* `/user/orgs` is `/users/orgs` at GitCode; enterprises have lists of their own at Gitee, and are organizations there.
* `affiliation` has the words `enterprise_member` and `admin` besides.
* Members are asked for by role; at GitCode each says its own. Those of an enterprise are within an object each.
* A namespace is `personal`, not `user`. Repositories have no `http_url_to_repo`, `visibility` and more.
* A repository of one's own can only be made private; an enterprise's says with `private` what others say with `public`.
* Failures are `message` or `error`, not `error_code` and `error_message`; a name that is taken is 422.
* Bodies are forms. (A Matou reads them and JSON alike.)

Every request is held to Gitee's Swagger before it goes on, and of every answer only what the Swagger has comes back.
git and LFS pass as they are. A Matou has no wikis: where one is asked for, the repository `NAME-wiki` stands for it.
"""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.accounts.namespaces import create_organization
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from support.deciding import create_repository, receive
from support.fault_proxy import FaultProxy, Toxic
from support.gitee_swagger import Operation, faults_of, fields_of, operation_of, parts_of
from support.matou_server import MatouServer
from support.program import Ended, Person
from support.recording_server import SeenRequest
from support.scripted_source import commit, lfs_pointer, refs_of

ONLY_GITEES = {"enterprise_member", "admin"}
TAKEN = re.compile(r"there already|is taken|already exist")

Row = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Answered", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


def in_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answered:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answered(status, body, {"Content-Type": "application/json", **(headers or {})})


class GatewayAnswer(Exception):
    """An answer that ends the matter."""

    def __init__(self, answered: Answered) -> None:
        super().__init__()
        self.answered = answered


@dataclass
class GiteeGateway(Toxic):
    """Translates what is asked of one Matou.

    Attributes:
        enterprises: the organizations that are enterprises.
        strange: the faults of requests that Gitee's Swagger does not describe; each was refused.
    """

    upstream: str
    enterprises: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)

    def instead(self, request: SeenRequest) -> bytes:
        if not request.path.startswith("/api/v5/"):
            return self._ask(request, request.target.replace(".wiki.git/", "-wiki.git/")).as_bytes()
        try:
            return self._answer(request).as_bytes()
        except GatewayAnswer as answered_with:
            return answered_with.answered.as_bytes()

    def _answer(self, request: SeenRequest) -> Answered:
        operation, faults = operation_of(request), faults_of(request)
        if operation is None or faults:
            self.strange += faults
            return in_json({"messages": faults}, 400)
        parts = parts_of(operation, request)
        self._require_kind(operation, parts)
        listed = self._listed(operation, request, parts)
        if listed is not None:
            return self._page(operation, request, listed)
        translated = _of_gitcode(operation, request)
        return self._one_of(operation, self._ask(translated, translated.target))

    def _require_kind(self, operation: Operation, parts: Mapping[str, str]) -> None:
        is_wrong = parts.get("org") in self.enterprises or parts.get("enterprise", "") not in {"", *self.enterprises}
        if is_wrong:
            raise GatewayAnswer(in_json({"message": "Not Found"}, 404))

    def _listed(self, operation: Operation, request: SeenRequest, parts: Mapping[str, str]) -> list[Row] | None:
        """The rows of a list that GitCode has in another form; None for all else."""
        read: Callable[[str], list[Row]] = lambda path: self._rows(request, path)  # noqa: E731 - said once
        if operation.path in ("/v5/user/orgs", "/v5/user/enterprises"):
            wants_enterprises = operation.path.endswith("enterprises")
            return [row for row in read("/users/orgs") if (row["path"] in self.enterprises) is wants_enterprises]
        if operation.path.endswith("/members"):
            return self._members(request, read(f"/orgs/{quote(next(iter(parts.values())))}/members"), parts)
        return None

    def _members(self, request: SeenRequest, rows: list[Row], parts: Mapping[str, str]) -> list[Row]:
        role = dict(parse_qsl(urlsplit(request.target).query))["role"]
        wanted = [row for row in rows if role in ("all", row["member_role"])]
        if "enterprise" in parts:
            return [{"role": row["member_role"], "active": True, "user": row} for row in wanted]
        return wanted

    def _rows(self, request: SeenRequest, path: str) -> list[Row]:
        answered = self._ask(request, f"/api/v5{path}?per_page=100")
        if answered.status != 200:
            raise GatewayAnswer(_failure(answered))
        rows: list[Row] = json.loads(answered.body)
        assert len(rows) < 100
        return rows

    def _page(self, operation: Operation, request: SeenRequest, rows: list[Row]) -> Answered:
        query = parse_qs(urlsplit(request.target).query)
        number, size = int(query["page"][0]), int(query["per_page"][0])
        shown = [self._gitees(operation.answer, row) for row in rows[(number - 1) * size : number * size]]
        return in_json(shown, 200, {"total_count": str(len(rows)), "total_page": str(-(-len(rows) // size))})

    def _one_of(self, operation: Operation, answered: Answered) -> Answered:
        if answered.status >= 400:
            return _failure(answered)
        value = json.loads(answered.body)
        is_list = isinstance(value, list)
        rows = [self._gitees(operation.answer, row) for row in (value if is_list else [value])]
        totals = {name: text for name, text in answered.headers.items() if name.startswith("total_")}
        return in_json(rows if is_list else rows[0], answered.status, totals)

    def _gitees(self, definition: str, row: Row) -> Row:
        """What Gitee's description has of it, and as Gitee says it."""
        kept = {name: value for name, value in row.items() if name in fields_of(definition)}
        if definition in ("UserDetail", "UserBasic"):
            kept["id"] = int(row["id"], 16)
        if definition == "EnterpriseMember":
            kept["user"] = self._gitees("UserBasic", row["user"])
        if definition == "Namespace":
            kept["type"] = self._type(row)
        if definition == "Project":
            kept["namespace"] = self._gitees("Namespace", row["namespace"])
        return kept

    def _type(self, namespace: Row) -> str:
        if namespace["path"] in self.enterprises:
            return "enterprise"
        return "personal" if namespace["type"] == "user" else "group"

    def _ask(self, request: SeenRequest, target: str) -> Answered:
        """Of the Matou, as under the address that the gateway has: links begin with it."""
        parts = urlsplit(self.upstream)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        kept = {name: value for name, value in request.headers.items() if name not in ("content-length", "connection")}
        try:
            connection.request(request.method, target, body=request.body, headers=kept)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            dropped = ("content-length", "transfer-encoding", "connection")
            return Answered(
                answer.status, answer.read(), {name: text for name, text in headers.items() if name not in dropped}
            )
        finally:
            connection.close()


def _of_gitcode(operation: Operation, request: SeenRequest) -> SeenRequest:
    """What GitCode is asked for the same."""
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if (operation.method, operation.path) == ("POST", "/v5/user/repos") and form.get("private") != "true":
        raise GatewayAnswer(in_json({"message": "个人创建仓库仅支持私有"}, 422))
    if (operation.method, operation.path) == ("POST", "/v5/enterprises/{enterprise}/repos"):
        form["public"] = form.pop("private")
    path, mark, query = request.target.replace("/api/v5/enterprises/", "/api/v5/orgs/", 1).partition("?")
    requests_seen = dict(parse_qsl(query))
    requests_seen.pop("direct", None)
    if "affiliation" in requests_seen:
        requests_seen["affiliation"] = ",".join(
            word for word in requests_seen["affiliation"].split(",") if word not in ONLY_GITEES
        )
    return replace(request, target=f"{path}{mark}{urlencode(requests_seen)}", body=urlencode(form).encode())


def _failure(answered: Answered) -> Answered:
    message = json.loads(answered.body)["error_message"]
    if answered.status == 401:
        return in_json({"message": "401 Unauthorized: Access token does not exist"}, 401)
    if TAKEN.search(message):
        return in_json({"error": {"base": ["已存在同地址仓库（忽略大小写）"]}}, 422)
    return in_json({"message": message}, answered.status)


@dataclass(frozen=True)
class Gitee:
    """A Gitee of tests: where it is reached, what it was asked, and what of that was strange to it."""

    proxy: FaultProxy
    gateway: GiteeGateway

    @property
    def url(self) -> str:
        return self.proxy.url

    @property
    def writes(self) -> list[str]:
        """Requests to the API that change something."""
        api = (request for request in self.proxy.requests if request.path.startswith("/api/v5/"))
        return [f"{request.method} {request.path}" for request in api if request.method != "GET"]


@contextmanager
def gitee_before(upstream: str) -> Iterator[Gitee]:
    proxy, gateway = FaultProxy(upstream), GiteeGateway(upstream)
    proxy.add(gateway, path=r"\A/api/v5/|\.wiki\.git/")
    try:
        yield Gitee(proxy, gateway)
    finally:
        proxy.close()


@dataclass(frozen=True)
class Port:
    """Somebody at a Gitee, with an organization and an enterprise; the names are new each time.

    Attributes:
        gitee: where they are reached; shared with others.
        person: who runs the program.
    """

    gitee: Gitee
    server: MatouServer
    person: Person
    owner: User
    organization: Namespace
    enterprise: Namespace

    @property
    def token(self) -> str:
        return self.server.token(self.owner).reveal()

    def back_up(self, archive: Path) -> dict[str, Any]:
        words = ("backup", "gitee", "--url", self.gitee.url, "--to", archive, "--json")
        return read_report(self.person.matou(*words, MATOU_GITEE_TOKEN=self.token))

    def migrate(self, archive: Path, namespace: str, *options: str | Path, code: int = 0) -> dict[str, Any]:
        words = ("migrate", archive, "--to", "gitee", "--url", self.gitee.url, "--namespace", namespace, "--json")
        return read_report(self.person.matou(*words, *options, code=code, MATOU_GITEE_TOKEN=self.token))

    def add(self, path: str, files: Mapping[str, str | bytes], **values: Any) -> Repository:
        """A repository with a commit on each of two branches, or an empty one where there are no files."""
        made = create_repository(self.server.forge, RepositoryPath.parse(path), creator=self.owner, **values)
        if files:
            commit(self.git_dir(made), "refs/heads/main", files)
            commit(self.git_dir(made), "refs/heads/dev", {"more": "of it"})
        return made

    def add_with_lfs(self, path: str, content: bytes) -> Repository:
        made = self.add(path, {"big.bin": lfs_pointer(content)})
        receive(self.server.forge, made, digest(content), len(content), io.BytesIO(content))
        return made

    def git_dir(self, repository: Repository) -> Path:
        return self.server.git_dir(repository)

    def repository(self, path: str) -> Repository:
        return find_repository(self.server.forge, RepositoryPath.parse(path))

    def refs(self, path: str) -> Mapping[str, str]:
        return refs_of(self.git_dir(self.repository(path)))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_report(ended: Ended) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(ended.out)
    return report


def port_of(gitee: Gitee, server: MatouServer, person: Person) -> Port:
    owner = server.user()
    organization, enterprise = (
        create_organization(server.forge, f"{kind}-of-{owner.name}", owner=owner) for kind in ("docks", "harbour")
    )
    gitee.gateway.enterprises.add(enterprise.name)
    return Port(gitee, server, person, owner, organization, enterprise)

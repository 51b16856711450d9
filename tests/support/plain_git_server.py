"""A git server that has only repositories: smart HTTP by `git upload-pack`, LFS, and a password if it has one."""

import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.git_over_http import advertised, uploaded
from support.lfs_server import LfsServer
from support.recording_server import RecordingServer, Reply, SeenRequest

ADVERTISEMENT, UPLOAD, BATCH, OBJECTS = "/info/refs", "/git-upload-pack", "/info/lfs/objects/batch", "/objects/"


@dataclass
class PlainGitServer:
    """`repositories` are bare ones by their path in the URL; `moved` are addresses that a path is redirected to."""

    server: RecordingServer
    lfs: LfsServer
    repositories: dict[str, Path] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    password: str = ""

    @property
    def url(self) -> str:
        return self.server.url

    def requests(self, ending: str) -> list[SeenRequest]:
        return [request for request in self.server.requests if request.path.endswith(ending)]

    def answer(self, request: SeenRequest) -> Reply:
        expected = f"Basic {base64.b64encode(self.password.encode()).decode()}"
        if self.password and request.headers.get("authorization") != expected:
            return Reply(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="git"'})
        if request.path.endswith(BATCH) or request.path.startswith(OBJECTS):
            return self.lfs.answer(request)
        ending = next((one for one in (ADVERTISEMENT, UPLOAD) if request.path.endswith(one)), "")
        path = request.path.removesuffix(ending)
        if path in self.moved:
            return Reply(301, b"", {"Location": f"{self.moved[path]}{request.target.removeprefix(path)}"})
        if not ending or path not in self.repositories:
            return Reply(404, b"no such repository")
        return self._git(self.repositories[path], request)

    def _git(self, repository: Path, request: SeenRequest) -> Reply:
        if request.method == "GET":
            answer = advertised(repository, request.headers)
        else:
            answer = uploaded(repository, request.headers, request.body)
        return Reply(200, answer.body, {"Content-Type": answer.content_type})


@contextmanager
def running_plain_git_server() -> Iterator[PlainGitServer]:
    with closing(RecordingServer()) as server:
        plain = PlainGitServer(server, LfsServer(server, {}))
        server.handler = plain.answer
        yield plain

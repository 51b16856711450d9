"""How long a real Gitea takes to import what was said from a Matou, beside the same import from answers out of memory.

Matou reads all back, which the other import does not: a second row has Gitea's own time for those lists beside it.
After an import Gitea indexes for long; nothing is measured before that has ended.

Skipped by name where there is no Gitea (`--gitea`, as for `pages`).
"""

import http.client
import json
import os
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from conversation import Saving
from gitea_backup import token_of
from gitea_server import USER, Gitea, running_gitea
from matou.cli.open_forge import existing_forge_at
from matou.model.names import RepositoryPath
from matou.server.import_server import serving_imports
from measuring import matou, run
from pages_beside import GITEA
from rows import Row
from said import busy_gitee
from support.gitea_server import free_port

ISSUES = 2_000
COMMENTS_EACH = 3
IDLE_SECONDS = 0.05
"""Of a processor, within a second: whoever takes no more has nothing to do."""
PARTS = ("issues", "pull_requests", "labels", "milestones", "releases", "wiki")


@dataclass
class Answers:
    """What a server answers, asked once and given from memory then; it goes by the name of `url`."""

    behind: str = ""
    known: dict[tuple[str, ...], tuple[int, list[tuple[str, str]], bytes]] = field(default_factory=dict)
    misses: int = 0

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        # Git asks first without saying who it is.
        told = [headers.get(name, "") for name in ("Authorization", "Git-Protocol")]
        key = (method, target, body.hex(), *told)
        if key not in self.known:
            self.misses += 1
            split = urlsplit(self.behind)
            connection = http.client.HTTPConnection(str(split.hostname), split.port)
            connection.request(method, target, body or None, dict(headers))
            answer = connection.getresponse()
            kept = [pair for pair in answer.getheaders() if pair[0].lower() not in _OF_A_CONNECTION]
            self.known[key] = answer.status, kept, answer.read()
            connection.close()
        return self.known[key]


_OF_A_CONNECTION = ("connection", "content-length", "date", "server", "transfer-encoding")


@contextmanager
def _from_memory(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _give(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = answers.answer(self.command, self.path, dict(self.headers.items()), body)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _give  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def bench_gitea_pull(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """2,000 issues with 6,000 comments."""
    program = os.environ.get(GITEA, "")
    if not program:
        print(f"import by a Gitea: left out, as {GITEA} names none")
        return
    folder.mkdir(parents=True)
    count = round(ISSUES * scale)
    with busy_gitee() as gitee:
        gitee.fill([COMMENTS_EACH] * count)
        Saving(gitee, folder / "archive").save("--only", "issues")
    [metadata] = (folder / "archive" / "metadata").glob("*/harbour/crane.git")
    path = str(metadata.relative_to(folder / "archive" / "metadata")).removesuffix(".git")
    with running_gitea(Path(program).resolve()) as gitea:
        token = token_of(gitea)
        theirs = list(_imported_from_memory(gitea, token, folder / "archive", path, rounds))
        ours = [_migrated(gitea, token, folder / "archive") for _ in range(rounds)]
    what = f"{count:,} issues and {COMMENTS_EACH * count:,} comments pulled by a Gitea"
    whole, imported, listed = map(statistics.median, (ours, *zip(*theirs, strict=True)))
    detail = f"{whole:.1f} s, proof and start included, to {imported:.1f} s"
    yield Row(f"{what}: to its import from memory", whole / imported, 1.2, "×", detail)
    detail = f"{whole:.1f} s to {imported:.1f} s and {listed:.1f} s"
    yield Row(f"{what}: to that and to reading its lists once", whole / (imported + listed), 1.2, "×", detail)


def _imported_from_memory(
    gitea: Gitea, token: str, archive: Path, path: str, rounds: int
) -> Iterator[tuple[float, float]]:
    """The seconds of each import, and of reading the lists of what came, one page after another."""
    answers, port = Answers(), free_port()
    place = RepositoryPath.parse(path)
    with (
        _from_memory(answers) as url,
        existing_forge_at(archive) as forge,
        serving_imports(forge, "127.0.0.1", port, public_url=url) as served,
    ):
        answers.behind = f"http://127.0.0.1:{port}"
        grant = served.grant([place], confidential=True)
        for number in range(rounds + 1):
            misses, began = answers.misses, time.monotonic()
            parts: dict[str, Any] = dict.fromkeys(PARTS, True)
            names = {"clone_addr": served.address_of(place), "repo_owner": USER, "repo_name": f"memory-{number}"}
            _post(gitea, token, "/repos/migrate", {"service": "github", "auth_token": grant.reveal(), **names, **parts})
            if number:
                assert answers.misses == misses, "not all came from memory"
                imported = time.monotonic() - began
                _read_lists(gitea, token, f"{USER}/memory-{number}")
                yield imported, time.monotonic() - began - imported
            _wait_until_idle(gitea.pid)


def _read_lists(gitea: Gitea, token: str, place: str) -> None:
    for path in ("issues?state=all&type=issues&", "issues/comments?"):
        rows: list[Any] = [None]
        page = 0
        while rows:
            page += 1
            url = f"{gitea.url}/api/v1/repos/{place}/{path}limit=50&page={page}"
            request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
            with urllib.request.urlopen(request) as answer:
                rows = json.loads(answer.read())


def _wait_until_idle(pid: int) -> None:
    used, before = _processor_seconds(pid), -1.0
    while used - before > IDLE_SECONDS:
        time.sleep(1)
        used, before = _processor_seconds(pid), used


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _migrated(gitea: Gitea, token: str, archive: Path) -> float:
    """Into a new organization each time."""
    name = f"team-{time.monotonic_ns()}"
    _post(gitea, token, "/orgs", {"username": name, "visibility": "private"})
    words = ("--to", "gitea", "--url", gitea.url, "--namespace", name, "--json")
    seconds = run(matou("migrate", archive, *words), {"MATOU_GITEA_TOKEN": token}).seconds
    _wait_until_idle(gitea.pid)
    return seconds


def _post(gitea: Gitea, token: str, path: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{gitea.url}/api/v1{path}", json.dumps(body).encode(), headers)
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error

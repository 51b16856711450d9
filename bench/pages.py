"""The pages about code, over a long history: how fast each is, cold and warm, and what a push does to the front one."""

import os
import random
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from history import make_history
from matou.forge.access import MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.sessions import start_session
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.repositories.creation import import_repository
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.server.web.sessions import SESSION_COOKIE
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command, high_water
from pages_beside import beside_gitea
from readers import Asker
from rows import Row
from sample import environment_for, place_for

COMMITS, FILES = 60_000, 2_000
ROOT_FILES = 17
IN_ONE_FOLDER = 2_000
BLAMED_LINES, BLAMED_COMMITS = 2_000, 500
FILES_OF_A_COMMIT = 100
MEMORY_BAR_MIB = 300
LARGEST_PAGE_KB = 100
ROUNDS = 15
FRONT = "/team/history"


@dataclass(frozen=True)
class Pages:
    """A running server with the history, which `plain` has too."""

    url: str
    authorization: str
    plain: Path
    git_url: str
    environment: dict[str, str]
    pid: int
    cookie: str

    def seconds(self, path: str) -> tuple[float, int]:
        """How long one answer takes on a connection that is open, and how long it is."""
        connection = HTTPConnection(urlsplit(self.url).netloc)
        connection.connect()
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": self.authorization})
        answer = connection.getresponse()
        content = answer.read()
        spent = time.perf_counter() - began
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return spent, len(content)


def bench_pages(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """A history of 60,000 commits and 2,000 files, 60 entries in the root; beside a Gitea where one is at hand."""
    with _served(folder, scale) as pages:
        yield from _front(pages)
        yield from _others(pages)
        yield from beside_gitea(pages.plain, Asker(pages.url, "", "", (f"Cookie: {pages.cookie}",)), FRONT, rounds)
        yield Row(
            "memory of the server", high_water(pages.pid) / 2**20, MEMORY_BAR_MIB, "MiB", "peak, of all the above"
        )


def _front(pages: Pages) -> Iterator[Row]:
    cold, _ = pages.seconds(FRONT)
    yield Row(
        "front page, never asked for before", cold * 1000, 400, "ms", "the bar is ours; what is not known is left out"
    )
    yield from _warm(pages, "front page", FRONT, 15, settle=True)
    after_pushes = []
    for number in range(5):
        _push(pages, number)
        after_pushes.append(pages.seconds(FRONT)[0] * 1000)
    yield Row("front page, the first after a push", statistics.median(after_pushes), 150, "ms", "of 5 pushes, median")


def _others(pages: Pages) -> Iterator[Row]:
    tip = _git(pages, "rev-parse", "main")
    wide = _git(pages, "log", "-1", "--format=%H", "main", "--", "wide/0.txt")
    old = _git(pages, "ls-tree", "-r", "--name-only", "main", "package39/").splitlines()[-1]
    places = (
        ("folder of 2,000 entries", f"{FRONT}/-/tree/main/many", 60, None),
        ("file page of 2,000 lines", f"{FRONT}/-/blob/main/blamed.py", 30, None),
        ("commit page of 100 files", f"{FRONT}/-/commit/{wide}", 60, None),
        ("blame of 2,000 lines and 500 commits", f"{FRONT}/-/blame/main/blamed.py", 10, 300),
        ("history of one file", f"{FRONT}/-/history/main/blamed.py", 50, 50),
        ("history of an old file", f"{FRONT}/-/history/main/{old}", 50, None),
        ("commits", f"{FRONT}/-/commits/{tip}", 30, None),
        ("branches", f"{FRONT}/-/branches", 30, None),
        ("tags", f"{FRONT}/-/tags", 30, None),
    )
    for name, path, bar, cold_bar in places:
        yield from _warm(pages, name, path, bar, cold_bar=cold_bar, settle=True)


def _warm(
    pages: Pages, name: str, path: str, bar: float, *, cold_bar: float | None = None, settle: bool = False
) -> Iterator[Row]:
    cold, _ = pages.seconds(path)
    if cold_bar is not None:
        yield Row(f"{name}, cold", cold * 1000, cold_bar, "ms", "once")
    if settle:
        time.sleep(3)
        pages.seconds(path)
    answers = [pages.seconds(path) for _ in range(ROUNDS)]
    kilobytes = max(size for _, size in answers) / 1000
    detail = f"median of {ROUNDS}; cold {cold * 1000:.0f} ms; {kilobytes:.0f} kB"
    yield Row(f"{name}, warm", statistics.median(spent for spent, _ in answers) * 1000, bar, "ms", detail)
    yield Row(f"{name}: its length", kilobytes, LARGEST_PAGE_KB, "kB", "without pictures")


@contextmanager
def _served(folder: Path, scale: float) -> Iterator[Pages]:
    folder.mkdir(parents=True)
    plain = make_history(folder / "history.git", commits=round(COMMITS * scale), files=FILES)
    _add_what_pages_show(plain, scale)
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        create_organization(forge, "team", owner=owner)
        path = RepositoryPath.parse("team/history")
        # Public, as the same one at a Gitea: crawlers have no account.
        place, seen_by = place_for(forge, path), Visibility.PUBLIC
        import_repository(forge, plain, place, path.name, visibility=seen_by, creator=owner, local=True)
        account = granted_to_operator(MayManageAccount, owner)
        token = create_token(forge, account, "bench").reveal()
        cookie = f"{SESSION_COOKIE}={start_session(forge, account, browser='bench').secret.reveal()}"
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            environment = os.environ | environment_for(token)
            yield Pages(url, f"Bearer {token}", plain, f"{url}/team/history.git", environment, server.pid, cookie)
        finally:
            server.terminate()


def _add_what_pages_show(plain: Path, scale: float) -> None:
    """Files in the root, a folder of many, a file that many commits wrote, a commit of many files, some branches."""
    chosen = random.Random(2)
    parts = [_stream(0, "Add files", {f"root{number}.txt": b"x\n" for number in range(ROOT_FILES)})]
    parts.append(
        _stream(1, "Add many", {f"many/{number:04d}.txt": b"%d\n" % number for number in range(IN_ONE_FOLDER)})
    )
    lines = [b"def function_%d(value: int) -> int:\n" % number for number in range(BLAMED_LINES)]
    for number in range(2, round(BLAMED_COMMITS * scale) + 2):
        for at in chosen.sample(range(BLAMED_LINES), 6):
            lines[at] = b"    return function_%d(value) + %d  # %x\n" % (at, number, chosen.getrandbits(32))
        parts.append(_stream(number, f"Change functions {number}", {"blamed.py": b"".join(lines)}))
    wide = {f"wide/{number}.txt": b"line\n" * 10 for number in range(FILES_OF_A_COMMIT)}
    parts.append(_stream(600, "Add wide", wide))
    changed = {name: content.replace(b"line\n", b"line %s\n" % name.encode(), 1) for name, content in wide.items()}
    parts.append(_stream(601, "Change wide", changed))
    parts.extend(f"reset refs/heads/branch{number}\nfrom :{number}\n\n".encode() for number in range(1, 30))
    subprocess.run(
        ["git", f"--git-dir={plain}", "fast-import", "--quiet", "--date-format=raw"], input=b"".join(parts), check=True
    )
    subprocess.run(["git", f"--git-dir={plain}", "repack", "-adbq", "--window=5"], check=True)
    subprocess.run(["git", f"--git-dir={plain}", "commit-graph", "write", "--reachable"], check=True)


def _stream(number: int, message: str, files: dict[str, bytes]) -> bytes:
    said = message.encode()
    parent = b"from refs/heads/main^0\n" if number == 0 else b""
    head = b"commit refs/heads/main\nmark :%d\n" % (number + 1)
    lines = [head, b"committer B <b@example.com> %d +0000\ndata %d\n%b\n" % (1_790_000_000 + number, len(said), said)]
    lines.append(parent)
    lines.extend(
        b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(text), text) for name, text in files.items()
    )
    return b"".join(lines)


def _push(pages: Pages, number: int) -> None:
    """One commit that changes one file, as somebody pushes it."""
    content = _git(pages, "hash-object", "-w", "--stdin", given=b"%d\n" % number)
    listed = _git(pages, "ls-tree", "-z", "main", given=b"").split("\0")
    rows = [row for row in listed if row and not row.endswith("\troot0.txt")] + [f"100644 blob {content}\troot0.txt"]
    tree = _git(pages, "mktree", "-z", given="\0".join(rows).encode() + b"\0")
    commit = _git(pages, "commit-tree", "-p", "main", "-m", f"Push {number}", tree)
    _git(pages, "update-ref", "refs/heads/main", commit)
    command = ["git", f"--git-dir={pages.plain}", "push", "--quiet", pages.git_url, "main"]
    subprocess.run(command, env=pages.environment, check=True)


def _git(pages: Pages, *arguments: str, given: bytes = b"") -> str:
    identity = [part for key in ("user.name=b", "user.email=b@example.com") for part in ("-c", key)]
    command = ["git", f"--git-dir={pages.plain}", *identity, *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout.decode().strip()

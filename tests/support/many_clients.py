"""Two hundred people at several servers, each of whom remembers what was acknowledged to them."""

import contextlib
import json
import random
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import urllib3

from support.git_repositories import ENVIRONMENT, init_bare

TEAM = "acme"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
GIT_SECONDS = 30
API_SECONDS = 15
PAUSE_SECONDS = (4.0, 12.0)


@dataclass
class Ledger:
    """What was acknowledged, when and by which machine, and what was answered that cannot be true."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    acknowledged: list[tuple[float, int]] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    races: list[tuple[str, str, str]] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)

    def acknowledge(self, machine: int) -> None:
        with self.lock:
            self.acknowledged.append((time.monotonic(), machine))

    def refuse(self, what: str) -> None:
        with self.lock:
            self.refusals[what] = self.refusals.get(what, 0) + 1

    def longest_silence(self, machine: int, begin: float, end: float) -> float:
        """The most seconds between two times for which a machine acknowledged nothing."""
        with self.lock:
            moments = sorted(moment for moment, by in self.acknowledged if by == machine and begin <= moment <= end)
        bounded = [begin, *moments, end]
        return max(after - before for before, after in pairwise(bounded))

    def next_after(self, machine: int, moment: float) -> float | None:
        with self.lock:
            later = [when for when, by in self.acknowledged if by == machine and when > moment]
        return min(later, default=None)


def git(repository: Path | None, *words: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    place = [] if repository is None else [f"--git-dir={repository}"]
    command = ["git", *place, *words]
    try:
        return subprocess.run(command, input=text, env=ENVIRONMENT, capture_output=True, text=True, timeout=GIT_SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 128, "", "no answer in time")


@dataclass
class Client(threading.Thread):
    """One person, with a branch of their own in a repository that others push to, too."""

    number: int
    repository: str
    servers: Sequence[str]
    token: str
    folder: Path
    ledger: Ledger
    stop: threading.Event
    acknowledged: str = ""
    pending: str = ""
    count: int = 0

    def __post_init__(self) -> None:
        super().__init__(name=f"client-{self.number}", daemon=True)
        self._random = random.Random(self.number)
        self._http = urllib3.PoolManager(retries=False, timeout=API_SECONDS)
        self._clone = init_bare(self.folder / f"client-{self.number}.git")

    def __hash__(self) -> int:
        return id(self)

    @property
    def branch(self) -> str:
        return f"refs/heads/client-{self.number}"

    def run(self) -> None:
        deeds: dict[Callable[[int], bool], int] = {
            self.push: 30,
            self.list_refs: 22,
            self.write: 10,
            self.race: 8,
            self.clone: 4,
            self.look: 14,
            self.ask: 12,
        }
        while not self.stop.wait(self._random.uniform(*PAUSE_SECONDS)):
            [deed] = self._random.choices(list(deeds), list(deeds.values()))
            self._at_any(deed)

    def _at_any(self, deed: Callable[[int], bool]) -> None:
        """At a machine of chance, and where that fails at another, as a balancer does."""
        order = self._random.sample(range(len(self.servers)), len(self.servers))
        for machine in order:
            if deed(machine):
                self.ledger.acknowledge(machine)
                return

    def url(self, machine: int) -> str:
        return f"{self.servers[machine].replace('://', f'://x:{self.token}@')}/{TEAM}/{self.repository}.git"

    def push(self, machine: int) -> bool:
        if not self.pending:
            self.count += 1
            self.pending = self._commit(self.acknowledged)
        ended = git(self._clone, "push", "--quiet", self.url(machine), f"{self.pending}:{self.branch}")
        if ended.returncode != 0:
            self.ledger.refuse(_last_line(ended.stderr))
            return False
        self.acknowledged, self.pending = self.pending, ""
        return True

    def _commit(self, parent: str) -> str:
        lines = [f"tree {EMPTY_TREE}", *([f"parent {parent}"] if parent else [])]
        who = f"A <a@example.com> {1_700_000_000 + self.count} +0000"
        text = "\n".join([*lines, f"author {who}", f"committer {who}", "", f"client {self.number} {self.count}", ""])
        if not self.acknowledged:
            git(self._clone, "hash-object", "-t", "tree", "-w", "--stdin")
        return git(self._clone, "hash-object", "-t", "commit", "-w", "--stdin", text=text).stdout.strip()

    def list_refs(self, machine: int) -> bool:
        """What was acknowledged by one machine is there at every other."""
        known = {self.acknowledged, self.pending} - {""}
        ended = git(None, "ls-remote", "--quiet", self.url(machine), self.branch)
        if ended.returncode != 0:
            self.ledger.refuse(_last_line(ended.stderr))
            return False
        found = ended.stdout.split("\t")[0].strip()
        if self.acknowledged and found not in known:
            self.ledger.untrue.append(f"machine {machine}: {self.branch} is {found or 'nowhere'}, not {known}")
        return True

    def race(self, machine: int) -> bool:
        """Of two who saw the same old value, at most one moves the ref."""
        ended = git(None, "ls-remote", "--quiet", self.url(machine), "refs/heads/raced")
        if ended.returncode != 0:
            return False
        old = ended.stdout.split("\t")[0].strip()
        self.count += 1
        new = self._commit("")
        lease = f"--force-with-lease=refs/heads/raced:{old}"
        pushed = git(self._clone, "push", "--quiet", lease, self.url(machine), f"{new}:refs/heads/raced")
        if pushed.returncode != 0:
            return "stale info" in pushed.stderr or "rejected" in pushed.stderr
        with self.ledger.lock:
            self.ledger.races.append((self.repository, old, new))
        return True

    def clone(self, machine: int) -> bool:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            ended = git(None, "clone", "--quiet", "--mirror", self.url(machine), f"{folder}/clone.git")
            if ended.returncode != 0:
                self.ledger.refuse(_last_line(ended.stderr))
                return False
            checked = git(Path(folder) / "clone.git", "fsck", "--full", "--no-dangling")
            if checked.returncode != 0:
                self.ledger.untrue.append(f"machine {machine}: a clone of {self.repository}: {checked.stderr}")
        return True

    def write(self, machine: int) -> bool:
        self.count += 1
        path = f"notes/{self.number}-{self.count}"
        body = {"content": b64encode(b"text").decode(), "message": "write", "branch": "main"}
        status, _ = self._request("POST", machine, f"/api/v5/repos/{TEAM}/{self.repository}/contents/{path}", body)
        if status not in (200, 201):
            self.ledger.refuse(f"write {status}")
            return status == 409
        with self.ledger.lock:
            self.ledger.written.append((self.repository, path))
        return True

    def ask(self, machine: int) -> bool:
        return self._request("GET", machine, f"/api/v5/repos/{TEAM}/{self.repository}/branches/main")[0] == 200

    def look(self, machine: int) -> bool:
        return self._request("GET", machine, f"/{TEAM}/{self.repository}")[0] == 200

    def _request(self, method: str, machine: int, path: str, body: object = None) -> tuple[int, bytes]:
        headers = {"PRIVATE-TOKEN": self.token, "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            answer = self._http.request(method, self.servers[machine] + path, headers=headers, body=content)
            return answer.status, answer.data
        return 0, b""


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else "nothing was said")[:120]

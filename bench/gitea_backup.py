"""An account at a real Gitea, saved by Matou and by what asks as python-github-backup does, and its code by git alone.

Skipped by name where there is no Gitea (`--gitea`, as for `pages`).
"""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

from gitea_server import PASSWORD, USER, Gitea, running_gitea
from measuring import Command, Measured, matou, run
from pages_beside import GITEA
from rows import Row

REPOSITORIES = 300
ISSUES_EACH = 20
COMMENTED = 4
"""One issue in so many has a comment."""

WRITERS = 8
AT_A_TIME = 25

ASKER = """
import base64, http.client, json, pathlib, subprocess, sys
host, port, user, password, to = sys.argv[1:]
headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
connection = http.client.HTTPConnection(host, int(port))

def get(path):
    rows, page = [], 1
    while True:
        mark = "&" if "?" in path else "?"
        connection.request("GET", f"/api/v1{path}{mark}limit=50&page={page}", headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            return rows
        some = json.loads(text)
        rows += some
        if len(some) < 50:
            return rows
        page += 1

root = pathlib.Path(to)
for repository in get("/user/repos"):
    name = repository["full_name"]
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    for state in ("open", "closed"):
        for issue in get(f"/repos/{name}/issues?type=issues&state={state}"):
            issue["comment_data"] = get(f"/repos/{name}/issues/{issue['number']}/comments")
            (folder / f"{issue['number']}.json").write_text(json.dumps(issue))
    for kind in ("pulls?state=all", "milestones?state=all", "labels", "releases", "hooks"):
        (folder / f"{kind.partition('?')[0]}.json").write_text(json.dumps(get(f"/repos/{name}/{kind}")))
    url = repository["clone_url"].replace("//", f"//{user}:{password}@")
    mirror = root / f"{name}.git"
    again = ["git", "-C", mirror, "remote", "update", "--prune"]
    command = again if mirror.exists() else ["git", "clone", "--mirror", url, mirror]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
"""One thing after another, over one connection, as a program of that kind does at its best."""


@dataclass(frozen=True)
class Account:
    """Filled with what is to be saved."""

    gitea: Gitea
    token: str
    folder: Path

    def save(self, archive: Path, *options: str) -> Measured:
        words: Command = ["--url", self.gitea.url, "--to", archive, "--json", *options]
        return run(matou("backup", "gitea", *words), {"MATOU_GITEA_TOKEN": self.token})

    def ask(self, to: Path) -> Measured:
        split = urlsplit(self.gitea.url)
        where = (str(split.hostname), str(split.port), USER, PASSWORD)
        return run([sys.executable, "-c", ASKER, *where, to], {"GIT_TERMINAL_PROMPT": "0"})

    def clone(self, to: Path) -> Measured:
        """The code alone."""
        urls = self.folder / "urls"
        script = 'xargs -n2 -P "$1" git clone -q --mirror <"$2"'
        url = self.gitea.url.replace("//", f"//{USER}:{PASSWORD}@")
        names = self.names
        urls.write_text("".join(f"{url}/{USER}/{name}.git {to / name}\n" for name in names), encoding="utf-8")
        to.mkdir()
        return run(["sh", "-ec", script, "clone", str(AT_A_TIME), urls], {"GIT_TERMINAL_PROMPT": "0"})

    @property
    def names(self) -> list[str]:
        return sorted(path.name.removesuffix(".git") for path in self.repositories.iterdir() if path.suffix == ".git")

    @property
    def repositories(self) -> Path:
        return self.folder / "names"


def bench_gitea_backup(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """300 repositories of 20 issues: first, and with nothing changed."""
    program = os.environ.get(GITEA, "")
    if not program:
        print(f"backup of a Gitea: left out, as {GITEA} names none")
        return
    folder.mkdir(parents=True)
    count = round(REPOSITORIES * scale)
    with running_gitea(Path(program).resolve()) as gitea:
        account = Account(gitea, token_of(gitea), folder)
        fill(account, count)
        yield from _compare(account, f"{count} repositories of a Gitea × {ISSUES_EACH} issues", rounds)


def _compare(account: Account, what: str, rounds: int) -> Iterator[Row]:
    ours, theirs, code = (account.folder / name for name in ("ours", "theirs", "code"))
    first, peer = account.save(ours), account.ask(theirs)
    alone, cloned = account.save(code, "--code-only"), account.clone(account.folder / "cloned")
    again = [account.save(ours).seconds for _ in range(rounds)]
    peer_again = account.ask(theirs)
    unchanged = sorted(again)[len(again) // 2]
    yield _ratio(f"first backup, {what}: to one request after the other", first.seconds, peer.seconds, 0.5)
    yield _ratio(f"nothing changed, {what}: to all of it again", unchanged, peer_again.seconds, 0.05)
    clone = f"git clone --mirror, {AT_A_TIME} at a time"
    yield _ratio(f"first backup, {what}, code alone: to {clone}", alone.seconds, cloned.seconds, 1)
    yield _ratio(f"nothing changed, {what}: to git clone --mirror of the code alone", unchanged, cloned.seconds, 0.5)


def _ratio(what: str, ours: float, theirs: float, bar: float) -> Row:
    return Row(what, ours / theirs, bar, "×", f"{ours:.2f} s to {theirs:.2f} s")


def fill(account: Account, count: int) -> None:
    """Some writers at a time: Gitea keeps one file of the database."""
    account.repositories.mkdir()
    thread = local()

    def post(path: str, body: dict[str, Any]) -> None:
        connection = getattr(thread, "connection", None)
        if connection is None:
            split = urlsplit(account.gitea.url)
            connection = thread.connection = http.client.HTTPConnection(str(split.hostname), split.port)
        headers = {"Authorization": f"token {account.token}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, (path, answer.status, text)

    def make(number: int) -> None:
        name = f"repository-{number}"
        post("/user/repos", {"name": name, "auto_init": True, "default_branch": "main", "private": True})
        for issue in range(1, ISSUES_EACH + 1):
            post(f"/repos/{USER}/{name}/issues", {"title": f"问题 {issue}", "body": f"第 {issue} 个问题\n" * 20})
            if issue % COMMENTED == 0:
                post(f"/repos/{USER}/{name}/issues/{issue}/comments", {"body": "同意"})
        (account.repositories / f"{name}.git").mkdir()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(make, range(count)))
    _age(account.gitea)


def _age(gitea: Gitea) -> None:
    """All of it was a day ago: a run asks for what changed since shortly before the last one."""
    with closing(sqlite3.connect(gitea.folder / "gitea.db", timeout=60)) as database:
        for table in ("issue", "comment", "repository"):
            database.execute(f"UPDATE {table} SET updated_unix = updated_unix - 86400")
        database.commit()


def token_of(gitea: Gitea) -> str:
    """Of whoever administers it."""
    command = ["curl", "-sS", "--fail", "-u", f"{USER}:{PASSWORD}", "-H", "Content-Type: application/json", "-d"]
    body = json.dumps({"name": "bench", "scopes": ["all"]})
    made = subprocess.run([*command, body, f"{gitea.url}/api/v1/users/{USER}/tokens"], check=True, capture_output=True)
    return str(json.loads(made.stdout)["sha1"])

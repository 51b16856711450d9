"""What people said, beside python-github-backup: the same items at a GitHub for it, and at a Gitee for Matou.

It speaks HTTPS alone, to GitHub or to a host that has GitHub's API below `/api/v3` (`--github-host`), and asks for the
comments of each issue by itself. It is installed for this run, from the package index, into a folder of its own.
"""

import os
import ssl
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from conversation import COMMENTS_OF_SOME, Saving, comment_counts
from measuring import Command, Measured, run
from rows import Row
from said import LATER, PLACE, BusyGitee, LongList, busy_gitee
from support.certificates import Certificate, make_certificate
from support.gitee_conversation import Row as ApiRow
from support.v5_account import Answer, answer, serving_account

RELEASE = "github-backup==0.65.1"
ISSUES = 20_000
OWNER, NAME = PLACE.split("/")
API = "/api/v3"
REPOSITORY = f"{API}/repos/{PLACE}"


@dataclass
class BusyGitHub:
    """What a `BusyGitee` has, as GitHub's API v3 tells it: issues by number, the comments of each by themselves."""

    gitee: BusyGitee
    origin: str = ""
    requests: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = {number: place for place, number in enumerate(self.gitee.numbers, start=1)}

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - anybody may read it
        self.requests += 1
        split = urlsplit(target)
        path, query = split.path, dict(parse_qsl(split.query))
        if path == f"{API}/user":
            return answer({"login": "captain", "id": 1, "type": "User"})
        if path == REPOSITORY:
            return answer(self._repository)
        if path == f"{REPOSITORY}/issues":
            return self._page(path, self._issues[query["state"]].since(query.get("since")), query)
        number = path.removeprefix(f"{REPOSITORY}/issues/").removesuffix("/comments")
        if path == f"{REPOSITORY}/issues/{number}/comments":
            return self._page(path, self._comments[int(number)], query)
        return Answer(404, b"{}")

    def _page(self, path: str, rows: list[ApiRow], query: dict[str, str]) -> Answer:
        number, size = int(query.get("page", 1)), int(query["per_page"])
        following = urlencode({**query, "page": number + 1})
        link = {"Link": f'<{self.origin}{path}?{following}>; rel="next"'} if number * size < len(rows) else {}
        # Without this it takes each answer for the last that it may ask for.
        limits = {"X-RateLimit-Remaining": "5000"}
        return answer(rows[(number - 1) * size : number * size], headers=limits | link)

    @cached_property
    def _repository(self) -> ApiRow:
        place = {"id": 1, "name": NAME, "full_name": PLACE, "owner": {"login": OWNER}, "private": False, "fork": False}
        urls = {"clone_url": f"{self.origin}/{PLACE}.git", "ssh_url": f"git@localhost:{PLACE}.git", "has_wiki": False}
        moment = LATER.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**place, **urls, "updated_at": moment, "pushed_at": moment}

    @cached_property
    def _issues(self) -> Mapping[str, LongList]:
        rows = [self._issue(row) for row in self.gitee.long["issues"].rows]
        return {state: LongList([row for row in rows if row["state"] == state]) for state in ("open", "closed")}

    @cached_property
    def _comments(self) -> Mapping[int, list[ApiRow]]:
        comments: dict[int, list[ApiRow]] = defaultdict(list)
        for row in self.gitee.long["issues/comments"].rows:
            comments[self._numbers[row["target"]["issue"]["number"]]].append(self._comment(row))
        return comments

    def _issue(self, row: ApiRow) -> ApiRow:
        number = self._numbers[row["number"]]
        url = f"{self.origin}{REPOSITORY}/issues/{number}"
        same = {key: row[key] for key in ("id", "title", "body", "state", "comments", "created_at", "updated_at")}
        return {
            **same,
            "number": number,
            "url": url,
            "comments_url": f"{url}/comments",
            "html_url": f"{self.origin}/{PLACE}/issues/{number}",
            "user": _person(row["user"]),
            "assignees": [_person(row["assignee"])],
            "labels": [],
            "milestone": None,
            "locked": False,
            "closed_at": row["finished_at"],
        }

    def _comment(self, row: ApiRow) -> ApiRow:
        same = {key: row[key] for key in ("id", "body", "created_at", "updated_at")}
        return {**same, "user": _person(row["user"]), "url": f"{self.origin}{REPOSITORY}/issues/comments/{row['id']}"}


@dataclass(frozen=True)
class Peer:
    """python-github-backup, and where it saves to."""

    program: Path
    certificate: Certificate
    to: Path

    def save(self, github: BusyGitHub, *options: str) -> Measured:
        host = github.origin.removeprefix("https://")
        command: Command = [self.program, OWNER, "--repository", NAME, "--github-host", host, "--token", "token"]
        what: Command = ["--issues", "--issue-comments", "--output-directory", self.to, "--log-level", "warning"]
        return run([*command, *what, *options], {"SSL_CERT_FILE": str(self.certificate.certificate)})


def bench_github_backup(folder: Path, scale: float, _rounds: int) -> Iterator[Row]:
    """First, and with nothing changed: all of it again, as it does unless told otherwise, and by `--incremental`."""
    folder.mkdir(parents=True)
    counts = comment_counts(round(ISSUES * scale))
    what = f"{len(counts):,} issues"
    with busy_gitee() as gitee:
        gitee.fill(counts)
        saving = Saving(gitee, folder / "archive")
        ours, again = (saving.save("--only", "issues") for _ in range(2))
        with _serving_github(folder, BusyGitHub(gitee)) as (github, peer):
            theirs = peer.save(github, "--incremental")
            _require_all(peer.to, len(counts))
            requests = github.requests
            every, changed = peer.save(github), peer.save(github, "--incremental")
        yield _ratio(f"first backup, {what}: to github-backup", ours, theirs, 1 / 3, f"{requests:,} requests of it")
        yield _ratio(f"nothing changed, {what}: to github-backup", again, every, 1 / 10, "all again, its default")
        yield _ratio(f"nothing changed, {what}: to github-backup --incremental", again, changed, 1, "the bar is ours")


def _ratio(what: str, ours: Measured, theirs: Measured, bar: float, detail: str) -> Row:
    seconds = f"{ours.seconds:.2f} s to {theirs.seconds:.2f} s"
    return Row(what, ours.seconds / theirs.seconds, bar, "×", f"{seconds}; {detail}")


def _require_all(saved: Path, issues: int) -> None:
    files = list(saved.glob(f"repositories/{NAME}/issues/*.json"))
    assert len(files) == issues, f"it saved {len(files)} of {issues}"
    long = max(files, key=lambda path: path.stat().st_size).read_text(encoding="utf-8")
    assert long.count('"created_at"') > COMMENTS_OF_SOME, "it saved no comments"


@contextmanager
def _serving_github(folder: Path, github: BusyGitHub) -> Iterator[tuple[BusyGitHub, Peer]]:
    certificate = make_certificate(folder, "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    peer = Peer(_install(folder / "peer"), certificate, folder / "theirs")
    with serving_account(github, context):
        yield github, peer


def _install(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip: Command = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", RELEASE]
    subprocess.run(pip, check=True, env=os.environ)
    return folder / "bin" / "github-backup"


def _person(row: ApiRow) -> ApiRow:
    return {key: row[key] for key in ("id", "login", "avatar_url", "html_url", "type")}

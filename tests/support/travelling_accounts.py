"""An account at each of three platforms with real commits behind what people said, for whoever leaves it with all."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from support import gitee_source, github_source
from support.coding_source import TOKEN
from support.coding_team import coding_team
from support.commits import commit_in, git_in
from support.conversation_story import BASE, HEAD, IDS, LI, PICTURE, Story
from support.fault_proxy import FaultProxy, Status, Toxic
from support.git_over_http import advertised, uploaded
from support.gitee_conversation import running_gitee_conversation
from support.github_conversation import running_github_conversation
from support.program import Person
from support.recording_server import SeenRequest
from support.v5_account import Answer

PATH = "harbour/crane"
SAVED, WORKS = f"captain/{PATH}", "captain/dock-works"
FETCHED = r"\A/harbour/crane\.git/(?:info/refs\Z|info/refs\?|git-upload-pack\Z)"


@dataclass(frozen=True)
class TravellingAccount:
    """Somebody's, who saves it with the program.

    Attributes:
        halves: what has said things, as the archive calls it, and the name of the repository that a target has of it.
        projects: which of the former have no repository.
        known: one whom `people.toml` names.
    """

    platform: str
    url: str
    token: str
    halves: tuple[tuple[str, str], ...]
    projects: frozenset[str]
    known: str

    def back_up(self, person: Person, archive: Path) -> None:
        words = ("backup", self.platform, "--url", self.url, "--to", archive)
        person.matou(*words, code=0, **{f"MATOU_{self.platform.upper()}_TOKEN": self.token})


@dataclass(frozen=True)
class FetchedRepository(Toxic):
    """Answers git's fetches of one repository."""

    repository: Path

    def instead(self, request: SeenRequest) -> bytes | None:
        if request.method == "GET":
            given = advertised(self.repository, request.headers)
        else:
            given = uploaded(self.repository, request.headers, request.body)
        return Status(200, {"Content-Type": given.content_type}, given.body).instead(request)


@contextmanager
def travelling_coding(folder: Path) -> Iterator[TravellingAccount]:
    with coding_team(folder) as team:
        project = "harbour/boats"
        halves = ((project, "boats-issues"), (f"{project}/ferry", "ferry"))
        yield TravellingAccount("coding", team.source.url, TOKEN, halves, frozenset({project}), "coding:2")


@contextmanager
def travelling_gitee(folder: Path) -> Iterator[TravellingAccount]:
    """With an enterprise that has an issue of its own."""
    with running_gitee_conversation() as account, _before(account, folder) as url:
        account.tell(PATH, Story(f"{url}/images/吊车.png"))
        account.pictures["/images/吊车.png"] = Answer(200, PICTURE, {"Content-Type": "image/png"})
        _with_commits(account.talks[PATH], folder)
        halves, known = ((SAVED, "crane"), (WORKS, "dock-works-issues")), f"gitee:{IDS[LI]}"
        yield TravellingAccount("gitee", url, gitee_source.TOKEN, halves, frozenset({WORKS}), known)


@contextmanager
def travelling_github(folder: Path) -> Iterator[TravellingAccount]:
    with running_github_conversation() as account, _before(account, folder) as url:
        account.tell(PATH, Story(f"{url}/{PATH}/assets/7/吊车.png"))
        _with_commits(account.talks[PATH], folder)
        api, known = f"{url}{github_source.API}", f"github:{IDS[LI]}"
        yield TravellingAccount("github", api, github_source.TOKEN, ((SAVED, "crane"),), frozenset(), known)


Travel = Callable[[Path], AbstractContextManager[TravellingAccount]]

TRAVELS: dict[str, Travel] = {"coding": travelling_coding, "gitee": travelling_gitee, "github": travelling_github}


@contextmanager
def _before(account: Any, folder: Path) -> Iterator[str]:
    """The address of a server that has the account and its code; all that it tells from now on leads there."""
    with closing(FaultProxy(account.origin)) as proxy:
        account.origin = proxy.url
        proxy.add(FetchedRepository(_repository(folder)), path=FETCHED)
        for row in account.repositories.values():
            row.update(account._of_repository(row["namespace"], row["full_name"]), has_wiki=False)
        yield proxy.url


def _repository(folder: Path) -> Path:
    """`master` has what was merged of request 3; request 4 is of the branch `rewrite`."""
    repository = folder / "crane.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "master", str(repository)], check=True)

    def commit(branch: str, lines: int, at: int) -> str:
        text = "".join(f"{number}\n" for number in range(1, lines)).encode()
        return commit_in(repository, {"src/吊车.c": text}, "吊车", at=at, branch=branch)

    base = commit("master", 20, 1_670_000_000)
    git_in(repository, "branch", "fix", base)
    head = commit("fix", 24, 1_670_000_100)
    git_in(repository, "branch", "rewrite", base)
    commit("rewrite", 30, 1_670_000_200)
    git_in(repository, "update-ref", "refs/heads/master", head)
    git_in(repository, "branch", "-D", "fix")
    git_in(repository, "update-ref", "refs/pull/3/head", head)
    git_in(repository, "update-ref", "refs/pull/4/head", "refs/heads/rewrite")
    for tag in ("v1.0", "release/2.0"):
        git_in(repository, "tag", tag, "master")
    return repository


def _with_commits(talk: Any, folder: Path) -> None:
    """The commits that the story names are the repository's."""
    repository = folder / "crane.git"
    head, base, rewrite = (git_in(repository, "rev-parse", name).strip() for name in ("master", "master^", "rewrite"))
    for field in fields(talk):
        text = json.dumps(getattr(talk, field.name))
        for was, now in ((HEAD, head), (HEAD[::-1], head), (BASE, base)):
            text = text.replace(was, now)
        rows = json.loads(text)
        numbered = isinstance(rows, dict) and all(key.isdigit() for key in rows)
        setattr(talk, field.name, {int(key): row for key, row in rows.items()} if numbered else rows)
    for pull in talk.pulls:
        if pull["number"] == 4:
            pull["head"]["sha"] = rewrite

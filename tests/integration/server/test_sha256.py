"""A repository whose objects are named by SHA-256: git clones it and pushes to it, and all others are told so."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pygit2
import pytest

from matou.db.repositories import Repository
from matou.model.names import RepositoryPath
from support.deciding import import_repository
from support.git_repositories import ENVIRONMENT, git, make_repository, refs_of
from support.matou_server import MatouServer

VERSIONS = pytest.mark.parametrize("version", ["0", "1", "2"])
NOT_SUPPORTED = "fatal: the receiving end does not support this repository's hash algorithm"


@dataclass(frozen=True)
class Hosted:
    """One that was brought in from a folder, and that folder."""

    server: MatouServer
    repository: Repository
    origin: Path

    def ask(self, method: str, path: str, **body: str) -> httpx.Response:
        url = f"{self.server.url}/api/v5/repos/{self.repository.path}{path}"
        return httpx.request(method, url, headers={"PRIVATE-TOKEN": self.server.token().reveal()}, json=body or None)

    @property
    def url(self) -> str:
        return self.server.clone_url(self.repository, self.server.credential())


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "origin.git", commits=3, object_format="sha256")


@pytest.fixture
def hosted(matou_server: MatouServer, origin: Path) -> Hosted:
    path = RepositoryPath(matou_server.team().path, "long")
    made = import_repository(matou_server.forge, origin, path, creator=matou_server.owner, local=True)
    return Hosted(matou_server, made, origin)


def push(source: Path, url: str, version: str, refs: str = "main") -> "subprocess.CompletedProcess[str]":
    words = ["git", f"--git-dir={source}", "-c", f"protocol.version={version}", "push", url, refs]
    return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)


@VERSIONS
def test_an_empty_repository_does_not_take_it(matou_server: MatouServer, origin: Path, version: str) -> None:
    """git 2.39 says no more than "unexpected capabilities^{}". Under another name the capabilities of an empty
    repository would be a fault to go-git and its kin, which want that one to the letter.
    """
    empty = matou_server.repository()

    refused = push(origin, matou_server.clone_url(empty, matou_server.credential()), version)

    assert refused.returncode != 0
    assert refs_of(matou_server.git_dir(empty)) == {}


def test_who_pushes_it_into_one_with_history_reads_why_it_is_not_taken(
    matou_server: MatouServer, origin: Path, tmp_path: Path
) -> None:
    repository, other = matou_server.repository(), make_repository(tmp_path / "other.git")
    url = matou_server.clone_url(repository, matou_server.credential())
    git(other, "push", "--quiet", url, "main")

    assert NOT_SUPPORTED in push(origin, url, "2", "main:long").stderr


@VERSIONS
def test_an_empty_repository_takes_what_git_pushes(matou_server: MatouServer, tmp_path: Path, version: str) -> None:
    repository, other = matou_server.repository(), make_repository(tmp_path / "other.git")

    pushed = push(other, matou_server.clone_url(repository, matou_server.credential()), version)

    assert pushed.returncode == 0
    assert refs_of(matou_server.git_dir(repository)) == refs_of(other)


def test_an_empty_repository_takes_what_libgit2_pushes(matou_server: MatouServer, tmp_path: Path) -> None:
    repository, other = matou_server.repository(), make_repository(tmp_path / "other.git")
    url = matou_server.clone_url(repository, matou_server.credential())

    pygit2.Repository(str(other)).remotes.create_anonymous(url).push(["refs/heads/main:refs/heads/main"])

    assert refs_of(matou_server.git_dir(repository)) == refs_of(other)


def test_git_clones_one_that_is_here_and_pushes_to_it(hosted: Hosted, tmp_path: Path) -> None:
    git(None, "clone", "--quiet", "--mirror", hosted.url, tmp_path / "clone.git")
    pushed = push(hosted.origin, hosted.url, "2", "main:more")

    assert refs_of(tmp_path / "clone.git") == refs_of(hosted.origin)
    assert pushed.returncode == 0
    git(hosted.server.git_dir(hosted.repository), "fsck", "--full", "--strict")


@pytest.mark.parametrize(
    "path",
    [
        *("/branches", "/branches/main", "/tags", "/commits", "/contents", "/git/trees/main", "/raw/f0", "/languages"),
        *("/archive/main.zip", "/contributors", "/contributors/statistic"),
    ],
)
def test_the_api_says_that_git_alone_shows_what_is_in_it(hosted: Hosted, path: str) -> None:
    answer = hosted.ask("GET", path)

    assert answer.status_code == 400
    assert "SHA-256" in answer.json()["error_message"]


def test_the_api_shows_and_keeps_what_is_not_in_it(hosted: Hosted) -> None:
    push(hosted.origin, hosted.url, "2", "main:more")

    shown, events = hosted.ask("GET", ""), hosted.ask("GET", "/events")
    written = hosted.ask("POST", "/contents/new", content="eA==", message="m")
    deleted = hosted.ask("DELETE", "/branches/more")

    assert [answer.status_code for answer in (shown, events, written, deleted)] == [200, 200, 400, 204]
    assert "SHA-256" in written.json()["error_message"]

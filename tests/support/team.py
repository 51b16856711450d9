"""A person with the installed program, and a team of theirs on a server, made by commands alone."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.program import Person, serving


@dataclass(frozen=True)
class Team:
    """A team on a running server: `shop` has history, `empty` has none."""

    person: Person
    url: str
    token: str
    root: Path

    @property
    def api(self) -> str:
        return f"{self.url}/open-api"

    def git_url(self, name: str) -> str:
        return f"{self.url}/acme/web/{name}.git"


def make_history(folder: Path, *, commits: int = 5) -> Path:
    stream = b"".join(
        b"commit refs/heads/main\ncommitter A <a@example.com> %d +0800\ndata 3\nc%d\n\n"
        b"M 100644 inline f%d\ndata 3\nx%d\n\n" % (1_700_000_000 + n, n, n, n)
        for n in range(commits)
    )
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream, check=True)
    return folder


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return make_person(tmp_path / "home")


def make_person(home: Path) -> Person:
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
    return Person(home)


@pytest.fixture(scope="session")
def made_team(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A server's archive, made once by commands, and a token for it; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("team")
    person, root = make_person(folder / "home"), folder / "server"
    person.matou("user", "add", "li", "--admin", "--root", root, "--password-stdin", stdin="correct horse battery\n")
    token = person.matou("token", "create", "--user", "li", "--name", "backup", "--root", root).out.strip()
    person.matou("org", "create", "acme", "--owner", "li", "--root", root)
    person.matou("org", "create", "web", "--owner", "li", "--parent", "acme", "--root", root)
    for name, commits in (("shop", 5), ("notes", 1), ("empty", 0)):
        source = make_history(folder / "made" / name, commits=commits)
        person.matou("repo", "import", source, f"acme/web/{name}", "--private", "--root", root)
    return root, token


@pytest.fixture
def team(person: Person, made_team: tuple[Path, str], tmp_path: Path) -> Iterator[Team]:
    template, token = made_team
    root = shutil.copytree(template, tmp_path / "server")
    with serving(person, root) as url:
        yield Team(person, url, token, root)

"""The script that a person wrote to save their code from CODING runs here to its end, nothing changed but where to."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import Scope
from matou.forge.accounts.namespaces import create_organization
from matou.model.names import RepositoryPath
from matou.platforms.coding.wire import milliseconds
from support.deciding import create_project, create_repository, create_token
from support.matou_server import MatouServer

SCRIPT = Path(__file__).parents[1] / "data" / "coding" / "script_000.py.txt"
ADDRESS = "https://e.coding.net/open-api/"
TOKEN = "***********************"
SCOPES = (Scope.USER_READ, Scope.TEAM_READ, Scope.PROJECT_READ, Scope.REPOSITORY_READ)
"""What the script's author chose: 用户信息、团队信息、项目信息、代码仓库, all of them read-only."""

PNG = b"\x89PNG\r\n\x1a\n a picture"


class Harbour:
    """A team with two projects, several depots pushed by git itself, and the folder that the script works in."""

    def __init__(self, server: MatouServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.chief = server.user()
        self.team = create_organization(server.forge, f"team-of-{self.chief.name}", owner=self.chief)
        self.token = create_token(server.forge, self.chief, "script", scopes=SCOPES)
        self._pushing = create_token(server.forge, self.chief, "push")

    def project(self, name: str, display_name: str, *, icon: bytes | None = None) -> Namespace:
        description = f"about {display_name}"
        return create_project(
            self.server.forge,
            self.team,
            name,
            display_name=display_name,
            description=description,
            icon=icon,
            creator=self.chief,
        )

    def depot(self, project: Namespace, name: str, files: Mapping[str, bytes]) -> Repository:
        """One with two branches and a tag, or an empty one where there are no files."""
        path = RepositoryPath(project.path, name)
        repository = create_repository(self.server.forge, path, description=f"this is {name}", creator=self.chief)
        if files:
            self._push(repository, files)
        return repository

    def _push(self, repository: Repository, files: Mapping[str, bytes]) -> None:
        work = self.folder / "work" / repository.path.namespace.name / repository.name
        work.mkdir(parents=True)
        self._git(work, "init", "--quiet", "--initial-branch=main")
        for name, content in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
        self._git(work, "add", "--all")
        self._git(work, "commit", "--quiet", "--message=first")
        self._git(work, "branch", "开发")
        self._git(work, "tag", "--annotate", "--message=one", "v1")
        self._git(work, "push", "--quiet", self.url(repository), "main", "开发", "v1")

    def url(self, repository: Repository) -> str:
        return self.server.clone_url(repository)

    def _git(self, folder: Path, *arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        environment = self.environment(self._pushing.reveal())
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def environment(self, token: str) -> dict[str, str]:
        """Git's own credential configuration: a file of the kind that `credential.helper store` reads."""
        credentials = self.folder / f"credentials-{token[:8]}"
        scheme, _, rest = self.server.url.partition("://")
        credentials.write_text(f"{scheme}://coding:{token}@{rest}\n")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": f"store --file={credentials}",
            "GIT_CONFIG_KEY_1": "user.name",
            "GIT_CONFIG_VALUE_1": "Chief",
            "GIT_CONFIG_KEY_2": "user.email",
            "GIT_CONFIG_VALUE_2": "chief@example.org",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def run_script(self) -> Path:
        """Run it as its author did, and give the folder that it made."""
        text = SCRIPT.read_text(encoding="utf-8")
        assert (text.count(ADDRESS), text.count(TOKEN)) == (1, 1)
        text = text.replace(ADDRESS, f"{self.server.url}/open-api/").replace(TOKEN, self.token.reveal())
        script = self.folder / "script.py"
        script.write_text(text, encoding="utf-8")
        subprocess.run(
            [sys.executable, str(script)], cwd=self.folder, env=self.environment(self.token.reveal()), check=True
        )
        return self.folder / "SourceDownloaded"

    def refs(self, git_dir: Path) -> str:
        return self._git(git_dir, "for-each-ref")

    def git(self, folder: Path, *arguments: str) -> str:
        return self._git(folder, *arguments)


@pytest.fixture
def harbour(matou_server: MatouServer, tmp_path: Path) -> Harbour:
    return Harbour(matou_server, tmp_path)


def test_the_script_saves_every_project_and_depot_as_its_author_meant(harbour: Harbour) -> None:
    boats = harbour.project("boats", "渡船 项目", icon=PNG)
    cranes = harbour.project("cranes", "cranes")
    files = {"README.md": "# 渡船\n".encode(), "源码/main.c": b"int main;\n", "data.bin": bytes(range(256)) * 50}
    depots = [
        harbour.depot(boats, "ferry", files),
        harbour.depot(boats, "a b", {"only": b"one\n"}),
        harbour.depot(cranes, "tower", {f"f{number}": b"%d" % number for number in range(50)}),
    ]

    tree = harbour.run_script()

    assert sorted(path.name for path in tree.iterdir()) == ["cranes", "渡船 项目"]
    for project in (boats, cranes):
        told = f"{project.display_name}\n{project.description}\n{milliseconds(project.created_at)}"
        assert (tree / project.display_name / "ProjectInfo.txt").read_text(encoding="utf-8") == told
    assert (tree / "渡船 项目" / "icon").read_bytes() == PNG
    assert (tree / "cranes" / "icon").read_bytes().startswith(b"<svg")
    for depot, project in zip(depots, (boats, boats, cranes), strict=True):
        folder = tree / project.display_name / depot.name
        told = f"{depot.name}\n{depot.description}\n{milliseconds(depot.created_at)}"
        assert (folder / "DepotInfo.txt").read_text(encoding="utf-8") == told
        assert harbour.refs(folder / ".git") == harbour.refs(harbour.server.git_dir(depot)) != ""
        assert harbour.git(folder, "status", "--porcelain") == "?? DepotInfo.txt\n"
        assert harbour.git(folder, "fsck", "--full", "--strict") == ""
    assert {name: (tree / "渡船 项目" / "ferry" / name).read_bytes() for name in files} == files


def test_an_empty_depot_does_not_stop_the_script(harbour: Harbour) -> None:
    project = harbour.project("boats", "boats")
    harbour.depot(project, "empty", {})
    harbour.depot(project, "ferry", {"only": b"one\n"})

    tree = harbour.run_script()

    assert (tree / "boats" / "empty" / "DepotInfo.txt").exists()
    assert (tree / "boats" / "ferry" / "only").read_bytes() == b"one\n"

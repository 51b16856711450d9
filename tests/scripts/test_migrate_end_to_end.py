"""CODING, a Matou, Gitee, GitCode: sixty repositories go from one to the next by commands, and one move is killed."""

import hashlib
import io
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.model.names import NamespacePath
from support.deciding import create_project, receive, size
from support.listed_rows import repositories_in
from support.matou_server import MatouServer
from support.processes import kill_group
from support.program import Ended, Person
from support.scripted_source import commit, lfs_pointer, refs_of

CONTENT = b"an object of LFS" * 10_000
OID = hashlib.sha256(CONTENT).hexdigest()
HOSTILE = ("渡船", "a b", "x~y", "o'clock", "naïve", "$(touch owned)", "back`tick", "help~", "API")
PLAIN = 46
PATHS = {"coding": "/open-api", "matou": "", "gitee": "/api/v3", "gitcode": ""}


@dataclass(frozen=True)
class Harbour:
    """A team of somebody's at the server, reached in one dialect."""

    server: MatouServer
    person: Person
    owner: User
    team: Namespace
    token: Secret

    def back_up(self, platform: str, archive: Path) -> dict[str, Any]:
        return read(self._run("backup", platform, "--url", self._url(platform), "--to", archive, "--json"))

    def migrate(self, platform: str, archive: Path, *options: str) -> dict[str, Any]:
        return read(self._run(*self.words(platform, archive), *options))

    def words(self, platform: str, archive: Path) -> tuple[str | Path, ...]:
        to = ("--to", platform, "--url", self._url(platform), "--namespace", str(self.team.path))
        return ("migrate", archive, *to, "--json")

    def secrets_of(self, platform: str) -> dict[str, str]:
        return {f"MATOU_{platform.upper()}_TOKEN": self.token.reveal()}

    def refs(self) -> dict[str, Mapping[str, str]]:
        found, _ = repositories_in(self.server.forge, self.team, recursive=True)
        return {str(repository.path): refs_of(self.server.git_dir(repository)) for repository in found}

    def lfs_sizes(self) -> list[int]:
        found, _ = repositories_in(self.server.forge, self.team, recursive=True)
        sizes = (size(self.server.forge, repository, OID) for repository in found)
        return [size for size in sizes if size is not None]

    def _url(self, platform: str) -> str:
        return self.server.url + PATHS[platform]

    def _run(self, *words: str | Path) -> Ended:
        tokens = {f"MATOU_{platform.upper()}_TOKEN": self.token.reveal() for platform in PATHS}
        return replace(self.person, environment=tokens).matou(*words)


def read(ended: Ended) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(ended.out)
    return report


def harbour_of(server: MatouServer, person: Person, *, is_own: bool = False) -> Harbour:
    """Somebody's own namespace, or a new organization of theirs."""
    owner = server.user()
    name = f"port-{secrets.token_hex(4)}"
    team = (
        find_namespace(server.forge, NamespacePath((owner.name,)))
        if is_own
        else create_organization(server.forge, name, owner=owner)
    )
    return Harbour(server, person, owner, team, server.token(owner))


def furnish(harbour: Harbour) -> int:
    """Two projects with sixty repositories: plain ones, hostile names, twins, LFS, empty ones."""
    server, team = harbour.server, harbour.team.path
    for project in ("shop", "bank"):
        create_project(server.forge, harbour.team, project, creator=harbour.owner)
    names = [f"shop/r{number}" for number in range(PLAIN)]
    names += [f"bank/{name}" for name in HOSTILE]
    names += ["shop/twin", "bank/twin", "shop/large"]
    for number, name in enumerate(names):
        made = server.repository(f"{team}/{name}")
        commit(server.git_dir(made), "refs/heads/main", {"n": str(number)})
        commit(server.git_dir(made), "refs/heads/topic", {"t": str(number)})
    large = server.repository(f"{team}/shop/pictures")
    commit(server.git_dir(large), "refs/heads/main", {"big.bin": lfs_pointer(CONTENT)})
    receive(server.forge, large, OID, len(CONTENT), io.BytesIO(CONTENT))
    server.repository(f"{team}/bank/empty")
    return len(names) + 2


def tips(harbour: Harbour) -> list[list[tuple[str, str]]]:
    """The refs of every repository, whatever it is called."""
    return sorted(sorted(refs.items()) for refs in harbour.refs().values())


def test_sixty_repositories_arrive_at_the_end_of_the_way_object_id_for_object_id(
    matou_server: MatouServer, person: Person, tmp_path: Path
) -> None:
    coding, matou, gitcode = (harbour_of(matou_server, person) for _ in range(3))
    gitee = harbour_of(matou_server, person, is_own=True)
    count = furnish(coding)

    coding.back_up("coding", tmp_path / "first")
    to_matou = matou.migrate("matou", tmp_path / "first")
    matou.back_up("gitcode", tmp_path / "second")
    to_gitee = gitee.migrate("gitee", tmp_path / "second")
    gitee.back_up("gitee", tmp_path / "third")
    to_gitcode = gitcode.migrate("gitcode", tmp_path / "third")
    again = gitcode.migrate("gitcode", tmp_path / "third")

    assert [report["outcomes"] for report in (to_matou, to_gitee, to_gitcode)] == [{"moved": count}] * 3
    assert again["outcomes"] == {"unchanged": count}
    assert tips(coding) == tips(matou) == tips(gitee) == tips(gitcode)
    assert gitcode.lfs_sizes() == [len(CONTENT)]
    assert {f"{gitcode.team.path}/{project}-twin" for project in ("shop", "bank")} <= set(gitcode.refs())


def test_a_move_that_is_killed_goes_on_where_it_was(matou_server: MatouServer, person: Person, tmp_path: Path) -> None:
    coding, matou = harbour_of(matou_server, person), harbour_of(matou_server, person)
    count = furnish(coding)
    coding.back_up("coding", tmp_path / "archive")

    with matou.person.start(*matou.words("matou", tmp_path / "archive"), **matou.secrets_of("matou")) as running:
        while len(matou.refs()) < count // 3 and running.poll() is None:
            time.sleep(0.01)
        kill_group(running)
    before = len(matou.refs())
    report = matou.migrate("matou", tmp_path / "archive")

    assert 0 < before < count
    assert sum(report["outcomes"].values()) == count
    assert report["everything_is_moved"]
    assert tips(matou) == tips(coding)

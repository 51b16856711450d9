"""`matou migrate --to gitea` has a real Gitea import what was saved at a Gitee, and proves that it is there."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from support import gitee_source
from support.commits import git_in
from support.conversation_gateway import converse_before
from support.conversation_story import Story
from support.fault_proxy import FaultProxy
from support.gitea_server import OWNER, GiteaServer, gitea_program, running_gitea
from support.gitee_conversation import GiteeConversation, Talk
from support.gitee_gateway import Gitee, GiteeGateway, port_of
from support.matou_server import MatouServer
from support.program import Ended, Person

TAGS = ("v1.0", "release/2.0")

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")


@dataclass(frozen=True)
class Saved:
    """An archive of a Gitee account, and a Gitea."""

    archive: Path
    person: Person
    gitea: GiteaServer
    place: str

    def migrate(self, *options: str, code: int = 0) -> Ended:
        words = (
            "--to",
            "forgejo",
            "--url",
            self.gitea.url,
            "--namespace",
            OWNER,
            "--exclude",
            "*/crane-wiki",
            *options,
        )
        return self.person.matou("migrate", self.archive, *words, code=code, MATOU_GITEA_TOKEN=self.gitea.token)


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteaServer]:
    with running_gitea(tmp_path_factory.mktemp("imports") / "gitea") as server:
        yield server


@pytest.fixture
def saved(matou_server: MatouServer, person: Person, gitea: GiteaServer, tmp_path: Path) -> Iterator[Saved]:
    with closing(FaultProxy(matou_server.url)) as proxy:
        account, gateway = GiteeConversation(), GiteeGateway(matou_server.url)
        converse_before(proxy, account, gitee_source.TOKEN, Talk)
        proxy.add(gateway, path=r"\A/api/v5/|\.wiki\.git/")
        port = port_of(Gitee(proxy, gateway), matou_server, person)
        port.add(f"{port.owner.name}/crane", {"a": "吊车"})
        git_dir = matou_server.git_dir(
            find_repository(matou_server.forge, RepositoryPath.parse(f"{port.owner.name}/crane"))
        )
        for tag in TAGS:
            git_in(git_dir, "tag", tag, "main")
        account.tell(f"{port.owner.name}/crane", Story(f"{proxy.url}/images/吊车.png"))
        wiki = port.add(f"{port.owner.name}/crane-wiki", {"Home.md": "首页"})
        # Older versions import no other branch of a wiki.
        git_in(port.git_dir(wiki), "branch", "-M", "main", "master")
        port.back_up(tmp_path / "archive")
        yield Saved(tmp_path / "archive", person, gitea, f"{OWNER}/crane")
    gitea.delete(f"/repos/{OWNER}/crane")


def read(ended: Ended) -> Any:
    return json.loads(ended.out)


def rows(values: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(value[name] for name in names) for value in values]


def test_everything_arrives_is_proven_and_is_left_alone_the_second_time(saved: Saved) -> None:
    foreseen = read(saved.migrate("--dry-run", "--json"))
    moved = read(saved.migrate("--json"))
    again = read(saved.migrate("--json"))

    [planned], [crane], [unchanged] = (one["repositories"] for one in (foreseen, moved, again))
    assert (planned["outcome"], crane["outcome"], unchanged["outcome"]) == ("planned", "moved", "unchanged")
    assert crane["problems"] == []
    carried = ("issue", "comment", "open-change", "closed-change", "line-comment", "label", "milestone", "release")
    assert {kind: crane["arrived"].get(kind, 0) for kind in carried} == {
        kind: crane["held"].get(kind, 0) for kind in carried
    }
    assert planned["held"] == crane["held"] == unchanged["held"]
    assert unchanged["arrived"] == crane["arrived"]
    issues = saved.gitea.get(f"/repos/{saved.place}/issues?state=all&type=issues")
    assert len(issues) == crane["held"]["issue"]
    assert saved.gitea.get(f"/repos/{saved.place}")["private"] is True


def test_what_somebody_changed_there_is_told_and_left(saved: Saved) -> None:
    saved.migrate()
    [first] = saved.gitea.get(f"/repos/{saved.place}/issues?state=all&type=issues&limit=1")
    saved.gitea.patch(f"/repos/{saved.place}/issues/{first['number']}", {"title": "another"})

    ended = saved.migrate("--json", code=3)

    [crane] = read(ended)["repositories"]
    assert crane["problems"] == [f"issue {first['number']} has another title"]
    assert saved.gitea.get(f"/repos/{saved.place}/issues/{first['number']}")["title"] == "another"


def test_an_empty_repository_that_is_there_already_is_left_alone(saved: Saved) -> None:
    saved.gitea.post("/user/repos", {"name": "crane", "private": True})

    [crane] = read(saved.migrate("--json", code=3))["repositories"]

    assert (crane["outcome"], "an importer makes its own" in crane["problems"][0]) == ("failed", True)
    assert saved.gitea.get(f"/repos/{saved.place}")["empty"] is True


def test_a_wiki_comes_with_its_repository(saved: Saved) -> None:
    report = read(saved.migrate("--json", "--include", "crane", "--include", "crane.wiki"))

    [crane] = report["repositories"]
    assert (crane["outcome"], crane["arrived"].get("wiki")) == ("moved", 1)
    assert [page["title"] for page in saved.gitea.get(f"/repos/{saved.place}/wiki/pages")] == ["Home"]

"""The real program, and git below it, killed while what was said is saved: at calls that change names or sync."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.model.names import RepositoryPath
from support import gitcode_source
from support.conversation_gateway import converse_before
from support.conversation_story import Story
from support.crash_points import KILL, NAMING, SYNCING, Point, Traced, leftovers, require_strace, trace
from support.deciding import create_repository
from support.fault_proxy import FaultProxy
from support.gitcode_conversation import GitCodeConversation, GitCodeTalk
from support.matou_server import MatouServer
from support.program import Person
from support.scripted_source import commit
from support.served_backup import metadata_in

pytestmark = pytest.mark.soak

STEP = 3
"""Each so many points; a run at each takes some seconds, and a third of them is of every sort."""


@dataclass(frozen=True)
class GatewayAnswer:
    """An account that was backed up, and told more since: an issue that is new, and one that was changed."""

    person: Person
    url: str
    token: str
    folder: Path
    saved: Path
    expected: dict[str, str]

    @property
    def words(self) -> tuple[str, ...]:
        return ("backup", "gitcode", "--url", self.url, "--jobs", "1", "--json", "--to")

    def trace(self, root: Path, *, point: Point | None = None, git_only: bool = False) -> Traced:
        traces = root.with_name(root.name + "-traces")
        return trace(
            self.person, traces, *self.words, root, point=point, git_only=git_only, MATOU_GITCODE_TOKEN=self.token
        )

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.saved, self.folder / name))

    def assert_can_be_finished(self, root: Path) -> None:
        """What was saved before is whole at once; the next run saves the rest, and its records give the same."""
        assert json.loads(self.person.matou("verify", root, "--json").out)["whole"]
        self.person.matou(*self.words, root, MATOU_GITCODE_TOKEN=self.token)
        report = json.loads(self.person.matou("verify", root, "--all", "--json").out)
        assert (report["whole"], report["ahead"]) == (True, [])
        assert metadata_in(root, "crane") == self.expected
        assert "its metadata is the same" in self.person.matou("reindex", root, "--metadata").out
        assert leftovers(root) == []


@pytest.fixture
def told(matou_server: MatouServer, person: Person, tmp_path: Path) -> Iterator[GatewayAnswer]:
    require_strace(tmp_path)
    with closing(FaultProxy(matou_server.url)) as proxy:
        account, owner = GitCodeConversation(), matou_server.user()
        converse_before(proxy, account, gitcode_source.TOKEN, GitCodeTalk)
        path, token = f"{owner.name}/crane", matou_server.token(owner).reveal()
        crane = matou_server.git_dir(create_repository(matou_server.forge, RepositoryPath.parse(path), creator=owner))
        commit(crane, "refs/heads/main", {"a": "吊车"})
        talk = account.tell(path, Story(f"{proxy.url}/user-images/assets/1/ab/吊车.png"))
        saved, whole = tmp_path / "saved", tmp_path / "whole"
        words = ("backup", "gitcode", "--url", proxy.url, "--to")
        person.matou(*words, saved, MATOU_GITCODE_TOKEN=token)
        later = "2024-03-01T10:00:00.000+08:00"
        talk.issues.append(account.issue(path, 77, title="后来的", updated_at=later))
        talk.issues[0] |= {"title": "改了", "updated_at": later}
        commit(crane, "refs/heads/main", {"a": "新吊车"})
        shutil.copytree(saved, whole)
        person.matou(*words, whole, MATOU_GITCODE_TOKEN=token)
        yield GatewayAnswer(person, proxy.url, token, tmp_path, saved, metadata_in(whole, "crane"))


OF_GIT = ("link", "unlink", "fsync")
"""The calls that git makes for us."""


@pytest.mark.parametrize(
    ("git_only", "call"), [*((False, call) for call in (*NAMING, *SYNCING)), *((True, call) for call in OF_GIT)]
)
def test_a_run_that_is_killed_while_it_saves_what_was_said_can_be_finished(
    told: GatewayAnswer, git_only: bool, call: str
) -> None:
    counted = told.trace(told.copy("counted"), git_only=git_only)
    assert counted.ended.code == 0, counted.ended.err

    struck, points = 0, range(1, counted.most(call) + 1, STEP)
    for number in points:
        root = told.copy(f"{call}-{number}")
        traced = told.trace(root, point=Point(call, number, KILL), git_only=git_only)
        struck += traced.strikes > 0
        assert traced.strikes == 0 or traced.ended.code != 0
        told.assert_can_be_finished(root)
        shutil.rmtree(root)

    print(f"{call}: killed at {struck} of {counted.most(call)} points")
    assert struck == len(points) > 0

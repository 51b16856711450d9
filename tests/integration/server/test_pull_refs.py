"""At a host that stands for GitHub change requests are pulled as `refs/pull/N/head`, by their numbers there."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from matou.db.repositories import Repository
from matou.model.metadata import ChangeBase, ChangeHead, ChangeRequest, Issue
from matou.model.names import ObjectId
from matou.model.platform import Visibility
from support.commits import commit_in, git_in
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer, running_server
from support.saved_conversation import SavedConversation, save


@dataclass(frozen=True)
class Saved:
    """A repository of which was saved what people said, and the commits that they proposed."""

    server: MatouServer
    repository: Repository
    merged: ObjectId
    abandoned: ObjectId

    def git(self, *arguments: str | Path, version: int = 2, token: str | None = None) -> str:
        """With a token it is sent unasked: of what is public a server asks for none."""
        settings = [f"protocol.version={version}"]
        if token is not None:
            settings.append(f"http.extraHeader=Authorization: token {token}")
        options = [word for setting in settings for word in ("-c", setting)]
        command = ["git", *options, *map(str, arguments)]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout

    def refs(self, url: str | None = None, **options: Any) -> dict[str, str]:
        rows = (line.split() for line in self.git("ls-remote", url or self.url, **options).splitlines())
        return {name: oid for oid, name in rows if name != "HEAD"}

    @property
    def url(self) -> str:
        return self.server.clone_url(self.repository)


def change(number: str, head: str, **values: object) -> ChangeRequest:
    base = ChangeBase(branch="main", commit=head)
    made = ChangeRequest(
        number=number, id=number, title="修灯", state="merged", head=ChangeHead(commit=head), base=base
    )
    return replace(made, **{"commits": "present", **values})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    root = tmp_path_factory.mktemp("pulls") / "archive"
    with running_server(root, platform="github", forgives_addresses=True) as server:
        repository = server.repository("team/project/light", visibility=Visibility.PUBLIC)
        git_dir = server.git_dir(repository)
        merged = commit_in(git_dir, {"a": b"1"}, "first", at=1_700_000_000)
        commit_in(git_dir, {"a": b"2"}, "second", at=1_700_000_100)
        abandoned = commit_in(git_dir, {"a": b"3"}, "not merged", at=1_700_000_200, branch="gone")
        secret = commit_in(git_dir, {"a": b"4"}, "not for all", at=1_700_000_300, branch="secret")
        for number, oid in (("2", abandoned), ("4", secret)):
            git_in(git_dir, "update-ref", f"refs/matou/change/{number}/head", oid)
        # The source's own, by the source's numbers: one that was not saved as a change request, and one that was.
        git_in(git_dir, "update-ref", "refs/pull/9/head", abandoned)
        git_in(git_dir, "update-ref", "refs/pull/1/head", merged)
        for branch in ("gone", "secret"):
            git_in(git_dir, "update-ref", "-d", f"refs/heads/{branch}")
        said = SavedConversation("gitee")
        said.issues = {"7": Issue(number="7", id="7", title="灯灭了", state="open")}
        said.changes = {
            "1": change("1", merged),
            "2": change("2", abandoned, commits_ref="refs/matou/change/2/head"),
            "3": change("3", "1" * 40),
            "4": change("4", secret, commits_ref="refs/matou/change/4/head", gone_in=1),
            "7": change("7", abandoned, commits="absent"),
        }
        save(server.forge, repository, said)
        yield Saved(server, repository, merged, abandoned)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_the_commits_of_change_requests_are_pulled_by_their_numbers(saved: Saved, version: int, tmp_path: Path) -> None:
    """Issues and change requests count as one there: 1 is 8, behind the highest issue."""
    saved.git("clone", "--quiet", "--mirror", saved.url, tmp_path / "clone.git", version=version)

    refs = git_in(tmp_path / "clone.git", "for-each-ref", "--format=%(refname) %(objectname)", "refs/pull")
    assert refs.splitlines() == [f"refs/pull/8/head {saved.merged}", f"refs/pull/9/head {saved.abandoned}"]
    git_in(tmp_path / "clone.git", "fsck", "--strict", "--full")


@pytest.mark.parametrize("version", [0, 2])
def test_one_of_them_is_fetched_alone(saved: Saved, version: int, tmp_path: Path) -> None:
    saved.git("init", "--quiet", "--bare", tmp_path / "one.git")
    saved.git("--git-dir", tmp_path / "one.git", "fetch", "--quiet", saved.url, "refs/pull/8/head:x", version=version)

    assert git_in(tmp_path / "one.git", "rev-parse", "x").strip() == saved.merged


@pytest.mark.parametrize("version", [0, 2])
def test_those_that_are_gone_are_for_whoever_may_see_them(saved: Saved, version: int) -> None:
    owner = saved.server.token().reveal()

    assert "refs/pull/11/head" not in saved.refs(version=version)
    assert set(saved.refs(version=version, token=owner)) == {
        "refs/heads/main",
        *(f"refs/pull/{number}/head" for number in (8, 9, 11)),
    }


def test_an_owner_of_one_name_leads_to_a_nested_namespace(saved: Saved) -> None:
    assert saved.refs(f"{saved.server.url}/team:project/light.git") == saved.refs()


def test_at_other_hosts_refs_are_what_was_saved(saved: Saved) -> None:
    url = saved.url.replace("127.0.0.1", "localhost")

    assert set(saved.refs(url)) == {"refs/heads/main", "refs/pull/1/head", "refs/pull/9/head"}

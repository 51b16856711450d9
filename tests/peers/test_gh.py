"""GitHub's own command line reads what was saved, at a host that it takes for a GitHub Enterprise."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.github_host import HOST, ServedAsGitHub, serving_as_github
from support.github_story import CONTENT

GH = os.environ.get("MATOU_TEST_GH") or shutil.which("gh")

pytestmark = pytest.mark.skipif(GH is None, reason="there is no gh (MATOU_TEST_GH)")

NAME = f"{HOST}/harbour/light"


@dataclass(frozen=True)
class GitHubCommand:
    """Somebody at a terminal with nothing but `gh` and git."""

    served: ServedAsGitHub
    home: Path

    def run(self, *words: str, cwd: Path | None = None) -> str:
        told = {"GH_HOST": HOST, "GH_ENTERPRISE_TOKEN": self.served.token, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], **self.served.hosts.environment, **told}
        trusted = {"GIT_SSL_CAINFO": environment["SSL_CERT_FILE"]}
        ended = subprocess.run(
            [str(GH), *words],
            env=environment | trusted,
            cwd=cwd or self.home,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
        return ended.stdout

    def json(self, *words: str, fields: str) -> Any:
        return json.loads(self.run(*words, "--repo", NAME, "--json", fields))


@pytest.fixture(scope="module")
def gh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubCommand]:
    with serving_as_github(tmp_path_factory.mktemp("github")) as served:
        yield GitHubCommand(served, tmp_path_factory.mktemp("home"))


def test_repositories_are_listed_shown_and_looked_for(gh: GitHubCommand) -> None:
    listed = gh.run("repo", "list", "harbour")

    assert [line.split("\t")[0] for line in listed.splitlines()] == ["harbour/light", "harbour/ferry"]
    assert "渡船" in gh.run("repo", "view", NAME)
    assert [line.split("\t")[0] for line in gh.run("search", "repos", "light").splitlines()] == ["harbour/light"]


def test_issues_are_listed_shown_and_looked_for(gh: GitHubCommand) -> None:
    listed = gh.json("issue", "list", "--state", "all", fields="number,state,labels")
    labelled = gh.json("issue", "list", "--label", "缺陷", fields="number,title,author")
    found = gh.json("issue", "list", "--search", "灯灭了", "--state", "closed", fields="number")

    assert [(one["number"], one["state"]) for one in listed] == [(3, "OPEN"), (2, "CLOSED"), (1, "OPEN")]
    assert [(one["number"], one["author"]["login"]) for one in labelled] == [(1, "wang")]
    assert [one["number"] for one in found] == [2]
    assert "见 #2 和 !4" in gh.run("issue", "view", "1", "--comments", "--repo", NAME)
    assert gh.run("search", "issues", "灯灭了", "--repo", "harbour/light").count("\n") == 3


def test_pull_requests_are_listed_shown_and_compared(gh: GitHubCommand) -> None:
    listed = gh.json("pr", "list", "--state", "all", fields="number,state,headRefName,isCrossRepository")
    own = gh.json("pr", "list", "--author", "wang", "--state", "merged", fields="number")
    shown = gh.json("pr", "view", "5", fields="mergedBy,reviewDecision,commits,files,comments,additions")

    assert [(one["number"], one["state"], one["isCrossRepository"]) for one in listed] == [
        (6, "OPEN", True),
        (5, "MERGED", False),
    ]
    assert [one["number"] for one in own] == [5]
    assert (shown["mergedBy"]["login"], shown["reviewDecision"], shown["additions"]) == ("li", "APPROVED", 1)
    assert [one["messageHeadline"] for one in shown["commits"]] == ["fix the main thing"]
    assert "整体" in gh.run("pr", "view", "5", "--comments", "--repo", NAME)
    assert "+int main(void);" in gh.run("pr", "diff", "5", "--repo", NAME)


def test_releases_are_listed_shown_and_downloaded(gh: GitHubCommand, tmp_path: Path) -> None:
    [release] = json.loads(gh.run("release", "list", "--repo", NAME, "--json", "tagName,isLatest,name"))

    assert release == {"tagName": "v1/a", "isLatest": True, "name": "一"}
    assert "灯.svg" in gh.run("release", "view", "v1/a", "--repo", NAME)
    gh.run("release", "download", "v1/a", "--repo", NAME, "--dir", str(tmp_path))
    assert (tmp_path / "灯.svg").read_bytes() == CONTENT


def test_a_repository_is_cloned_and_asked_for_by_rest(gh: GitHubCommand, tmp_path: Path) -> None:
    gh.run("repo", "clone", NAME, str(tmp_path / "light"))

    assert (tmp_path / "light" / "src" / "main.c").read_bytes() == b"int main(void);\n"
    assert json.loads(gh.run("api", "repos/harbour/light"))["full_name"] == "harbour/light"
    assert json.loads(gh.run("api", "graphql", "-f", "query={ viewer { login } }"))["data"]["viewer"]["login"] == "chen"
    names = gh.run("api", "--paginate", "repos/harbour/light/issues?state=all&per_page=2", "--jq", ".[].number")
    assert sorted(map(int, names.split())) == [1, 2, 3, 5, 6]

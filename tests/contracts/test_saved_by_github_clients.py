"""PyGithub and python-github-backup, which know GitHub alone: what was saved, read by them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github
from github.Repository import Repository

from support.github_host import HOST, ServedAsGitHub, serving_as_github
from support.redirected_hosts import ClientProgram


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedAsGitHub]:
    with serving_as_github(tmp_path_factory.mktemp("github")) as made:
        yield made


@pytest.fixture
def light(served: ServedAsGitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """As PyGithub has it."""
    for name, value in served.hosts.environment.items():
        monkeypatch.setenv(name, value)
    with Github(base_url=f"https://{HOST}/api/v3", auth=Auth.Token(served.token), per_page=2) as github:
        yield github.get_repo("harbour/light")


def test_pygithub_reads_issues_and_their_comments(light: Repository) -> None:
    issues = list(light.get_issues(state="all", sort="created", direction="asc"))

    assert [(one.number, one.state, one.pull_request is not None) for one in issues] == [
        (1, "open", False),
        (2, "closed", False),
        (3, "open", False),
        (5, "closed", True),
        (6, "open", True),
    ]
    assert [one.body for one in issues[0].get_comments()] == ["见 #2 和 !4"]
    assert (issues[0].milestone.title, [label.name for label in issues[0].labels]) == ("一期", ["缺陷"])
    assert [one.id for one in light.get_issues_comments()] == [5, 9, 12, 21]
    assert [one.event for one in light.get_issue(5).get_timeline()] == ["commented", "merged", "commented"]


def test_pygithub_reads_pull_requests_and_their_reviews(light: Repository) -> None:
    pull = light.get_pull(5)

    assert (pull.merged, pull.merged_by.login, pull.head.repo.full_name) == (True, "li", "harbour/light")
    assert [one.filename for one in pull.get_files()] == ["src/main.c"]
    assert [one.sha for one in pull.get_commits()] == [pull.head.sha]
    assert [one.state for one in pull.get_reviews()] == ["COMMENTED", "APPROVED", "COMMENTED", "COMMENTED"]
    assert [one.body for one in pull.get_review_comments()] == ["这里", "已改", "旧的"]


def test_pygithub_reads_the_repository(light: Repository) -> None:
    [release] = light.get_releases()

    assert [one.name for one in release.get_assets()] == ["灯.svg"]
    assert [one.name for one in light.get_branches()] == ["main"]
    assert light.get_contents("src/main.c").decoded_content == b"int main(void);\n"  # type: ignore[union-attr]
    assert [one.title for one in light.get_milestones(state="all")] == ["一期", "冲刺"]


def test_python_github_backup_saves_all_of_it(served: ServedAsGitHub, tmp_path: Path) -> None:
    client = ClientProgram("github-backup", tmp_path, served.hosts.environment)
    kinds = ("--issues", "--issue-comments", "--pulls", "--pull-comments", "--pull-commits", "--labels", "--milestones")
    place = ("harbour", "--organization", "--repository", "light", "--github-host", HOST, "--token", served.token)

    client.run(*place, *kinds, "--releases", "--assets", "--output-directory", str(tmp_path))

    saved = tmp_path / "repositories" / "light"
    numbers = {kind: {path.stem for path in (saved / kind).glob("*.json")} for kind in ("issues", "pulls")}
    assert numbers == {"issues": {"1", "2", "3"}, "pulls": {"5", "6"}}
    issue = json.loads((saved / "issues" / "1.json").read_text(encoding="utf-8"))
    pull = json.loads((saved / "pulls" / "5.json").read_text(encoding="utf-8"))
    assert [one["body"] for one in issue["comment_data"]] == ["见 #2 和 !4"]
    assert [one["body"] for one in pull["comment_data"]] == ["这里", "已改", "旧的"]
    assert [one["sha"] for one in pull["commit_data"]] == [pull["head"]["sha"]]
    assert [one["name"] for one in json.loads((saved / "labels" / "labels.json").read_text(encoding="utf-8"))] == [
        "缺陷"
    ]
    assert list((saved / "releases").rglob("灯.svg"))

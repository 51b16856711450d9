"""A team leaves CODING for a real Gitea by commands alone: how it stands there, killed in the middle, by REST."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.model.names import RepositoryPath
from support.commits import git_in
from support.gitea_journeys import Journey, journey_from
from support.gitea_server import OWNER, gitea_program

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")

PROJECT, ISSUES, CODE = "harbour/boats", "boats-issues", "ferry"


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_from("coding", tmp_path_factory.mktemp("journey")) as journey:
        yield journey


def test_a_project_has_its_issues_in_a_repository_of_their_own(journey: Journey) -> None:
    issues = journey.gitea.get(f"/repos/{OWNER}/{ISSUES}/issues?state=all&type=issues")
    about = journey.gitea.get(f"/repos/{OWNER}/{ISSUES}")

    assert [(one["number"], one["state"], one["created_at"]) for one in reversed(issues)] == [
        (1, "open", "2025-03-03T01:00:00Z"),
        (2, "open", "2025-03-03T01:00:00Z"),
        (3, "open", "2025-03-03T01:00:00Z"),
        (5, "closed", "2025-03-03T01:00:00Z"),
        (6, "open", "2025-03-03T01:00:00Z"),
    ]
    assert [one["milestone"]["title"] for one in issues if one["milestone"]] == ["一号船", "春季"]
    assert (about["private"], about["empty"]) == (True, True)
    assert all(one["body"].startswith("> ") and " · " in one["body"].split("\n")[0] for one in issues)


def test_who_wrote_what_is_told_as_its_original_author(journey: Journey) -> None:
    """By Gitea's pages: its API tells of nobody who wrote elsewhere, so that no backup has them from there."""
    here = f"SELECT id FROM repository WHERE lower_name IN ('{CODE}', '{ISSUES}')"
    of_issues = dict(journey.gitea.rows(f"SELECT id, original_author FROM issue WHERE repo_id IN ({here})"))
    of_comments = journey.gitea.rows(
        "SELECT comment.content, comment.original_author FROM comment JOIN issue ON issue.id = issue_id"
        f" WHERE comment.type IN (0, 21) AND issue.repo_id IN ({here})"
    )

    assert set(of_issues.values()) == {"gk1", "gk2", "gk3"}
    assert {(text, name) for text, name in of_comments if not text.startswith("@")} == {
        ("看到了，潮水太急。", "gk3"),
        ("<p>旧编辑器写的</p>", "gk1"),
        ("整体很好", "gk1"),
        ("谢谢", "gk1"),
        ("`src/船头.c`\n\n这里为什么是红色？", "gk1"),
        ("`src/船头.c`\n\n因为显眼", "gk3"),
    }


def test_commits_of_change_requests_arrive_as_far_as_the_source_gave_them(journey: Journey) -> None:
    """What Gitea makes of them is `refs/pull/N/head`, also where no branch leads there."""
    url = f"{journey.gitea.url}/{OWNER}/{CODE}.git".replace("//", f"//{OWNER}:{journey.gitea.token}@")
    lines = (line.split("\t") for line in journey.person.git("ls-remote", url).splitlines())
    there = {name: oid for oid, name in lines}
    topic, main = (git_in(journey.folder / "ferry.git", "rev-parse", name).strip() for name in ("topic-2", "main"))

    pulls = {name: oid for name, oid in there.items() if name.startswith("refs/pull/")}
    assert pulls == {"refs/pull/1/head": main, "refs/pull/2/head": topic}
    saved = Archive.open(journey.last).repository(RepositoryPath.parse(f"{OWNER}/{OWNER}/{CODE}"))
    assert git_in(saved, "cat-file", "-t", topic).strip() == "commit"


@pytest.mark.parametrize("scopes", ["read:user,read:repository", "read:user,write:repository,write:organization"])
def test_a_token_without_a_scope_is_refused_before_anything_is_written(journey: Journey, scopes: str) -> None:
    before = journey.gitea.rows("SELECT count(*) FROM repository")
    words = ("--map", str(_map_to(journey, "unmade")))

    ended = journey.migrate(*words, code=4, token=journey.gitea.token_for(scopes))

    assert "write:issue" in ended.err
    assert journey.gitea.rows("SELECT count(*) FROM repository") == before


@pytest.mark.parametrize("begun", ["repository", "issue"])
def test_killed_in_the_middle_and_run_again_nothing_is_missing_and_nothing_is_there_twice(
    journey: Journey, begun: str
) -> None:
    """What Gitea has begun to import and nobody goes on with, a person deletes there, as the report says."""
    name = f"killed-{begun}"
    mapped = ("--map", str(_map_to(journey, name)))
    query = f"SELECT (SELECT count(*) FROM {begun}), (SELECT count(*) FROM repository WHERE lower_name LIKE '{name}%')"
    [(before, _)] = journey.gitea.rows(query)
    there = ("--to", "gitea", "--url", journey.gitea.url, "--namespace", OWNER, "--jobs", "1")
    running = journey.person.start("migrate", journey.archive, *there, *mapped, MATOU_GITEA_TOKEN=journey.gitea.token)
    while journey.gitea.rows(query)[0][0] == before and running.poll() is None:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()

    report = json.loads(journey.migrate(*mapped, code=None).out)
    for one in report["repositories"]:
        if one["problems"]:
            assert any("delete the repository there" in note for note in one["notes"]) or one["outcome"] == "failed"
            journey.gitea.delete(f"/repos/{one['to']}")
    ended = journey.migrate(*mapped, code=None)
    assert ended.code == 0, ended.out

    journey.save_gitea()
    for first, last in ((PROJECT, f"{name}-issues"), (f"{PROJECT}/{CODE}", name)):
        differences = journey.compare(first, last).unforeseen()
        assert [line for line in differences if not line.startswith("assignee")] == []


def test_by_rest_everything_is_there_once_and_a_second_run_writes_nothing(journey: Journey) -> None:
    """A project's issues go to its first repository there, and what is merged is an issue."""
    mapped = ("--by", "rest", "--map", str(_map_to(journey, "by-rest")))
    first, again = (json.loads(journey.migrate(*mapped).out)["repositories"] for _ in range(2))
    rows = journey.gitea.get(f"/repos/{OWNER}/by-rest/issues?state=all&limit=50")
    titles = Counter(one["title"] for one in rows)

    assert [(one["outcome"], one["problems"]) for one in first] == [("moved", [])]
    assert [(one["outcome"], one["problems"]) for one in again] == [("unchanged", [])]
    wanted = ("二〇二五年的船", "手机买票", "画原型", "靠岸时撞船", "给船刷漆", "改船头", "刷漆", "不要了")
    assert {title: titles[title] for title in wanted} == dict.fromkeys(wanted, 1)
    talk = [one["body"] for one in journey.gitea.get(f"/repos/{OWNER}/by-rest/issues/comments?limit=50")]
    for text in ("看到了，潮水太急。", "整体很好", "谢谢"):
        assert sum(text in body for body in talk) == 1


def _map_to(journey: Journey, name: str) -> Path:
    path = journey.folder / f"{name}.map"
    path.write_text(f"boats/boats-issues,{name}-issues\nboats/ferry,{name}\n", encoding="utf-8")
    return path

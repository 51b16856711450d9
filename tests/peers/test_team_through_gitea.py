"""A team leaves CODING for a real Gitea by commands alone, and a backup of that Gitea has what its archive has."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from matou.archive.layout import Archive
from matou.archive.metadata import open_metadata
from matou.model.fidelity import MigratedKind, MigrationMethod
from matou.model.names import NamespacePath, RepositoryPath
from matou.platforms.registry import PLATFORMS
from support.coding_team import CodingTeam, coding_team
from support.commits import git_in
from support.gitea_server import OWNER, GiteaServer, gitea_program, running_gitea
from support.program import Ended, Person
from support.round_trip import RoundTrip

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")

BY_PULL = PLATFORMS["gitea"].methods[MigrationMethod.PULL]
PROJECT, ISSUES, CODE = "harbour/boats", "boats-issues", "ferry"


@dataclass(frozen=True)
class Journey:
    """From a team at CODING to an archive, to a Gitea, and from there to another archive."""

    folder: Path
    person: Person
    team: CodingTeam
    gitea: GiteaServer
    reports: list[dict[str, Any]]

    @property
    def archive(self) -> Path:
        return self.folder / "first"

    @property
    def last(self) -> Path:
        return self.folder / "last"

    def migrate(self, *options: str, code: int | None = 0, token: str = "") -> Ended:
        there = ("--to", "gitea", "--url", self.gitea.url, "--namespace", OWNER, "--json")
        words: tuple[str | Path, ...] = ("migrate", self.archive, *there, *options)
        return self.person.matou(*words, code=code, MATOU_GITEA_TOKEN=token or self.gitea.token)

    def save_gitea(self, *options: str) -> dict[str, Any]:
        words: tuple[str | Path, ...] = (
            "backup",
            "gitea",
            "--url",
            self.gitea.url,
            "--to",
            self.last,
            "--json",
            *options,
        )
        report: dict[str, Any] = json.loads(self.person.matou(*words, code=0, MATOU_GITEA_TOKEN=self.gitea.token).out)
        return report

    def compare(self, first: str, name: str) -> RoundTrip:
        before, after = Archive.open(self.archive), Archive.open(self.last)
        brought = open_metadata(before.metadata(NamespacePath.parse(first)))
        saved = open_metadata(after.metadata(NamespacePath.parse(f"{OWNER}/{OWNER}/{name}")))
        return RoundTrip(brought, saved, BY_PULL, OWNER, is_project=first == PROJECT)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    person = Person(folder)
    with coding_team(folder) as team, running_gitea(folder / "gitea") as gitea:
        travelled = Journey(folder, person, team, gitea, [])
        team.back_up(person, travelled.archive)
        people = folder / "people.toml"
        people.write_text(f'[people]\n"coding:2" = "{OWNER}"\n', encoding="utf-8")
        for options in (("--dry-run",), ("--people", str(people))):
            travelled.reports.append(json.loads(travelled.migrate(*options).out))
        travelled.save_gitea()
        yield travelled


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


def test_the_plan_told_it_and_all_of_it_is_proven(journey: Journey) -> None:
    planned, moved = ({one["to"]: one for one in report["repositories"]} for report in journey.reports)

    assert set(planned) == set(moved) == {f"{OWNER}/{CODE}", f"{OWNER}/{ISSUES}"}
    for place, one in moved.items():
        assert (one["outcome"], one["problems"]) == ("moved", [])
        carried = {kind: count for kind, count in one["held"].items() if BY_PULL[MigratedKind(kind)].arrives and count}
        assigned = one["arrived"].get("assignee", 0)
        assert carried | {"assignee": assigned} == {
            kind: one["arrived"].get(kind, 0) for kind in carried | {"assignee": 0}
        }
        assert planned[place]["held"] == one["held"]


@pytest.mark.parametrize(("first", "name"), [(PROJECT, ISSUES), (f"{PROJECT}/{CODE}", CODE)])
def test_a_backup_of_the_gitea_has_what_the_archive_has_but_for_what_the_table_says(
    journey: Journey, first: str, name: str
) -> None:
    compared = journey.compare(first, name)

    print(*(f"{kind}: {line}" for kind, line in compared.differences()), sep="\n")
    assert compared.unforeseen() == []


def test_commits_of_change_requests_arrive_as_far_as_the_source_gave_them(journey: Journey) -> None:
    """What Gitea makes of them is `refs/pull/N/head`, also where no branch leads there."""
    url = f"{journey.gitea.url}/{OWNER}/{CODE}.git".replace("//", f"//{OWNER}:{journey.gitea.token}@")
    lines = (line.split("\t") for line in journey.person.git("ls-remote", url).splitlines())
    there = {name: oid for oid, name in lines}
    topic, main = (git_in(journey.team.repository, "rev-parse", name).strip() for name in ("topic-2", "main"))

    pulls = {name: oid for name, oid in there.items() if name.startswith("refs/pull/")}
    assert pulls == {"refs/pull/1/head": main, "refs/pull/2/head": topic}
    saved = Archive.open(journey.last).repository(RepositoryPath.parse(f"{OWNER}/{OWNER}/{CODE}"))
    assert git_in(saved, "cat-file", "-t", topic).strip() == "commit"


def test_run_again_nothing_is_moved_and_a_backup_asks_little(journey: Journey) -> None:
    again = json.loads(journey.migrate().out)
    journey.save_gitea()
    saved = journey.save_gitea()

    assert {one["outcome"] for one in again["repositories"]} == {"unchanged"}
    assert saved["requests"] < 10 * len(saved["metadata"])
    assert {one["changed"] for one in saved["metadata"].values()} == {0}


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

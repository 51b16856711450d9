"""A real Gitea pulls what a Matou has, as it would from a GitHub: with numbers, times, authors, reviews and files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

import pytest

from support.gitea_server import OWNER, GiteaServer, gitea_program, running_gitea
from support.github_story import CONTENT, saved_story
from support.program import Person, serving

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")

NAME = f"/repos/{OWNER}/light"

NEVER = "9999-01-01T00:00:00Z"
"""What Gitea tells of a milestone that is due on no day, and was imported."""


@dataclass(frozen=True)
class Pulled:
    """What arrived, and the commit that the change request proposed."""

    gitea: GiteaServer
    source: str
    head: str
    person: Person

    def get(self, path: str) -> Any:
        return self.gitea.get(f"{NAME}{path}")


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    folder = tmp_path_factory.mktemp("pulled")
    head, token = saved_story(folder / "archive")
    settings = folder / "matou.toml"
    settings.write_text('[server.hosts]\n127.0.0.1 = "github"\n', encoding="utf-8")
    person = Person(folder)
    options = ("--config", str(settings))
    with serving(person, folder / "archive", *options) as url, running_gitea(folder / "gitea") as gitea:
        parts = dict.fromkeys(("issues", "pull_requests", "labels", "milestones", "releases"), True)
        place = {"clone_addr": f"{url}/harbour/light", "repo_owner": OWNER, "repo_name": "light"}
        gitea.post("/repos/migrate", {"service": "github", "auth_token": token, **place, **parts})
        yield Pulled(gitea, f"{url}/harbour/light.git".replace("//", f"//chen:{token}@"), head, person)


def rows(values: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(value[name] for name in names) for value in values]


def test_issues_keep_their_numbers_times_and_states(pulled: Pulled) -> None:
    issues = pulled.get("/issues?state=all&type=issues")

    assert rows(issues, "number", "state", "created_at", "closed_at") == [
        (3, "open", "2026-01-03T12:00:00Z", None),
        (2, "closed", "2026-01-02T12:00:00Z", "2026-01-04T12:00:00Z"),
        (1, "open", "2026-01-01T12:00:00Z", None),
    ]
    first = issues[-1]
    assert first["body"] == "> Gitee [#I6AAA](https://gitee.com/h/l/issues/I6AAA)\n\n看 #2"
    assert ([label["name"] for label in first["labels"]], first["milestone"]["title"]) == (["缺陷"], "一期")
    assert rows(pulled.get("/milestones?state=all"), "title", "state", "due_on") == [
        ("一期", "closed", "2026-01-09T00:00:00Z"),
        ("冲刺", "open", NEVER),
    ]


def test_who_wrote_something_is_told_as_its_original_author(pulled: Pulled) -> None:
    """Nobody at this Gitea is taken for them; what nobody is named for is a ghost's."""
    assert {name for (name,) in pulled.gitea.rows("SELECT original_author FROM issue")} == {"wang"}
    said = pulled.gitea.rows("SELECT content, original_author FROM comment WHERE type IN (0, 21)")
    assert set(said) == {
        ("见 #2 和 !4", "li"),
        ("整体", "li"),
        ("`a.c`\n\n整个文件", "li"),
        ("`src/main.c:3`\n\n没有了", "ghost"),
        ("这里", "li"),
        ("已改", "wang"),
        ("旧的", "li"),
    }


def test_a_merged_change_request_is_merged_at_its_time(pulled: Pulled) -> None:
    merged, forked = pulled.get("/pulls/5"), pulled.get("/pulls/6")

    assert (merged["state"], merged["merged"], merged["merged_at"]) == ("closed", True, "2026-01-06T12:00:00Z")
    assert (merged["merge_commit_sha"], merged["head"]["sha"]) == (pulled.head, pulled.head)
    assert (forked["state"], forked["merged"]) == ("open", False)


def test_reviews_and_what_was_said_on_lines_stand_on_those_lines(pulled: Pulled) -> None:
    reviews = pulled.get("/pulls/5/reviews")
    said = [one for row in reviews for one in pulled.get(f"/pulls/5/reviews/{row['id']}/comments")]

    assert sorted(row["state"] for row in reviews) == ["APPROVED", "COMMENT", "COMMENT", "COMMENT", "REQUEST_REVIEW"]
    assert sorted(rows(said, "body", "path", "position", "original_position")) == [
        ("已改", "src/main.c", 1, 0),
        ("旧的", "src/main.c", 0, 7),
        ("这里", "src/main.c", 1, 0),
    ]
    assert rows(pulled.get("/pulls/6/reviews"), "state", "body") == [("REQUEST_CHANGES", "不行")]


def test_comments_arrive_at_their_times(pulled: Pulled) -> None:
    comments = [pulled.get(f"/issues/{number}/comments") for number in (1, 5, 6)]

    assert [rows(some, "body", "created_at") for some in comments] == [
        [("见 #2 和 !4", "2026-01-03T12:00:00Z")],
        [("整体", "2026-01-05T12:00:00Z"), ("`a.c`\n\n整个文件", "2026-01-06T12:00:00Z")],
        [("`src/main.c:3`\n\n没有了", "2026-01-08T12:00:00Z")],
    ]


def test_releases_arrive_with_the_bytes_of_their_files(pulled: Pulled) -> None:
    [release] = pulled.get("/releases")
    [asset] = release["assets"]

    assert (release["tag_name"], release["name"], asset["name"]) == ("v1/a", "一", "灯.svg")
    with urlopen(asset["browser_download_url"], timeout=30) as file:
        assert file.read() == CONTENT


def test_every_branch_and_tag_is_the_same(pulled: Pulled) -> None:
    def refs(url: str) -> set[str]:
        return set(pulled.person.git("ls-remote", "--heads", "--tags", url).splitlines())

    there = pulled.gitea.url.replace("//", f"//{OWNER}:{pulled.gitea.token}@")
    assert refs(f"{there}/{OWNER}/light.git") == refs(pulled.source) != set()

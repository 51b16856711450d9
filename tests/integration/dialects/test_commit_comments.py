"""What people said on commits, as GitCode's and Gitee's API v5 tell it, and to whom."""

from typing import Any

import pytest

from matou.model.metadata import CommitComment, DiffPosition, MarkupText, Participant
from support import gitcode_schemas
from support.gitcode_server import Harbour
from support.gitee_swagger import fields_of
from support.saved_conversation import NOON, SavedConversation, save

BASES = {"gitcode": "/api/v5/repos/harbour/ferry", "gitee": "/gitee/api/v5/repos/harbour/ferry"}
LOST = "d" * 40
"""A commit that was not saved."""

PLAIN = {"user.id is '17'"}
"""People's ids are texts in its newer answers."""


def comment(number: int, commit: str | None, **values: Any) -> CommitComment:
    text, moment = MarkupText(markup="markdown", body=f"说 {number}"), NOON.replace(day=number)
    return CommitComment(id=str(number), commit=commit, text=text, by="17", at=moment, updated_at=moment, **values)


@pytest.fixture(params=BASES)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ferry(platform: str, harbour: Harbour) -> Harbour:
    repository = harbour.repository("ferry")
    head = harbour.git("rev-parse", "main", repository=repository).strip()
    place = DiffPosition(path="a.c", side="new", line=7, as_given={"path": "a.c", "position": 7})
    said = SavedConversation(platform)
    said.people = {"17": Participant(id="17", login="wang", name="王海", email="wang@example.org")}
    said.on_commits = {
        one.id: one
        for one in (
            comment(3, head, position=place),
            comment(4, LOST, extra={"source": "web"}),
            comment(5, None),
            comment(6, head, gone_in=2),
        )
    }
    save(harbour.forge, repository, said)
    return harbour


def get(harbour: Harbour, platform: str, path: str, *, person: str | None = "chen", status: int = 200) -> Any:
    answer = harbour.ask_site("GET", f"{BASES[platform]}{path}", person=person)
    assert answer.status_code == status, answer.text
    return answer.json()


def ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


def test_all_that_the_source_still_has_are_listed_the_oldest_first(ferry: Harbour, platform: str) -> None:
    assert ids(get(ferry, platform, "/comments")) == [3, 4, 5]
    assert ids(get(ferry, platform, "/comments?order=desc&per_page=2")) == [5, 4]
    answer = ferry.ask_site("GET", f"{BASES[platform]}/comments?per_page=2&page=2", person="chen")
    assert (ids(answer.json()), answer.headers["total_count"]) == ([5], "3")
    get(ferry, platform, "/comments?order=up", status=400)


def test_those_on_one_commit_by_whatever_names_it(ferry: Harbour, platform: str) -> None:
    head = ferry.git("rev-parse", "main", repository=ferry.repository("ferry")).strip()

    assert ids(get(ferry, platform, f"/commits/{head}/comments")) == [3]
    assert ids(get(ferry, platform, f"/commits/{head[:10]}/comments")) == [3]
    assert ids(get(ferry, platform, "/commits/main/comments")) == [3]
    assert ids(get(ferry, platform, f"/commits/{LOST}/comments")) == [4]
    assert ids(get(ferry, platform, f"/commits/{'e' * 40}/comments")) == []
    get(ferry, platform, "/commits/nothing/comments", status=404 if platform == "gitee" else 400)


def test_one_tells_its_commit_its_line_and_what_the_platform_told_besides(ferry: Harbour, platform: str) -> None:
    on_line, of_lost, of_none = (get(ferry, platform, f"/comments/{number}") for number in (3, 4, 5))

    assert (on_line["path"], on_line["position"], on_line["user"]["login"]) == ("a.c", 7, "wang")
    assert LOST in of_lost["target"]["commit"].values()
    assert of_lost["source"] == "web"
    assert "commit" not in of_none["target"]
    get(ferry, platform, "/comments/6", status=404)
    get(ferry, platform, "/comments/none", status=404)


def test_answers_have_every_field_of_the_vendors_description(ferry: Harbour, platform: str) -> None:
    listed, one = get(ferry, platform, "/comments"), get(ferry, platform, "/comments/3")

    if platform == "gitee":
        assert set(fields_of("Note")) - set(one) == set()
    else:
        operation = "GET /repos/{owner}/{repo}/comments"
        assert [fault for row in (one, *listed) for fault in gitcode_schemas.faults(operation, row, without=PLAIN)] == [
            ".user.type is None"
        ][:0]


def test_what_another_platform_told_is_not_given_for_this_one_s_own(harbour: Harbour, platform: str) -> None:
    said, repository = SavedConversation("coding"), harbour.repository("ferry")
    place = DiffPosition(path="a.c", side="new", line=7, as_given={"Index": 3})
    said.on_commits = {"3": comment(3, LOST, position=place, extra={"Secret": 1})}
    save(harbour.forge, repository, said)

    row = get(harbour, platform, "/comments/3")

    assert (row["commit_id"], row["path"], row["new_line"]) == (LOST, "a.c", 7)
    assert not {"Secret", "Index"} & set(row)


@pytest.mark.parametrize("path", ["/comments", "/comments/3", f"/commits/{LOST}/comments", "/commits/main/comments"])
def test_whoever_may_not_read_the_repository_learns_nothing(ferry: Harbour, platform: str, path: str) -> None:
    get(ferry, platform, path, person=None, status=404)
    get(ferry, platform, path, person="xiao", status=404)

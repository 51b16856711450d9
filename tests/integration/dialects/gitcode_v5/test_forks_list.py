"""22: the forks of a repository, as far as the caller may see them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from matou.db.repositories import Repository
from matou.db.schema import forks
from matou.db.stars import Mark
from matou.forge.accounts.namespaces import create_organization
from matou.model.platform import Visibility
from support.deciding import put_mark
from support.gitcode_server import Harbour

FORKS = "/repos/harbour/light/forks"
Fork = Callable[..., Repository]


@pytest.fixture
def fork(harbour: Harbour) -> Fork:
    """Add a row that says: this was forked from harbour/light at noon of that day."""

    def make(path: str, day: int, visibility: Visibility = Visibility.PUBLIC) -> Repository:
        harbour.clock.moment = datetime(2024, 12, day, 4, tzinfo=UTC)
        made = harbour.add_repository(path, visibility=visibility, creator="xiao")
        parent = harbour.repository("light").id
        with harbour.forge.database.begin_write() as connection:
            connection.execute(insert(forks).values(repository_id=made.id, parent_id=parent))
        return made

    return make


def test_a_fork_has_the_keys_and_types_of_the_document(harbour: Harbour, fork: Fork) -> None:
    made = fork("xiao/light", 1)

    answer = harbour.ask("GET", FORKS, person=None)

    (shown,) = answer.json()
    wanted = {
        "id": made.id,
        "full_name": "xiao/light",
        "url": "http://code.example.org/api/v5/repos/xiao/light",
        "description": "",
        "status": "",
        "created_at": "2024-12-01T12:00:00.000+08:00",
        "updated_at": "2024-12-01T12:00:00.000+08:00",
        "pushed_at": None,
        "private": False,
        "public": True,
    }
    assert {key: shown[key] for key in wanted} == wanted
    assert {key: shown["namespace"][key] for key in ("type", "name", "path", "html_url")} == {
        "type": "personal",
        "name": "Xiao",
        "path": "xiao",
        "html_url": "http://code.example.org/xiao",
    }
    assert {key: shown["owner"][key] for key in ("id", "login", "name")} == {
        "id": harbour.people["xiao"].id,
        "login": "xiao",
        "name": "Xiao",
    }
    assert (shown["parent"]["id"], shown["parent"]["full_name"]) == (harbour.repository("light").id, "harbour/light")
    assert shown["parent"]["namespace"]["type"] == "organization"
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("1", "1")


def test_a_fork_in_an_organization_says_so(harbour: Harbour, fork: Fork) -> None:
    create_organization(harbour.forge, "pier", owner=harbour.people["xiao"])
    fork("pier/light", 1)

    (shown,) = harbour.ask("GET", FORKS).json()

    assert shown["namespace"]["type"] == "organization"


def test_a_private_fork_is_neither_shown_nor_counted_for_others(harbour: Harbour, fork: Fork) -> None:
    fork("xiao/open", 1)
    fork("xiao/secret", 2, Visibility.PRIVATE)

    answers = {person: harbour.ask("GET", FORKS, person=person) for person in (None, "chen", "xiao", "root")}

    names = {person: [shown["name"] for shown in answer.json()] for person, answer in answers.items()}
    assert names == {None: ["open"], "chen": ["open"], "xiao": ["secret", "open"], "root": ["secret", "open"]}
    assert [answer.headers["total_count"] for answer in answers.values()] == ["1", "1", "2", "2"]
    assert all("secret" not in answers[person].text for person in (None, "chen"))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["three", "two", "one"]),
        ({"sort": "newest"}, ["three", "two", "one"]),
        ({"sort": "oldest"}, ["one", "two", "three"]),
        ({"sort": "stargazers"}, ["two", "three", "one"]),
        ({"sort": "oldest", "per_page": "1", "page": "2"}, ["two"]),
        ({"created_after": "2024-12-02"}, ["three", "two"]),
        ({"created_before": "2024-12-02"}, ["one"]),
        ({"created_after": "2024-12-02T12:00:00+08:00", "created_before": "2024-12-03T12:00:00+08:00"}, ["two"]),
    ],
)
def test_forks_are_sorted_bounded_and_paged(
    harbour: Harbour, fork: Fork, asked: dict[str, str], names: list[str]
) -> None:
    made = {name: fork(f"xiao/{name}", day) for day, name in enumerate(("one", "two", "three"), 1)}
    put_mark(harbour.forge, Mark.STAR, harbour.people["chen"], made["two"])

    found = harbour.ask("GET", FORKS, params=asked).json()

    assert [shown["name"] for shown in found] == names


@pytest.mark.parametrize("asked", [{"sort": "size"}, {"created_after": "soon"}, {"page": "x"}])
def test_what_cannot_be_meant_is_refused(harbour: Harbour, asked: dict[str, str]) -> None:
    assert harbour.ask("GET", FORKS, params=asked).status_code == 400


@pytest.mark.parametrize(("person", "status"), [("gu", 200), ("xiao", 404), (None, 404)])
def test_the_forks_of_a_private_repository_are_for_those_who_see_it(
    harbour: Harbour, person: str | None, status: int
) -> None:
    assert harbour.ask("GET", "/repos/harbour/ferry/forks", person=person).status_code == status

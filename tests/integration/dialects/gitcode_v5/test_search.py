"""Searching for repositories and people: what one may see, the nearest first, never by an e-mail."""

import pytest

from matou.forge.access import Scope
from matou.forge.accounts.users import create_user
from matou.model.platform import Visibility
from support.deciding import describe_repository, set_active
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour


def found(harbour: Harbour, query: str, person: str | None = "chen") -> list[str]:
    answer = harbour.ask("GET", f"/search/repositories?{query}", person=person)
    assert answer.status_code == 200, answer.text
    assert answer.headers["total_count"] == str(len(answer.json()))
    return [row["full_name"] for row in answer.json()]


def people(harbour: Harbour, query: str) -> list[str]:
    return [row["login"] for row in harbour.ask("GET", f"/search/users?{query}").json()]


@pytest.fixture
def boats(harbour: Harbour) -> Harbour:
    for name in ("my-boat", "boat", "boat-house", "quay"):
        harbour.add_repository(name, visibility=Visibility.PUBLIC)
    describe_repository(harbour.forge, harbour.repository("quay"), "where a Boat lies")
    return harbour


def test_the_nearest_name_comes_first(boats: Harbour) -> None:
    names = ["boat", "boat-house", "my-boat", "quay"]

    assert found(boats, "q=BOAT") == [f"harbour/{name}" for name in names]
    assert found(boats, "q=BOAT&order=desc") == found(boats, "q=BOAT&order=asc")
    assert found(boats, "q=_") == []


def test_a_search_shows_what_may_be_seen(harbour: Harbour) -> None:
    assert [found(harbour, "q=the", person) for person in ("gu", "xiao")] == [
        ["harbour/ferry", "harbour/light"],
        ["harbour/light"],
    ]
    assert harbour.ask("GET", "/search/repositories?q=the", person=None).status_code == 401
    token = harbour.token("chen", frozenset({Scope.USER_READ}))
    assert harbour.ask("GET", "/search/repositories?q=the", token=token).status_code == 403


def test_what_became_private_is_not_found_by_the_next_search(harbour: Harbour) -> None:
    before = found(harbour, "q=the", "xiao")

    harbour.ask("PATCH", "/repos/harbour/light", json={"private": True}).raise_for_status()

    assert (before, found(harbour, "q=the", "xiao")) == (["harbour/light"], [])


def test_a_search_keeps_to_an_owner_and_to_no_forks_until_they_are_asked_for(boats: Harbour) -> None:
    boats.ask("POST", "/repos/harbour/light/forks", person="xiao").raise_for_status()
    boats.add_repository("chen/boat")

    assert found(boats, "q=boat&owner=chen") == ["chen/boat"]
    assert found(boats, "q=light") == ["harbour/light"]
    assert found(boats, "q=light&fork=true") == ["harbour/light", "xiao/light"]
    assert [found(boats, f"q=boat&owner={owner}") for owner in ("nobody", "..", "a%2F%2Fb")] == [[], [], []]


def test_a_search_is_sorted_by_stars_forks_and_pushes(boats: Harbour) -> None:
    boats.ask("PUT", "/user/starred/harbour/my-boat").raise_for_status()
    boats.commit({"x": b"x"}, "x", at=1_700_000_000, repository=boats.repository("quay"))
    boats.ask("POST", "/repos/harbour/quay/forks", person="xiao").raise_for_status()

    assert found(boats, "q=boat&sort=stars_count")[0] == "harbour/my-boat"
    assert found(boats, "q=boat&sort=stars_count&order=asc")[-1] == "harbour/my-boat"
    assert found(boats, "q=boat&sort=forks_count")[0] == "harbour/quay"
    assert len(found(boats, "q=boat&sort=last_push_at")) == 4


def test_a_search_without_a_word_or_by_language_is_refused(harbour: Harbour) -> None:
    for query in ("", "q=", "q=a&language=C", "q=a&sort=best", "q=a&order=up"):
        assert harbour.ask("GET", f"/search/repositories?{query}").status_code == 400
    assert harbour.ask("GET", "/search/users").status_code == 400


def test_a_found_repository_is_as_the_vendor_describes_it(harbour: Harbour) -> None:
    rows = harbour.ask("GET", "/search/repositories?q=light").json()

    assert faults("GET /search/repositories", rows) == []


def test_people_are_found_by_name_and_display_name(harbour: Harbour) -> None:
    create_user(harbour.forge, "li", display_name="李 Chen")

    assert people(harbour, "q=CHEN") == ["chen", "li"]
    assert people(harbour, "q=李") == ["li"]
    assert people(harbour, "q=example.org") == []
    assert people(harbour, "q=_") == []
    assert people(harbour, "q=%25") == []
    assert faults("GET /search/users", harbour.ask("GET", "/search/users?q=chen").json()) == []


def test_people_are_found_in_the_order_in_which_they_came(harbour: Harbour) -> None:
    assert people(harbour, "q=e&sort=joined_at&order=asc")[:2] == ["chen", "mei"]
    assert people(harbour, "q=e&sort=joined_at")[-1] == "chen"


def test_who_may_not_log_in_is_not_found(harbour: Harbour) -> None:
    before = people(harbour, "q=rui")

    set_active(harbour.forge, harbour.people["rui"], active=False)

    assert (before, people(harbour, "q=rui")) == (["rui"], [])
    assert harbour.ask("GET", "/search/users?q=rui", person=None).status_code == 401


def test_people_come_in_pages(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/search/users?q=e&per_page=1&page=2")

    assert len(answer.json()) == 1
    assert int(answer.headers["total_page"]) == int(answer.headers["total_count"]) > 1


def test_postgresql_finds_the_same(harbour_on_postgresql: Harbour) -> None:
    harbour = harbour_on_postgresql

    assert found(harbour, "q=LIGHT") == ["harbour/light"]
    assert found(harbour, "q=the&sort=stars_count&order=asc&fork=true") == ["harbour/ferry", "harbour/light"]
    assert people(harbour, "q=chen") == ["chen"]
    assert people(harbour, "q=e&sort=joined_at&order=asc")[:2] == ["chen", "mei"]

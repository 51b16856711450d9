"""25, 26, and the routes by which people star and watch."""

from datetime import UTC, datetime, timedelta

import pytest

from matou.db.stars import Mark
from matou.forge.access import Scope
from matou.model.platform import Visibility
from support.deciding import delete_repository, put_mark, set_visibility
from support.deciding import remove_namespace_member as remove_member
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour

LISTS = {"starred": ("stargazers", "starred"), "subscriptions": ("subscribers", "watched")}


@pytest.mark.parametrize(("folder", "moment"), [("starred", "starred_at"), ("subscriptions", "watch_at")])
def test_who_starred_or_watches_is_listed_as_in_the_document(harbour: Harbour, folder: str, moment: str) -> None:
    harbour.clock.moment = datetime(2024, 11, 13, 8, 15, 53, 287000, tzinfo=UTC)
    harbour.ask("PUT", f"/user/{folder}/harbour/light", person="xiao")

    answer = harbour.ask("GET", f"/repos/harbour/light/{LISTS[folder][0]}", person=None)

    assert answer.json() == [
        {
            "id": harbour.people["xiao"].id,
            "login": "xiao",
            "name": "Xiao",
            "avatar_url": "",
            moment: "2024-11-13T16:15:53.287+08:00",
        }
    ]
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("1", "1")


@pytest.mark.parametrize("folder", LISTS)
def test_to_star_to_ask_and_to_take_back(harbour: Harbour, folder: str) -> None:
    one = f"/user/{folder}/harbour/light"

    statuses = [harbour.ask(method, one, person="rui").status_code for method in ("GET", "PUT", "PUT", "GET")]
    there = harbour.ask("GET", f"/user/{folder}", person="rui").json()
    undone = [harbour.ask(method, one, person="rui").status_code for method in ("DELETE", "DELETE", "GET")]

    assert (statuses, undone) == ([404, 204, 204, 204], [204, 204, 404])
    assert [repository["full_name"] for repository in there] == ["harbour/light"]
    assert harbour.ask("GET", f"/user/{folder}", person="rui").json() == []


@pytest.mark.parametrize(
    ("repository", "person", "status"),
    [
        ("light", None, 401),
        ("light", "xiao", 204),
        ("ferry", "gu", 204),
        ("ferry", "xiao", 404),
        ("ferry", None, 404),
        ("nothing", "xiao", 404),
    ],
)
@pytest.mark.parametrize("folder", LISTS)
def test_whoever_sees_a_repository_may_star_it(
    harbour: Harbour, folder: str, repository: str, person: str | None, status: int
) -> None:
    assert harbour.ask("PUT", f"/user/{folder}/harbour/{repository}", person=person).status_code == status


@pytest.mark.parametrize("folder", LISTS)
def test_what_one_may_no_longer_see_is_not_in_the_list_and_cannot_be_asked_about(harbour: Harbour, folder: str) -> None:
    ferry, light = (f"/user/{folder}/harbour/{name}" for name in ("ferry", "light"))
    for one in (ferry, light):
        harbour.ask("PUT", one, person="rui")

    remove_member(harbour.forge, harbour.organization, harbour.people["rui"])
    set_visibility(harbour.forge, harbour.repository("light"), Visibility.PRIVATE)
    listed = harbour.ask("GET", f"/user/{folder}", person="rui")

    assert (listed.json(), listed.headers["total_count"]) == ([], "0")
    assert [harbour.ask(method, ferry, person="rui").status_code for method in ("GET", "PUT", "DELETE")] == [404] * 3
    assert harbour.ask("GET", f"/repos/harbour/ferry/{LISTS[folder][0]}", person="rui").status_code == 404


def test_a_list_of_ones_own_needs_somebody(harbour: Harbour) -> None:
    assert [harbour.ask("GET", f"/user/{folder}", person=None).status_code for folder in LISTS] == [401, 401]


@pytest.mark.parametrize("folder", LISTS)
@pytest.mark.parametrize(
    ("after", "before", "days"),
    [
        ("", "", [4, 3, 2, 1]),
        ("2024-12-02", "", [4, 3, 2]),
        ("", "2024-12-03", [2, 1]),
        ("2024-12-02", "2024-12-03", [2]),
        ("2024-12-02T00:00:00.001+08:00", "", [4, 3]),
        ("2024-12-01T16:00:00Z", "2024-12-03T00:00:00+08:00", [2]),
    ],
)
def test_lists_are_bounded_by_days_of_china_or_by_moments(
    harbour: Harbour, folder: str, after: str, before: str, days: list[int]
) -> None:
    route, word = LISTS[folder]
    for day, person in enumerate(("mei", "dora", "rui", "gu"), 1):
        harbour.clock.moment = datetime(2024, 11, 30, 16, tzinfo=UTC) + timedelta(days=day - 1)
        harbour.ask("PUT", f"/user/{folder}/harbour/light", person=person)

    asked = {f"{word}_after": after, f"{word}_before": before}
    answers = [harbour.ask("GET", f"/repos/harbour/light/{route}", params=asked)]
    # Not encoded, so that the plus sign of the zone comes as a space.
    bare = "&".join(f"{name}={value}" for name, value in asked.items())
    answers.append(harbour.ask("GET", f"/repos/harbour/light/{route}?{bare}"))

    people = [["mei", "dora", "rui", "gu"][day - 1] for day in days]
    assert [[person["login"] for person in answer.json()] for answer in answers] == [people, people]
    assert {answer.headers["total_count"] for answer in answers} == {str(len(days))}


@pytest.mark.parametrize("folder", LISTS)
@pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "99999999999999", "2024-01-01T25:00:00Z"])
def test_a_time_that_is_none_is_refused(harbour: Harbour, folder: str, text: str) -> None:
    route, word = LISTS[folder]

    answer = harbour.ask("GET", f"/repos/harbour/light/{route}", params={f"{word}_after": text})

    assert answer.status_code == 400


def test_pages_have_totals(harbour: Harbour) -> None:
    for person in ("mei", "dora", "rui"):
        put_mark(harbour.forge, Mark.STAR, harbour.people[person], harbour.repository("light"))

    answer = harbour.ask("GET", "/repos/harbour/light/stargazers", params={"page": "2", "per_page": "2"})

    assert len(answer.json()) == 1
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("3", "2")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["new", "light", "ferry"]),
        ({"sort": "created", "direction": "asc"}, ["ferry", "light", "new"]),
        ({"sort": "last_push", "direction": "desc"}, ["new", "light", "ferry"]),
        ({"per_page": "1", "page": "2"}, ["light"]),
    ],
)
def test_ones_own_stars_can_be_sorted(harbour: Harbour, asked: dict[str, str], names: list[str]) -> None:
    harbour.clock.advance(timedelta(days=1))
    harbour.add_repository("new")
    for name in ("new", "ferry", "light"):
        harbour.ask("PUT", f"/user/starred/harbour/{name}")

    found = harbour.ask("GET", "/user/starred", params=asked)

    assert [repository["name"] for repository in found.json()] == names
    assert found.headers["total_count"] == "3"


@pytest.mark.parametrize("asked", [{"sort": "size"}, {"direction": "up"}])
def test_an_order_that_is_none_is_refused(harbour: Harbour, asked: dict[str, str]) -> None:
    assert harbour.ask("GET", "/user/starred", params=asked).status_code == 400


def test_the_stars_of_a_deleted_repository_are_gone(harbour: Harbour) -> None:
    harbour.ask("PUT", "/user/starred/harbour/ferry")

    delete_repository(harbour.forge, harbour.repository())

    assert harbour.ask("GET", "/user/starred").json() == []


def test_a_repository_tells_how_many_stars_it_has_and_whether_one_is_the_callers(harbour: Harbour) -> None:
    harbour.ask("PUT", "/user/starred/harbour/light", person="rui")
    harbour.ask("PUT", "/user/starred/harbour/light", person="xiao")
    harbour.ask("PUT", "/user/subscriptions/harbour/light", person="xiao")

    (shown,) = harbour.ask("GET", "/user/starred", person="rui").json()

    assert (shown["stargazers_count"], shown["watchers_count"]) == (2, 1)
    assert (shown["starred"], shown["watched"]) == (True, False)


@pytest.mark.parametrize("folder", ["starred", "subscriptions"])
def test_what_others_marked_is_shown_as_far_as_one_may_see_it(harbour: Harbour, folder: str) -> None:
    for name in ("ferry", "light"):
        harbour.ask("PUT", f"/user/{folder}/harbour/{name}", person="dora").raise_for_status()
    shown = {
        person: sorted(row["path"] for row in harbour.ask("GET", f"/users/dora/{folder}", person=person).json())
        for person in (None, "xiao", "gu")
    }

    assert shown == {None: ["light"], "xiao": ["light"], "gu": ["ferry", "light"]}
    rows = harbour.ask("GET", f"/users/dora/{folder}", person="gu").json()
    assert faults(f"GET /users/{{username}}/{folder}", rows, without=["[].parent is None"]) == []


@pytest.mark.parametrize("folder", ["starred", "subscriptions"])
def test_somebody_who_is_not_there_looks_like_somebody_with_nothing_to_be_seen(harbour: Harbour, folder: str) -> None:
    harbour.ask("PUT", f"/user/{folder}/harbour/ferry", person="dora").raise_for_status()
    answers = [harbour.ask("GET", f"/users/{name}/{folder}", person=None) for name in ("dora", "nobody")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert harbour.ask("GET", f"/users/dora/{folder}", person="xiao").json() == []
    assert harbour.ask("GET", f"/users/nobody/{folder}", person="xiao").status_code == 404
    token = harbour.token("chen", frozenset({Scope.USER_READ}))
    assert harbour.ask("GET", f"/users/dora/{folder}", token=token).status_code == 403

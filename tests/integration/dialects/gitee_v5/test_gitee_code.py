"""What a client of Gitee's API v5 asks for first: who it is, repositories, branches, tags and commits."""

from typing import Any

import pytest

from support.gitcode_server import Harbour
from support.gitee_swagger import fields_of

FERRY = "/gitee/api/v5/repos/harbour/ferry"


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", path, person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_one_s_own_account_has_its_e_mail(harbour: Harbour) -> None:
    shown = get(harbour, "/gitee/api/v5/user")

    assert (shown["login"], shown["email"]) == ("chen", "chen@example.org")
    assert get(harbour, "/gitee/api/v5/user", person=None, status=401)["message"]


def test_a_repository_tells_what_the_caller_may_do(harbour: Harbour) -> None:
    shown = get(harbour, FERRY, person="dora")

    assert (shown["full_name"], shown["private"], shown["namespace"]["type"]) == ("harbour/ferry", True, "group")
    assert shown["permission"] == {"pull": True, "push": True, "admin": False}
    assert shown["html_url"].endswith("/harbour/ferry.git")
    assert get(harbour, FERRY, person="xiao", status=404) == {"message": "404 Project Not Found"}


def test_one_s_own_repositories_are_listed(harbour: Harbour) -> None:
    rows = get(harbour, "/gitee/api/v5/user/repos", person="chen", params={"per_page": 100})

    assert {"harbour/ferry", "harbour/light"} <= {row["full_name"] for row in rows}


def test_branches_tags_and_commits_have_what_the_vendor_describes(harbour: Harbour) -> None:
    harbour.git("tag", "v1", "main")
    [branch], [tag] = get(harbour, f"{FERRY}/branches"), get(harbour, f"{FERRY}/tags")
    newest, first = get(harbour, f"{FERRY}/commits")

    assert set(fields_of("Branch")) <= set(branch)
    assert (branch["name"], branch["commit"]["sha"], tag["commit"]["sha"]) == ("main", newest["sha"], newest["sha"])
    assert get(harbour, f"{FERRY}/branches/main") == branch
    assert newest["parents"][0]["sha"] == first["sha"]
    assert get(harbour, f"{FERRY}/commits/{first['sha']}") == first
    assert get(harbour, f"{FERRY}/commits", params={"sha": first["sha"]}) == [first]


@pytest.mark.parametrize("path", ["/branches/none", "/commits/none"])
def test_what_is_not_there_is_404(harbour: Harbour, path: str) -> None:
    assert list(get(harbour, f"{FERRY}{path}", status=404)) == ["message"]


@pytest.mark.parametrize("path", ["", "/branches", "/tags", "/commits", "/branches/main", "/commits/main"])
def test_of_a_private_repository_nothing_is_said_to_strangers(harbour: Harbour, path: str) -> None:
    for person in ("xiao", None):
        assert get(harbour, f"{FERRY}{path}", person=person, status=404) == {"message": "404 Project Not Found"}

"""Who one is, namespaces, organizations and lists of repositories, in the shapes of Gitee's API v5, and to whom."""

from typing import Any

import pytest

from matou.forge.access import Scope
from support.gitcode_server import Harbour
from support.gitee_swagger import fields_of

NOT_KEPT = {"blog", "weibo", "bio", "public_repos", "public_gists", "followers", "following", "stared", "watched"}
"""What an account has at Gitee, and none has here."""


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", f"/gitee/api/v5{path}", person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["full_name"] for row in rows}


@pytest.mark.parametrize(
    ("path", "definition", "without"),
    [
        ("/user", "UserDetail", {*NOT_KEPT, "created_at", "updated_at"}),
        ("/users/dora", "UserBasic", set()),
        ("/orgs/harbour", "Group", set()),
        ("/repos/harbour/ferry", "Project", {"open_issues_count"}),
    ],
)
def test_an_answer_has_every_field_of_the_vendor_s_description(
    harbour: Harbour, path: str, definition: str, without: set[str]
) -> None:
    assert set(fields_of(definition)) - set(get(harbour, path)) == without


@pytest.mark.parametrize(
    ("path", "definition", "without"),
    [
        ("/user/namespaces", "Namespace", {"parent"}),
        ("/user/orgs", "Group", set()),
        ("/users/chen/orgs", "Group", set()),
        ("/orgs/harbour/members", "UserBasic", set()),
        ("/user/repos", "Project", {"open_issues_count"}),
        ("/users/chen/repos", "Project", {"open_issues_count"}),
        ("/orgs/harbour/repos", "Project", {"open_issues_count"}),
    ],
)
def test_so_has_every_row_of_a_list(harbour: Harbour, path: str, definition: str, without: set[str]) -> None:
    rows = get(harbour, path)

    assert rows
    assert {frozenset(set(fields_of(definition)) - set(row)) for row in rows} == {frozenset(without)}


def test_an_organization_is_called_by_its_path(harbour: Harbour) -> None:
    [organization] = get(harbour, "/user/orgs")

    assert (organization["login"], organization["name"]) == ("harbour", "港口")
    assert [one["path"] for one in get(harbour, "/user/namespaces") if one["type"] == "group"] == ["harbour"]
    assert get(harbour, "/orgs/harbour") == organization
    assert get(harbour, "/user/enterprises") == []


def test_organizations_that_one_does_not_administer_are_left_out_on_demand(harbour: Harbour) -> None:
    assert get(harbour, "/user/orgs", person="dora", params={"admin": "true"}) == []
    assert len(get(harbour, "/user/orgs", person="mei", params={"admin": "true"})) == 1


def test_members_are_told_by_their_role(harbour: Harbour) -> None:
    admins = get(harbour, "/orgs/harbour/members", params={"role": "admin"})
    members = get(harbour, "/orgs/harbour/members", params={"role": "member"})

    assert {row["login"] for row in admins} == {"chen", "mei"}
    assert {row["login"] for row in members} == {"dora", "rui", "gu"}
    assert "email" not in {name for row in members for name, value in row.items() if value}
    assert get(harbour, "/orgs/harbour/members", person="xiao", status=403)["message"]


def test_repositories_are_listed_by_what_one_has_to_do_with_them(harbour: Harbour) -> None:
    harbour.add_repository("chen/own")
    everything = {"affiliation": "owner,collaborator,organization_member,enterprise_member,admin", "visibility": "all"}

    assert names(get(harbour, "/user/repos", params=everything)) >= {"chen/own", "harbour/ferry", "harbour/light"}
    assert names(get(harbour, "/user/repos", params={"affiliation": "owner"})) == {"chen/own"}
    assert get(harbour, "/user/repos", params={"affiliation": "enterprise_member"}) == []
    assert names(get(harbour, "/user/repos", params={"visibility": "public"})) == {"harbour/light"}
    assert get(harbour, "/user/repos", params={"affiliation": "nobody"}, status=400)["message"]
    assert get(harbour, "/user/repos", params={"type": "all", "visibility": "public"}, status=400)["message"]


def test_to_a_stranger_an_organization_has_what_is_public(harbour: Harbour) -> None:
    assert names(get(harbour, "/orgs/harbour/repos", person="xiao")) == {"harbour/light"}
    assert names(get(harbour, "/orgs/harbour/repos", person=None)) == {"harbour/light"}
    assert names(get(harbour, "/orgs/harbour/repos", params={"type": "private"})) == {"harbour/ferry"}


def test_lists_are_counted_and_paged(harbour: Harbour) -> None:
    answer = harbour.ask_site("GET", "/gitee/api/v5/orgs/harbour/repos", params={"per_page": 1, "page": 2})

    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("2", "2")
    assert names(answer.json()) == {"harbour/light"}


@pytest.mark.parametrize("path", ["/user", "/user/repos", "/user/orgs", "/user/namespaces", "/user/enterprises"])
def test_what_is_one_s_own_needs_somebody(harbour: Harbour, path: str) -> None:
    assert get(harbour, path, person=None, status=401)["message"]


def test_a_token_that_reads_no_repositories_lists_none(harbour: Harbour) -> None:
    token = harbour.token("chen", frozenset({Scope.USER_READ}))

    assert get(harbour, "/user", token=token)["login"] == "chen"
    assert get(harbour, "/user/repos", token=token, status=403)["message"]


def test_an_e_mail_is_its_owner_s(harbour: Harbour) -> None:
    assert get(harbour, "/users/chen", person="dora")["email"] is None
    assert get(harbour, "/users/nobody", status=404)["message"]

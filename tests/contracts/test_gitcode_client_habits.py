"""What clients of GitCode send and cannot bear, one habit a test, against our server.

The clients: `gc` (gitcode-cli/cli), `ag` (hust-open-atom-club/atomgit-cli), go-gitcode (opensourceways), the migration
script of opensourceways, picgo-plugin-gitcode, and the packages `gitcode`, `atomgit` and `gitcode-api`.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import create_organization
from matou.model.platform import Visibility
from support.deciding import add_member
from support.gitcode_server import PASSWORD, Harbour

FERRY = "/repos/harbour/ferry"
JSON = {"Content-Type": "application/json"}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TEXT = base64.b64encode(b"text\n").decode()

LISTS = (
    "/user/repos",
    "/users/chen/repos",
    "/orgs/harbour/repos",
    "/orgs/harbour/members",
    "/user/namespaces",
    "/users/orgs",
    "/user/starred",
    "/user/subscriptions",
    f"{FERRY}/branches",
    f"{FERRY}/tags",
    f"{FERRY}/commits",
    f"{FERRY}/contributors",
    f"{FERRY}/collaborators",
    f"{FERRY}/forks",
    f"{FERRY}/subscribers",
    f"{FERRY}/stargazers",
    f"{FERRY}/git/trees/main",
)


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every value of an answer that holds no other, with the name under which it stands."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, name)
    else:
        yield name, value


# gc


@pytest.mark.parametrize("owner", ["harbour", "chen"])
def test_gc_archives_with_a_status_and_no_password(harbour: Harbour, owner: str) -> None:
    harbour.add_repository(f"{owner}/boat")

    archived = harbour.ask("PUT", f"/org/{owner}/repo/boat/status", json={"status": 2})
    told = harbour.ask("GET", f"/repos/{owner}/boat").json()["status"]
    reopened = harbour.ask("PUT", f"/org/{owner}/repo/boat/status", json={"status": 0})

    assert (archived.status_code, archived.json()["code"], told, reopened.status_code) == (200, 1, "关闭", 200)


def test_gc_forks_with_an_empty_json_body(harbour: Harbour) -> None:
    forked = harbour.ask("POST", f"{FERRY}/forks", headers=JSON, content=b"")

    assert (forked.status_code, forked.json()["full_name"]) == (201, "chen/ferry")


def test_gc_posts_forms(harbour: Harbour) -> None:
    made = harbour.ask("POST", f"{FERRY}/branches", data={"branch_name": "feature/甲+c", "refs": "main"})

    assert (made.status_code, made.json()["name"]) == (201, "feature/甲+c")


def test_gc_deletes_a_branch_with_its_slash_escaped(harbour: Harbour) -> None:
    harbour.ask("POST", f"{FERRY}/branches", json={"branch_name": "feature/x", "refs": "main"})

    seen = harbour.ask("GET", f"{FERRY}/branches/feature%2Fx")
    gone = harbour.ask("DELETE", f"{FERRY}/branches/feature%2Fx")

    assert (seen.json()["name"], seen.json()["commit"]["id"], gone.status_code) == (
        "feature/x",
        harbour.git("rev-parse", "main").strip(),
        204,
    )


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [("/user", "f" * 40, 401), ("/repos/a/b", None, 404), (f"{FERRY}/git/blobs/x", None, 404)],
)
def test_gc_reads_a_failure_in_message_and_others_in_error_message(
    harbour: Harbour, path: str, token: str | None, status: int
) -> None:
    failed = harbour.ask("GET", path, token=token)

    said = failed.json()
    assert failed.status_code == status
    assert said["message"] == said["error_message"] != ""
    assert isinstance(said["error_code"], int)
    assert re.fullmatch("[0-9a-f]{32}", said["trace_id"])


# ag


@pytest.mark.parametrize(
    ("method", "path", "body", "taken"),
    [
        ("PUT", f"{FERRY}/transition", {"mode": 1}, {200}),
        ("PUT", f"{FERRY}/reviewer", {"assignees": "dora"}, {200}),
        ("PUT", f"{FERRY}/pull_request_settings", {"approval_required_approvers": 1}, {200}),
        ("PUT", f"{FERRY}/push_config", {"deny_force_push": True}, {200}),
        ("PATCH", FERRY, {"description": "new"}, {200, 204}),
        ("DELETE", FERRY, None, {200, 204}),
        ("POST", "/user/repos", {"name": "one"}, {200, 201, 204}),
        ("POST", "/orgs/harbour/repos", {"name": "one"}, {200, 201, 204}),
        ("POST", f"{FERRY}/forks", {}, {200, 201, 204}),
        ("POST", f"{FERRY}/transfer", {"new_owner": "chen"}, {200, 201, 204}),
        (
            "POST",
            "/org/harbour/projects/ferry/transfer",
            {"transfer_to": "chen", "password": PASSWORD},
            {200, 201, 204},
        ),
        ("GET", f"{FERRY}/contents/README.md", None, {200}),
        ("GET", f"{FERRY}/contents", None, {200}),
    ],
)
def test_ag_takes_only_these_statuses(harbour: Harbour, method: str, path: str, body: Any, taken: set[int]) -> None:
    assert harbour.ask(method, path, json=body).status_code in taken


def repositories(harbour: Harbour) -> dict[str, Any]:
    """One repository object of every route that answers with one, of repositories of every kind."""
    harbour.add_repository("empty", visibility=Visibility.PUBLIC)
    made = harbour.ask("POST", "/user/repos", json={"name": "made", "auto_init": True, "license_template": "mit"})
    forked = harbour.ask("POST", f"{FERRY}/forks", json={})
    assert (made.status_code, forked.status_code) == (201, 201)
    return {
        "made": made.json(),
        "made in an organization": harbour.ask("POST", "/orgs/harbour/repos", json={"name": "made"}).json(),
        "fork": forked.json(),
        "changed": harbour.ask("PATCH", FERRY, json={"description": ""}).json(),
        "one": harbour.ask("GET", FERRY).json(),
        "empty": harbour.ask("GET", "/repos/harbour/empty").json(),
        "empty, by anybody": harbour.ask("GET", "/repos/harbour/empty", person=None).json(),
        "of a licence": harbour.ask("GET", "/repos/chen/made").json(),
        **{
            f"{path} {number}": one
            for path in ("/user/repos", "/users/chen/repos", "/orgs/harbour/repos", f"{FERRY}/forks")
            for number, one in enumerate(harbour.ask("GET", path).json())
        },
    }


TEXTS = ("full_name", "name", "path", "description", "default_branch", "web_url", "html_url", "license")
ADDRESSES = ("web_url", "html_url", "http_url_to_repo")
COUNTS = ("stargazers_count", "forks_count", "watchers_count", "open_issues_count")


def test_every_repository_has_what_clients_cannot_do_without(harbour: Harbour) -> None:
    for whence, told in repositories(harbour).items():
        assert type(told["id"]) is int, whence
        assert all(isinstance(told[name], str) for name in TEXTS), whence
        assert all(told[name].startswith("http://code.example.org/") for name in ADDRESSES), whence
        assert isinstance(told["ssh_url_to_repo"], str), whence
        assert all(isinstance(told[name], bool) for name in ("private", "public", "internal", "fork")), whence
        assert all(type(told[name]) is int for name in COUNTS), whence
        assert told["namespace"]["path"], whence
        assert told["owner"]["login"] == "chen", whence
        assert all(RFC_3339.fullmatch(told[name]) for name in ("created_at", "updated_at")), whence


def test_ag_reads_whence_a_fork_is(harbour: Harbour) -> None:
    forked = harbour.ask("POST", f"{FERRY}/forks", json={}).json()

    assert (forked["parentfull_name"], harbour.ask("GET", FERRY).json()["parentfull_name"]) == ("harbour/ferry", "")


def test_ag_changes_and_removes_a_direct_member_only(harbour: Harbour) -> None:
    direct = f"{FERRY}/collaborators/xiao"
    harbour.ask("PUT", direct, json={"permission": "push"})

    given = harbour.ask("GET", f"{direct}/permission").json()
    inherited = harbour.ask("GET", f"{FERRY}/collaborators/dora/permission").json()

    assert (given["type"], given["source_name"], given["join_way"]) == ("ProjectMember", "ferry", "normal")
    assert (inherited["type"], inherited["source_name"], inherited["join_way"]) == ("OrganizationMember", "", "inherit")
    assert harbour.ask("GET", direct).json()["source_name"] == "ferry"


def test_ag_looks_for_where_it_may_transfer_to(harbour: Harbour) -> None:
    found = harbour.ask("GET", "/user/namespaces", params={"mode": "all", "page": 1, "perPage": 100}).json()

    assert {one["path"] for one in found} == {"harbour", "chen"}


# go-gitcode


def test_every_time_can_be_read_as_rfc_3339(harbour: Harbour) -> None:
    harbour.ask("PUT", "/user/starred/harbour/ferry")
    harbour.ask("PUT", "/user/subscriptions/harbour/ferry")
    harbour.git("tag", "v1", "main")
    paths = (*LISTS, FERRY, f"{FERRY}/commits/main", f"{FERRY}/branches/main", f"{FERRY}/events", "/user")

    for path in paths:
        for name, value in leaves(harbour.ask("GET", path).json()):
            if name.endswith("_at") or name in {"date", "authored_date", "committed_date"}:
                assert value in (None, "") or RFC_3339.fullmatch(str(value)), (path, name, value)


# the migration script


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", [1, 1000])
def test_every_list_tells_its_pages_even_beyond_the_last(harbour: Harbour, path: str, page: int) -> None:
    answer = harbour.ask("GET", path, params={"page": page, "per_page": 100}, headers=JSON)

    assert answer.status_code == 200
    assert int(answer.headers["total_count"]) >= 0
    assert int(answer.headers["total_page"]) <= 1
    if page > 1:
        assert answer.json() in ([], {"tree": []})


@pytest.mark.parametrize("setting", ["repo_settings", "pull_request_settings"])
def test_settings_come_as_forms_with_booleans_in_words(harbour: Harbour, setting: str) -> None:
    body = {"repo_settings": "disable_fork", "pull_request_settings": "is_check_cla"}[setting]
    told = [harbour.ask("PUT", f"{FERRY}/{setting}", data={body: word}) for word in ("true", "True", "1", "false")]

    assert [one.status_code for one in told] == [200] * 4
    flags = [dict(leaves(one.json()))[body] for one in told]
    assert flags == [True, True, True, False]


def test_a_migrated_repository_is_described_opened_and_given_its_branch(harbour: Harbour) -> None:
    harbour.commit({"a": b"a\n"}, "dev", at=1_700_200_000, branch="dev")
    body = {"private": False, "default_branch": "dev", "description": "moved"}

    answer = harbour.ask("PATCH", FERRY, json=body)

    told = answer.json()
    assert answer.status_code == 200
    assert (told["private"], told["default_branch"], told["description"]) == (False, "dev", "moved")


def test_a_member_comes_as_a_form(harbour: Harbour) -> None:
    given = harbour.ask("PUT", f"{FERRY}/collaborators/xiao", data={"permission": "pull"})

    assert given.status_code == 200


# picgo


def test_picgo_posts_a_file_with_all_in_multipart_and_deletes_it_with_all_in_the_query(harbour: Harbour) -> None:
    token = harbour.token()
    path = f"{FERRY}/contents/img/%E5%9B%BE.png"
    parts = {"access_token": (None, token), "content": (None, TEXT), "message": (None, "Upload by PicGo")}

    made = harbour.ask("POST", path, person=None, files=parts)
    query = {"access_token": token, "message": "Delete by PicGo", "sha": made.json()["content"]["sha"]}
    gone = harbour.ask("DELETE", path, person=None, params=query)

    assert (made.status_code, made.json()["content"]["path"], gone.status_code) == (201, "img/图.png", 200)
    assert harbour.ask("GET", path).status_code == 404


def test_picgo_reads_that_a_file_is_there_already(harbour: Harbour) -> None:
    refused = harbour.ask("POST", f"{FERRY}/contents/README.md", json={"content": TEXT, "message": "m"})

    assert refused.status_code == 400
    assert re.search("already exist", refused.json()["error_message"])


# the packages `gitcode` and `atomgit`, `gitcode-api`, and scripts


@pytest.mark.parametrize("header", ["Authorization", "authorization"])
@pytest.mark.parametrize("word", ["token", "Token", "Bearer", "bearer"])
def test_a_token_comes_after_any_of_these_words(harbour: Harbour, header: str, word: str) -> None:
    answer = harbour.ask("GET", "/user", person=None, headers={header: f"{word} {harbour.token()}"})

    assert answer.json()["login"] == "chen"


@pytest.mark.parametrize("path", ["/user/", f"{FERRY}/", "//user", f"{FERRY}/branches/", f"{FERRY}//branches"])
def test_slashes_too_many_mean_nothing(harbour: Harbour, path: str) -> None:
    assert harbour.ask("GET", path).status_code == 200


def test_a_get_may_say_that_its_body_is_json_and_have_none(harbour: Harbour) -> None:
    assert harbour.ask("GET", FERRY, headers=JSON).status_code == 200


@pytest.mark.parametrize("path", [f"{FERRY}/module/setting", f"{FERRY}/push_config", f"{FERRY}/repo_settings"])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_change_of_nothing_is_no_failure(harbour: Harbour, path: str, body: bytes) -> None:
    assert harbour.ask("PUT", path, headers=JSON, content=body).status_code == 200


def test_a_page_has_at_most_a_hundred(harbour: Harbour) -> None:
    assert harbour.ask("GET", f"{FERRY}/commits", params={"per_page": 1000}).status_code == 200


def test_gitcode_api_forks_into_the_namespace_that_it_names(harbour: Harbour) -> None:
    create_organization(harbour.forge, "quay", owner=harbour.people["chen"])

    forked = harbour.ask("POST", f"{FERRY}/forks", json={"namespace": "quay"})

    assert (forked.status_code, forked.json()["full_name"]) == (201, "quay/ferry")


@pytest.mark.parametrize("path", [f"{FERRY}/contents/.gitcode", f"{FERRY}/contents/.github", "/repos/harbour/.gitcode"])
def test_a_template_that_is_not_there_is_not_found(harbour: Harbour, path: str) -> None:
    assert harbour.ask("GET", path).status_code == 404


def test_a_script_reads_its_name_and_pushes_there(harbour: Harbour) -> None:
    add_member(harbour.forge, harbour.organization, harbour.people["xiao"], Role.DEVELOPER)

    made = harbour.ask("POST", "/orgs/harbour/repos", json={"name": "Mirror One", "path": "mirror-one"}).json()

    assert made["full_name"] == "harbour/mirror-one"
    assert made["http_url_to_repo"].endswith("/harbour/mirror-one.git")
    assert harbour.ask("GET", f"/repos/{made['full_name']}").json()["id"] == made["id"]

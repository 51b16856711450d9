"""11, 13, 14, 19, 20, 31, 33: made, shown, changed, archived, moved and deleted, as the document has it."""

from dataclasses import replace
from typing import Any

import pytest

from matou.forge.access import Scope
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.model.repository_settings import Modules
from support.created_repositories import (
    HOSTILE,
    KEYS_OF_A_NAMESPACE,
    KEYS_OF_THE_DOCUMENT,
    created,
    files_of,
    nothing_was_made,
)
from support.deciding import create_project, read_settings, rename_repository, set_visibility
from support.git_repositories import commit_stream, fast_import
from support.gitcode_server import Harbour
from support.matou_server import MatouServer


@pytest.fixture
def on_postgresql(harbour_on_postgresql: Harbour) -> Harbour:
    return harbour_on_postgresql


def test_31_makes_a_repository_of_one_s_own(harbour: Harbour) -> None:
    body = created(harbour, name="test2", description="a test", homepage="https://example.com", private=True)

    assert body.keys() >= KEYS_OF_THE_DOCUMENT
    assert body["namespace"].keys() >= KEYS_OF_A_NAMESPACE
    assert (body["full_name"], body["human_name"], body["path"], body["name"]) == (
        "chen/test2", "Chen / test2", "test2", "test2",
    )  # fmt: skip
    assert (body["private"], body["public"], body["visibility"]) == (True, False, "private")
    assert (body["namespace"]["kind"], body["namespace"]["full_path"]) == ("user", "chen")
    assert (body["description"], body["homepage"]) == ("a test", "https://example.com")
    assert (body["owner"]["login"], body["owner"]["id"]) == ("chen", str(harbour.people["chen"].id))
    assert body["permission"] == {"pull": True, "push": True, "admin": True}
    assert body["http_url_to_repo"] == body["html_url"] == "http://code.example.org/chen/test2.git"
    assert harbour.git("for-each-ref", repository=harbour.repository("chen/test2")) == ""


def test_20_makes_one_in_an_organization(harbour: Harbour) -> None:
    body = created(harbour, path="/orgs/harbour/repos", person="mei", name="tug")

    assert (body["full_name"], body["namespace"]["kind"], body["namespace"]["name"]) == ("harbour/tug", "group", "港口")
    assert (body["relation"], body["human_name"]) == ("master", "港口 / tug")


def test_both_work_on_postgresql(on_postgresql: Harbour) -> None:
    own = created(on_postgresql, name="own", auto_init=True, license_template="MIT", has_wiki=False)
    shared = created(on_postgresql, path="/orgs/harbour/repos", name="shared")

    assert (own["full_name"], own["has_wiki"], shared["full_name"]) == ("chen/own", False, "harbour/shared")


@pytest.mark.parametrize(
    ("sent", "visibility"),
    [
        ({}, "public"),
        ({"private": True}, "private"),
        ({"private": "true"}, "private"),
        ({"private": "1"}, "private"),
        ({"private": False}, "public"),
        ({"private": "false"}, "public"),
        ({"private": None}, "public"),
        ({"public": 0}, "private"),
        ({"public": "2"}, "internal"),
        ({"public": 1, "private": True}, "public"),
        ({"public": 0, "private": False}, "private"),
    ],
)
def test_public_goes_before_private(harbour: Harbour, sent: dict[str, Any], visibility: str) -> None:
    body = created(harbour, path="/orgs/harbour/repos", name="tug", **sent)

    assert body["visibility"] == visibility
    assert (body["private"], body["public"]) == (visibility == "private", visibility == "public")


@pytest.mark.parametrize("kind", ["json", "data", "files", "params"])
def test_it_is_read_from_json_a_form_multipart_or_the_query(harbour: Harbour, kind: str) -> None:
    fields: dict[str, Any] = {"name": "4", "has_issues": "true", "can_comment": "true", "private": "true"}
    if kind == "files":
        fields = {name: (None, value) for name, value in fields.items()}

    answer = harbour.ask("POST", "/orgs/harbour/repos", **{kind: fields})  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["private"]) == (201, True)


def test_the_name_is_what_people_say_and_the_path_what_stands_in_urls(harbour: Harbour) -> None:
    body = harbour.ask("POST", "/user/repos", json={"name": "The Tug 拖船", "path": "tug"}).json()

    assert (body["full_name"], body["name"], body["human_name"]) == ("chen/tug", "The Tug 拖船", "Chen / The Tug 拖船")


def test_what_is_switched_off_from_the_start_is_off(harbour: Harbour) -> None:
    created(harbour, name="quiet", has_issues=False, has_wiki="false", can_comment=False)

    modules = read_settings(harbour.forge, harbour.repository("chen/quiet"), Modules)
    assert (modules.has_issue, modules.has_wiki, modules.can_comment, modules.has_fork) == (False, False, False, True)


def test_auto_init_commits_a_readme(harbour: Harbour) -> None:
    body = created(harbour, name="demo", description="what it is for", auto_init=True)

    assert files_of(harbour, "chen/demo") == {"README.md": "# demo\n\nwhat it is for\n"}
    repository = harbour.repository("chen/demo")
    assert harbour.git("log", "-1", "--format=%an %ae %s", repository=repository) == (
        "Chen chen@example.org Initial commit\n"
    )
    assert body["default_branch"] == "main"
    harbour.git("fsck", "--strict", repository=repository)


def test_templates_are_committed_filled_in_on_the_branch_that_was_asked_for(harbour: Harbour) -> None:
    body = created(harbour, name="demo", gitignore_template="python", license_template="MIT", default_branch="trunk")

    files = files_of(harbour, "chen/demo", "trunk")
    assert set(files) == {".gitignore", "LICENSE"}
    assert "__pycache__/" in files[".gitignore"]
    assert f"Copyright (c) {harbour.clock.now().year} Chen\n" in files["LICENSE"]
    assert body["default_branch"] == "trunk"
    assert harbour.git("symbolic-ref", "HEAD", repository=harbour.repository("chen/demo")) == "refs/heads/trunk\n"


def test_a_license_in_an_organization_names_the_organization(harbour: Harbour) -> None:
    created(harbour, path="/orgs/harbour/repos", name="demo", license_template="Apache_License_v2.0", auto_init=True)
    created(harbour, path="/orgs/harbour/repos", name="demo2", license_template="mit")

    assert "港口" in files_of(harbour, "demo2")["LICENSE"]
    assert set(files_of(harbour, "demo")) == {"LICENSE", "README.md"}


@pytest.mark.parametrize(
    "sent",
    [
        {"gitignore_template": "Klingon"},
        {"license_template": "../../etc/passwd"},
        {"default_branch": "-x", "auto_init": True},
        {"default_branch": "a..b"},
        {"homepage": "javascript:alert(1)"},
        {"description": "d" * 20_000},
        {"public": 3},
        {"public": -1},
        {"public": [1]},
        {"private": "perhaps"},
        {"auto_init": {"a": 1}},
        {"import_url": "https://example.com/x.git", "auto_init": True},
        {"import_url": "https://example.com/x.git", "license_template": "MIT"},
        {"import_url": "file:///etc"},
        {"import_url": "http://169.254.169.254/latest"},
        {"import_url": "http://127.0.0.1/x.git"},
        {"import_url": "http://user:hunter2@example.com/x.git"},
        {"project_template": "a/b"},
        {"repository_type": "model"},
        {"name": ["a"]},
        {"name": ""},
        {"name": None},
    ],
)
def test_what_cannot_be_makes_nothing(harbour: Harbour, sent: dict[str, Any]) -> None:
    answer = harbour.ask("POST", "/user/repos", json={"name": "demo", **sent})

    assert answer.status_code == 400, answer.text
    assert {"error_code", "error_code_name", "error_message", "trace_id"} <= answer.json().keys()
    assert "hunter2" not in answer.text
    assert nothing_was_made(harbour)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["name", "path"])
def test_hostile_names_make_nothing(harbour: Harbour, name: str, field: str) -> None:
    for route in ("/user/repos", "/orgs/harbour/repos"):
        answer = harbour.ask("POST", route, json={"name": "demo", field: name})

        assert answer.status_code == 400 or (field == "path" and name == " "), answer.text
    assert nothing_was_made(harbour) or (field == "path" and name == " ")


@pytest.mark.parametrize("owner", ["..", "harbour%2F..", "a%5Cb", "nowhere", "%00", "x.git"])
def test_a_hostile_or_missing_organization_makes_nothing(harbour: Harbour, owner: str) -> None:
    answer = harbour.ask("POST", f"/orgs/{owner}/repos", json={"name": "demo"})

    assert answer.status_code in (400, 404)
    assert nothing_was_made(harbour)


@pytest.mark.parametrize("taken", ["ferry", "FERRY", "Ferry"])
def test_a_name_that_is_taken_is_400(harbour: Harbour, taken: str) -> None:
    answer = harbour.ask("POST", "/orgs/harbour/repos", json={"name": taken})

    assert (answer.status_code, answer.json()["error_code_name"]) == (400, "UN_KNOW")
    assert nothing_was_made(harbour)


@pytest.mark.parametrize(
    ("person", "status"), [("dora", 403), ("rui", 403), ("gu", 403), ("xiao", 403), (None, 401), ("mei", 201)]
)
def test_who_may_create_in_an_organization(harbour: Harbour, person: str | None, status: int) -> None:
    """xiao sees that it is there, since it holds a public repository."""
    assert harbour.ask("POST", "/orgs/harbour/repos", person=person, json={"name": "demo"}).status_code == status


def test_an_organization_that_somebody_may_not_see_looks_like_none(harbour: Harbour) -> None:
    set_visibility(harbour.forge, harbour.repository("light"), Visibility.PRIVATE)

    hidden, missing = (
        harbour.ask("POST", f"/orgs/{name}/repos", person="xiao", json={"name": "demo"}).json()
        for name in ("harbour", "harbours")
    )

    assert {**hidden, "trace_id": ""} == {**missing, "trace_id": ""}


def test_a_token_without_the_scope_makes_nothing(harbour: Harbour) -> None:
    token = harbour.token("chen", frozenset({Scope.REPOSITORY_READ, Scope.USER_READ}))

    assert harbour.ask("POST", "/user/repos", token=token, json={"name": "demo"}).status_code == 403
    assert nothing_was_made(harbour)


def test_a_nested_namespace_is_named_with_its_slash_encoded(harbour: Harbour) -> None:
    create_project(harbour.forge, harbour.organization, "docks", creator=harbour.people["chen"])

    body = created(harbour, path="/orgs/harbour%2Fdocks/repos", name="dry")

    assert body["full_name"] == "harbour/docks/dry"
    assert body["url"] == "http://code.example.org/api/v5/repos/harbour%2Fdocks/dry"
    assert harbour.ask("GET", "/repos/harbour%2Fdocks/dry").json()["enterprise"]["path"] == "harbour"


@pytest.fixture
def allowing(harbour: Harbour) -> Harbour:
    return Harbour(replace(harbour.forge, imports_may_reach_private=True), harbour.clock)


def test_import_url_brings_everything(allowing: Harbour, matou_server: MatouServer) -> None:
    origin = matou_server.repository(visibility=Visibility.PUBLIC)
    fast_import(matou_server.git_dir(origin), commit_stream("trunk", {"file": b"1\n"}, "first"))

    body = created(allowing, name="copy", import_url=matou_server.clone_url(origin), private=True)

    assert (body["full_name"], body["visibility"]) == ("chen/copy", "private")
    assert files_of(allowing, "chen/copy", "trunk") == {"file": "1\n"}


@pytest.mark.parametrize(
    ("said", "visibility"),
    [({}, "private"), ({"private": False}, "public"), ({"public": 1}, "public"), ({"private": True}, "private")],
)
def test_what_is_imported_is_private_unless_it_is_said(
    allowing: Harbour, matou_server: MatouServer, said: dict[str, Any], visibility: str
) -> None:
    origin = matou_server.repository(visibility=Visibility.PUBLIC)
    fast_import(matou_server.git_dir(origin), commit_stream("trunk", {"file": b"1\n"}, "first"))

    body = created(allowing, name="copy", import_url=matou_server.clone_url(origin), **said)

    assert body["visibility"] == visibility


def test_an_import_that_fails_is_told_and_leaves_nothing(allowing: Harbour) -> None:
    answer = allowing.ask("POST", "/user/repos", json={"name": "copy", "import_url": "http://127.0.0.1:1/x.git"})

    assert answer.status_code == 400
    assert "fatal" not in answer.text
    assert nothing_was_made(allowing)


def test_one_repository_is_shown_with_all_that_clients_look_for(harbour: Harbour) -> None:
    body = harbour.ask("GET", "/repos/harbour/light", person=None).json()

    assert {
        "id", "full_name", "human_name", "url", "namespace", "path", "name", "description", "status", "ssh_url_to_repo",
        "http_url_to_repo", "web_url", "html_url", "readme_url", "created_at", "updated_at", "homepage", "creator",
        "members", "assignee", "forks_count", "stargazers_count", "project_labels", "relation", "permission",
        "internal", "open_issues_count", "has_issue", "watched", "watchers_count", "assignees_number", "enterprise",
        "default_branch", "fork", "pushed_at", "owner", "assigner", "issue_template_source", "language",
        "main_repository_language", "repo_type", "repository_type", "license", "parent", "private", "public",
    } <= body.keys()  # fmt: skip
    assert (body["status"], body["relation"], body["license"]) == ("开始", "", "")
    assert body["permission"] == {"pull": True, "push": False, "admin": False}
    assert body["html_url"].endswith(".git")
    assert body["created_at"].endswith("+08:00")
    assert body["creator"]["email"] == ""


@pytest.mark.parametrize(
    ("person", "relation", "permission"),
    [
        ("chen", "master", (True, True, True)),
        ("mei", "master", (True, True, True)),
        ("dora", "developer", (True, True, False)),
        ("rui", "reporter", (True, False, False)),
        ("gu", "guest", (False, False, False)),
        ("root", "", (True, True, True)),
    ],
)
def test_what_the_caller_may_do_is_told(
    harbour: Harbour, person: str, relation: str, permission: tuple[bool, bool, bool]
) -> None:
    body = harbour.ask("GET", "/repos/harbour/ferry", person=person).json()

    assert body["relation"] == relation
    assert tuple(body["permission"][name] for name in ("pull", "push", "admin")) == permission


def test_a_private_repository_and_a_missing_one_answer_alike(harbour: Harbour) -> None:
    hidden, missing = (harbour.ask("GET", f"/repos/harbour/{name}", person="xiao") for name in ("ferry", "fairy"))

    assert hidden.status_code == missing.status_code == 404
    assert {**hidden.json(), "trace_id": ""} == {**missing.json(), "trace_id": ""}


def test_a_name_that_redirects_can_be_taken_anew(harbour: Harbour) -> None:
    rename_repository(harbour.forge, harbour.repository(), "liner")

    created(harbour, path="/orgs/harbour/repos", name="ferry")

    assert harbour.ask("GET", "/repos/harbour/ferry").json()["full_name"] == "harbour/ferry"
    assert find_repository(harbour.forge, RepositoryPath.parse("harbour/liner")).name == "liner"


@pytest.mark.parametrize(
    "branch", ["a" * 40, "F" * 64, "HEAD", "@", "refs/heads/x", "-x", "a\u202eb", "x" * 300], ids=lambda name: name[:9]
)
def test_a_default_branch_is_called_as_any_other_may_be(harbour: Harbour, branch: str) -> None:
    harbour.ask("POST", "/user/repos", json={"name": "empty"})

    answers = [
        harbour.ask("POST", "/user/repos", json={"name": "made", "default_branch": branch}),
        harbour.ask("POST", "/user/repos", json={"name": "begun", "default_branch": branch, "auto_init": True}),
        harbour.ask("PATCH", "/repos/chen/empty", json={"default_branch": branch}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert harbour.ask("GET", "/user/repos?type=personal").headers["total_count"] == "1"

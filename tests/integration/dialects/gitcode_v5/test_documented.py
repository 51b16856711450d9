"""Whatever GitCode's and Gitee's documents have and we have not is not there, however its path could be read."""

import re
from pathlib import Path

import pytest

from matou.server.dialects.gitcode_v5 import documented_operations
from matou.server.dialects.gitcode_v5.table import ROUTES
from support.gitcode_server import Harbour

DATA = Path(__file__).parents[3] / "data"
OPERATIONS = {
    platform: tuple(line.split() for line in (DATA / platform / "operations.txt").read_text().splitlines())
    for platform in ("gitcode", "gitee")
}
NOWHERE = "the API has nothing at this path"
FERRY = "/repos/harbour/ferry"
BRANCHES = ("ui/setting", "ui/protection", "setting/new", "deep/down/setting")
KNOWN = {
    "{owner}": "harbour",
    "{org}": "harbour",
    "{repo}": "ferry",
    "{branch}": "ui",
    "{wildcard}": "ui",
    "{ref}": "main",
    "{username}": "dora",
}
_NAME = re.compile(r"\{[^}]*\}")


def shape(path: str) -> str:
    """`compare/{base}...{head}` is one name: both may hold slashes."""
    return _NAME.sub("{}", path.removeprefix("/api/v5")).replace("{}...{}", "{}")


def filled(path: str) -> str:
    return _NAME.sub(lambda name: KNOWN.get(name[0], "7"), path)


HAD = {(row.method, shape(row.path)) for row in ROUTES}
PATHS_HAD = {path for _, path in HAD}
MISSING = sorted(
    {
        (method, path)
        for operations in OPERATIONS.values()
        for method, path in operations
        if (method, shape(path)) not in HAD
    }
)


@pytest.fixture
def branches(harbour: Harbour) -> tuple[str, ...]:
    for name in BRANCHES:
        harbour.git("update-ref", f"refs/heads/{name}", "refs/heads/main")
    return BRANCHES


def refs(harbour: Harbour) -> str:
    return harbour.git("for-each-ref")


def told(harbour: Harbour, method: str, path: str) -> tuple[int, str]:
    answer = harbour.ask_site(method, path)
    return answer.status_code, answer.json()["message"]


def test_all_of_both_documents_is_walked() -> None:
    assert {platform: len(operations) for platform, operations in OPERATIONS.items()} == {"gitcode": 240, "gitee": 243}


def test_what_is_documented_and_not_had_is_nowhere_and_changes_nothing(
    harbour: Harbour, branches: tuple[str, ...]
) -> None:
    harbour.add_repository("harbour/issues")
    before, walked = refs(harbour), [row for row in MISSING if row[1].startswith(("/api/", "/oauth/"))]

    answers = {row: told(harbour, row[0], filled(row[1])) for row in walked if shape(row[1]) not in PATHS_HAD}

    assert {row: answer for row, answer in answers.items() if answer != (404, NOWHERE)} == {}
    assert refs(harbour) == before
    assert harbour.ask("GET", "/repos/harbour/issues").json()["name"] == "issues"
    assert [name for name in branches if f"refs/heads/{name}" not in before] == []


def test_another_method_than_those_of_a_path_that_is_there_is_told_as_that(harbour: Harbour) -> None:
    elsewhere = [row for row in MISSING if shape(row[1]) in PATHS_HAD]

    assert {told(harbour, method, filled(path))[0] for method, path in elsewhere} <= {405}


@pytest.mark.parametrize("ending", ["%73etting", "settin%67", "se%74%74ing", "setting/", "/setting"])
def test_however_it_is_spelled_what_is_below_a_branch_is_no_branch(
    harbour: Harbour, branches: tuple[str, ...], ending: str
) -> None:
    assert "ui/setting" in branches
    before = refs(harbour)

    assert told(harbour, "DELETE", f"/api/v5{FERRY}/branches/ui/{ending}") == (404, NOWHERE)
    assert refs(harbour) == before


@pytest.mark.parametrize("method", ["DELETE", "GET", "PATCH", "POST", "PUT"])
@pytest.mark.parametrize("name", BRANCHES)
def test_no_method_takes_what_is_below_a_branch_for_a_branch(
    harbour: Harbour, branches: tuple[str, ...], method: str, name: str
) -> None:
    assert name in branches
    before = refs(harbour)

    assert told(harbour, method, f"/api/v5{FERRY}/branches/{name}") == (404, NOWHERE)
    assert refs(harbour) == before


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_of_such_a_name_is_reached_with_its_slash_encoded(
    harbour: Harbour, branches: tuple[str, ...], name: str
) -> None:
    assert name in branches
    path = f"{FERRY}/branches/{name.replace('/', '%2F')}"

    assert harbour.ask("GET", path).json()["name"] == name
    assert harbour.ask("DELETE", path).status_code == 204
    assert harbour.ask("GET", path).status_code == 404


def test_a_branch_called_as_what_is_below_one_is_a_branch(harbour: Harbour) -> None:
    harbour.git("update-ref", "refs/heads/setting", "refs/heads/main")

    assert harbour.ask("GET", f"{FERRY}/branches/setting").json()["name"] == "setting"
    assert harbour.ask("DELETE", f"{FERRY}/branches/setting").status_code == 204


def test_a_file_called_as_what_is_below_a_branch_is_a_file(harbour: Harbour) -> None:
    harbour.commit({"ui/setting": b"x", "ui/comments": b"y"}, "third", at=1_700_200_000)

    assert harbour.ask("GET", f"{FERRY}/raw/ui/setting").content == b"x"
    assert harbour.ask("GET", f"{FERRY}/contents/ui/comments").json()["path"] == "ui/comments"


NOT_HAD_OF_COMMITS = [
    row.path.rpartition("/")[2]
    for row in documented_operations()
    if shape(row.path).startswith("/repos/{}/{}/commits/{}/") and ("GET", shape(row.path)) not in HAD
]


@pytest.mark.parametrize("below", NOT_HAD_OF_COMMITS)
@pytest.mark.parametrize("commit", ["{tip}", "main", "feature/x", "feature%2Fx"])
def test_what_is_not_had_of_a_commit_does_not_say_that_the_commit_is_missing(
    harbour: Harbour, below: str, commit: str
) -> None:
    harbour.git("update-ref", "refs/heads/feature/x", "refs/heads/main")
    tip = harbour.git("rev-parse", "main").strip()

    assert told(harbour, "GET", f"/api/v5{FERRY}/commits/{commit.format(tip=tip)}/{below}") == (404, NOWHERE)
    assert harbour.ask("GET", f"{FERRY}/commits/{commit.format(tip=tip)}").json()["sha"] == tip


def test_a_user_called_as_what_is_documented_is_still_a_member(harbour: Harbour) -> None:
    """GET collaborators/self-permission is documented; PUT and DELETE of that name are about a person."""
    answers = [harbour.ask(method, f"{FERRY}/collaborators/self-permission") for method in ("GET", "DELETE")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.json()["message"] == NOWHERE for answer in answers] == [True, False]


def test_nobody_else_s_api_is_below_a_version_that_we_have_not(harbour: Harbour) -> None:
    assert told(harbour, "GET", "/api/v8/user/repos") == (404, NOWHERE)
    assert harbour.ask_site("GET", "/api/v8/user.git/info/refs?service=git-upload-pack", person=None).status_code == 401

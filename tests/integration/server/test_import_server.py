"""The server for importers lets in who has a token for it, to what that token is for, while the token lasts."""

import asyncio
import subprocess
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.db.engine import open_database
from matou.db.namespaces import Namespace, find_namespace
from matou.forge.accounts.read_grants import grant_reading, revoke_grant
from matou.forge.forge import Forge
from matou.model.metadata import CustomField, IssueType, ItemLink, MarkupText, Milestone, Priority, WorkflowStatus
from matou.model.names import NamespacePath, RepositoryPath
from matou.server.import_server import Beacon, build_import_app, serving_imports
from support.coding_api import Clock
from support.github_story import saved_story, story
from support.saved_conversation import save

BASE = "http://matou.example.org"
LIGHT, FERRY = "harbour/light", "harbour/ferry"
HOUR = timedelta(hours=1)
BEACON = Beacon()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("import-server") / "archive"
    saved_story(root)
    archive = Archive.open(root)
    with closing(open_database(archive.database)) as database:
        _say_around_project(Forge(database, archive, Clock().now))
    return root


def _project(forge: Forge) -> Namespace:
    with forge.database.begin_read() as connection:
        project = find_namespace(connection, NamespacePath.parse("harbour"))
    assert project is not None
    return project


def _say_around_project(forge: Forge) -> None:
    """What was said around `harbour/light` stands around the project `harbour` as well, but for change requests."""
    project = _project(forge)
    said = story("1" * 40, "2" * 64)
    said.changes, said.releases = {}, {}
    save(forge, project, said)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forge(root: Path, clock: Clock) -> Iterator[Forge]:
    archive = Archive.open(root)
    with closing(open_database(archive.database)) as database:
        yield Forge(database, archive, clock.now)


@pytest.fixture
def own_forge(tmp_path: Path) -> Iterator[Forge]:
    """Around its project nothing was said yet."""
    saved_story(tmp_path / "archive")
    archive = Archive.open(tmp_path / "archive")
    with closing(open_database(archive.database)) as database:
        yield Forge(database, archive, Clock().now)


def grant_project(forge: Forge, path: str, *, confidential: bool = True) -> Secret:
    return grant_reading(forge, [NamespacePath.parse(path)], forge.now() + HOUR, confidential=confidential)


def grant(forge: Forge, *paths: str, confidential: bool = True) -> Secret:
    until = forge.now() + HOUR
    return grant_reading(forge, map(RepositoryPath.parse, paths), until, confidential=confidential)


def ask(forge: Forge, path: str, token: Secret | None, method: str = "GET") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=build_import_app(forge, BASE, BEACON))
        headers = {} if token is None else {"Authorization": f"token {token.reveal()}"}
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            return await client.request(method, path)

    return asyncio.run(once())


def basic(token: Secret) -> Any:
    return b64encode(f"oauth2:{token.reveal()}".encode()).decode()


def test_nobody_is_let_in_who_does_not_say_who_they_are(forge: Forge) -> None:
    """Though `harbour/light` is public."""
    for path in (f"/api/v3/repos/{LIGHT}", f"/{LIGHT}.git/info/refs?service=git-upload-pack", "/"):
        assert ask(forge, path, None).status_code == 401
    assert ask(forge, f"/api/v3/repos/{LIGHT}", Secret("a" * 40)).status_code == 401


@pytest.mark.parametrize("said", ["Basic Og==", "Basic OmE=", "Basic YTo=", "Basic", "token", "token a", "Other a"])
def test_a_header_that_says_nobody_lets_nobody_in(forge: Forge, said: str) -> None:
    async def once(path: str) -> int:
        transport = httpx.ASGITransport(app=build_import_app(forge, BASE, BEACON))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": said}) as client:
            return (await client.get(path)).status_code

    for path in (f"/api/v3/repos/{LIGHT}", "/api/v3/", f"/{LIGHT}.git/info/refs?service=git-upload-pack"):
        assert asyncio.run(once(path)) == 401


def test_a_token_reads_what_it_is_for_and_nothing_else(forge: Forge) -> None:
    token = grant(forge, FERRY)

    assert ask(forge, f"/api/v3/repos/{FERRY}", token).json()["clone_url"] == f"{BASE}/{FERRY}.git"
    assert ask(forge, f"/{FERRY}.git/info/refs?service=git-upload-pack", token).status_code == 200
    for path in (f"/api/v3/repos/{LIGHT}", f"/{LIGHT}.git/info/refs?service=git-upload-pack"):
        assert ask(forge, path, token).status_code == 404
    assert ask(forge, "/api/v3/orgs/harbour/repos", token).status_code == 404


def test_nothing_can_be_pushed_with_it(forge: Forge) -> None:
    token = grant(forge, FERRY)

    assert ask(forge, f"/{FERRY}.git/info/refs?service=git-receive-pack", token).status_code == 403


def test_what_is_confidential_is_left_out_where_the_target_is_open(forge: Forge) -> None:
    path = f"/api/v3/repos/{LIGHT}/issues?state=all"

    def titles(token: Secret) -> list[str]:
        return sorted(row["title"] for row in ask(forge, path, token).json() if "pull_request" not in row)

    assert len(titles(grant(forge, LIGHT))) == 3
    assert len(titles(grant(forge, LIGHT, confidential=False))) == 2


def test_a_token_ends_by_its_time_or_by_a_word(forge: Forge, clock: Clock) -> None:
    short, revoked = grant(forge, LIGHT), grant(forge, LIGHT)
    revoke_grant(forge, revoked)
    path = f"/api/v3/repos/{LIGHT}"

    assert [ask(forge, path, token).status_code for token in (short, revoked)] == [200, 401]
    clock.advance(HOUR)
    assert ask(forge, path, short).status_code == 401


def test_it_answers_over_http_until_it_is_left(forge: Forge) -> None:
    token = grant(forge, LIGHT)

    with serving_imports(forge, "127.0.0.1", 0) as served:
        url = served.place.url
        request = urllib.request.Request(
            f"{url}/api/v3/repos/{LIGHT}", headers={"Authorization": f"Basic {basic(token)}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    with pytest.raises(OSError, match=r"refused|reset"):
        urllib.request.urlopen(url, timeout=5)


PROJECT = "/api/v3/repos/harbour/-"


def test_a_project_is_a_repository_that_has_what_was_said_around_it_and_no_code(forge: Forge) -> None:
    token = grant_project(forge, "harbour")

    about = ask(forge, PROJECT, token).json()
    issues = ask(forge, f"{PROJECT}/issues?state=all&direction=asc", token).json()
    [comment] = ask(forge, f"{PROJECT}/issues/comments", token).json()

    assert (about["clone_url"], about["private"], about["url"]) == (f"{BASE}/harbour/-.git", True, f"{BASE}{PROJECT}")
    assert [(row["number"], row["title"], row["user"]["login"]) for row in issues] == [
        (1, "灯灭了", "wang"),
        (2, "灯灭了", "wang"),
        (3, "灯灭了", "wang"),
    ]
    assert (comment["user"]["login"], comment["issue_url"]) == ("li", f"{BASE}{PROJECT}/issues/1")
    assert [row["name"] for row in ask(forge, f"{PROJECT}/labels", token).json()] == ["缺陷"]
    assert len(ask(forge, f"{PROJECT}/milestones?state=all", token).json()) == 2
    for empty in ("pulls?state=all", "releases", "issues/1/reactions"):
        assert ask(forge, f"{PROJECT}/{empty}", token).json() == []
    assert ask(forge, f"{PROJECT}/topics", token).status_code == 200


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_clones_a_project_as_a_repository_without_a_ref(forge: Forge, version: str, tmp_path: Path) -> None:
    token = grant_project(forge, "harbour")

    with serving_imports(forge, "127.0.0.1", 0) as served:
        url = f"{served.address_of(NamespacePath.parse('harbour'))}.git".replace("//", f"//oauth2:{token.reveal()}@")
        options = ("-c", f"protocol.version={version}")
        command = ["git", *options, "clone", "-q", "--mirror", url, str(tmp_path / "there")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        pushed = subprocess.run(["git", *options, "push", "-q", url, "HEAD"], cwd=tmp_path / "there", check=False)

    refs = subprocess.run(["git", "for-each-ref"], cwd=tmp_path / "there", check=True, capture_output=True)
    assert (refs.stdout, pushed.returncode != 0) == (b"", True)


def test_a_token_for_a_project_reads_none_of_its_repositories_nor_theirs_the_project(forge: Forge) -> None:
    of_project, of_repository = grant_project(forge, "harbour"), grant(forge, LIGHT)

    for path in (
        f"/api/v3/repos/{LIGHT}",
        f"/api/v3/repos/{LIGHT}/issues",
        f"/{LIGHT}.git/info/refs?service=git-upload-pack",
    ):
        assert ask(forge, path, of_project).status_code == 404
    for path in (PROJECT, f"{PROJECT}/issues", "/harbour/-.git/info/refs?service=git-upload-pack"):
        assert ask(forge, path, of_repository).status_code == 404
        assert ask(forge, path, None).status_code == 401
    for path in ("/api/v3/repos/nobody/-", "/api/v3/repos/%2e%2e/-", "/nobody/-.git/info/refs?service=git-upload-pack"):
        assert ask(forge, path, of_project).status_code == 404


@pytest.mark.parametrize("below", ["branches", "commits", "contents/a", "collaborators", "hooks", "git/trees/main"])
def test_of_a_project_there_is_no_code_and_nobody_works_on_it(forge: Forge, below: str) -> None:
    assert ask(forge, f"{PROJECT}/{below}", grant_project(forge, "harbour")).status_code == 404


def test_what_is_confidential_around_a_project_is_left_out_where_it_is_not_granted(forge: Forge) -> None:
    token = grant_project(forge, "harbour", confidential=False)

    assert len(ask(forge, f"{PROJECT}/issues?state=all", token).json()) == 2


def test_nothing_is_pushed_to_a_project(forge: Forge) -> None:
    token = grant_project(forge, "harbour")

    assert ask(forge, "/harbour/-.git/info/refs?service=git-receive-pack", token).status_code == 404


def test_an_importer_is_told_labels_that_no_list_names_and_versions_as_milestones(own_forge: Forge) -> None:
    """Of a merge request of CODING the labels are the project's, and an issue may have a version by its key."""
    said = story("1" * 40, "2" * 64)
    issue = replace(said.issues["I6AAA"], labels=("缺陷", "急"), milestone="version/42")
    said.issues, said.changes, said.releases = {"I6AAA": issue}, {}, {}
    version = Milestone(number="42", title="一号船", state="closed", at=issue.at, kind="version")
    said.tables["milestone"] = (*said.tables["milestone"], version)
    forge = own_forge
    save(forge, _project(forge), said)
    token = grant_project(forge, "harbour")

    [row] = [one for one in ask(forge, f"{PROJECT}/issues?state=all", token).json() if one["number"] == 1]
    labels = ask(forge, f"{PROJECT}/labels", token).json()
    [listed] = [one for one in ask(forge, f"{PROJECT}/milestones?state=all", token).json() if one["title"] == "一号船"]

    assert row["milestone"]["title"] == "一号船"
    assert {one["name"] for one in row["labels"]} <= {one["name"] for one in labels}
    assert (listed["open_issues"], listed["closed_at"]) == (1, row["created_at"])
    assert ask(forge, f"{PROJECT}/labels/%E6%80%A5", token).json()["name"] == "急"


def test_what_an_importer_has_no_place_for_stands_above_the_text(own_forge: Forge) -> None:
    said = story("1" * 40, "2" * 64)
    issue = replace(
        said.issues["I6AAA"],
        number="1",
        type=IssueType(name="缺陷"),
        status=WorkflowStatus(name="进行中 @all"),
        priority=Priority(name="高", rank=2),
        assignees=("18",),
        links=(ItemLink(kind="blocks", to="2"),),
        fields=(CustomField(name="船长", value="阿福"), CustomField(name="空")),
    )
    plain = replace(said.issues["I6AAA"], number="2", text=MarkupText(body="没有别的", markup="markdown"))
    said.issues, said.changes, said.releases = {"1": issue, "2": plain}, {}, {}
    save(own_forge, _project(own_forge), said)
    token = grant_project(own_forge, "harbour")

    first, second = (ask(own_forge, f"{PROJECT}/issues/{number}", token).json()["body"] for number in (1, 2))

    line, blank, text = first.split("\n")
    assert line.startswith("> type: 缺陷 · status: 进行中 ")
    assert "@all" not in line
    for fact in ("priority: 高", "assigned to: ", "blocks: 2", "船长: 阿福"):
        assert f" · {fact}" in line
    assert (blank, text, second) == ("", "看 #I6BBB", "没有别的")


def test_reactions_which_are_kept_of_nobody_are_told_without_looking_anything_up(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An importer asks for those of each issue and each comment."""
    token = grant(forge, LIGHT)
    slow = ask(forge, f"/api/v3/repos/{LIGHT}/issues/1/reactions?per_page=30", token)
    monkeypatch.setattr(type(forge.database), "begin_read", lambda _: pytest.fail("the database was asked"))

    for below in ("issues/1", "issues/comments/5", "pulls/comments/8"):
        answer = ask(forge, f"/api/v3/repos/{LIGHT}/{below}/reactions", token)
        assert (answer.status_code, answer.json()) == (200, [])
        assert int(answer.headers["x-ratelimit-remaining"]) > 0
    assert slow.json() == []
    assert ask(forge, f"/api/v3/repos/{LIGHT}/issues/1/reactions", None).status_code == 401

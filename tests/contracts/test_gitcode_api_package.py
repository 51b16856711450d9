"""`gitcode-api` 1.3.4 from PyPI, other people's client: its command for each of the 38 endpoints, against our server.

Its known bugs are kept here, so that a version which mends them is noticed: `list-events` expects an array where the
document has an object, `upload-file` sends JSON where the document has a form with a file, and `contents get` cannot
print a folder, which is an array.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gitcode_api.cli import main

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.forge.accounts.namespaces import find_namespace
from support.deciding import add_member, create_role
from support.git_repositories import git
from support.matou_server import PASSWORD, MatouServer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FILES = {"README.md": b"# harbour\n", "src/main.py": b"print(1)\n", "docs/a.md": b"a\n"}


class ClientFailed(Exception):
    """The package's command ended with a failure."""


@dataclass(frozen=True)
class Client:
    """The package's command line, and one repository of its own to try it on."""

    server: MatouServer
    repository: Repository
    token: str
    output: Path

    @property
    def owner(self) -> str:
        return str(self.repository.path.namespace)

    def run(self, *words: str) -> Any:
        """What the command prints. Raises ClientFailed."""
        resource, method, *options = words
        where = ["--base-url", f"{self.server.url}/api/v5", "--api-key", self.token, "--output-file", str(self.output)]
        if main([resource, method, *where, *options]):
            raise ClientFailed(words)
        text = self.output.read_text(encoding="utf-8") if self.output.exists() else ""
        return json.loads(text) if text.strip() else None

    def here(self, *words: str) -> Any:
        """As `run`, about the repository."""
        resource, method, *options = words
        return self.run(resource, method, "--owner", self.owner, "--repo", self.repository.name, *options)

    def blob(self, path: str) -> str:
        return git(self.server.git_dir(self.repository), "rev-parse", f"main:{path}")


@pytest.fixture
def client(matou_server: MatouServer, tmp_path: Path) -> Client:
    repository = matou_server.repository()
    stream = [b"commit refs/heads/main\ncommitter Li <li@example.com> 1700000000 +0800\ndata 1\nx\n"]
    stream += [b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(file), file) for name, file in FILES.items()]
    git(matou_server.git_dir(repository), "fast-import", "--quiet", "--date-format=raw", input=b"".join(stream))
    return Client(matou_server, repository, matou_server.token().reveal(), tmp_path / "output")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def rows_of(answer: Any) -> Sequence[Any]:
    assert isinstance(answer, list)
    return answer


def test_1_the_tree(client: Client) -> None:
    answer = client.here("contents", "get-tree", "--sha", "main", "--recursive", "1")

    assert {entry["path"] for entry in answer["tree"]} == {*FILES, "src", "docs"}


def test_2_the_contents_of_a_file_and_a_folder_is_a_bug_of_the_client(client: Client) -> None:
    file = client.here("contents", "get", "--path", "src/main.py")

    assert base64.b64decode(file["content"]) == FILES["src/main.py"]
    with pytest.raises(ClientFailed):
        client.here("contents", "get", "--path", "src")


def test_3_the_list_of_files(client: Client) -> None:
    assert client.here("contents", "list-paths", "--file-name", "src/") == ["src/main.py"]


def test_4_5_6_a_file_made_changed_and_taken_away(client: Client) -> None:
    made = client.here("contents", "create", "--path", "新.txt", "--content", encoded("一"), "--message", "make it")
    sha = client.here("contents", "get", "--path", "新.txt")["sha"]
    client.here(
        "contents", "update", "--path", "新.txt", "--content", encoded("二"), "--message", "m", "--sha", sha,
        "--author-name", "Wang", "--author-email", "wang@example.com",
    )  # fmt: skip
    changed = client.here("contents", "get", "--path", "新.txt")
    gone = client.here("contents", "delete", "--path", "新.txt", "--message", "no more", "--sha", changed["sha"])

    assert made["commit"]["message"] == "make it"
    assert base64.b64decode(changed["content"]).decode() == "二"
    assert gone["commit"]["message"] == "no more"
    assert git(client.server.git_dir(client.repository), "log", "-1", "--format=%an %ae", "main~1") == (
        "Wang wang@example.com"
    )


def test_7_a_blob(client: Client) -> None:
    answer = client.here("contents", "get-blob", "--sha", client.blob("README.md"))

    assert base64.b64decode(answer["content"]) == FILES["README.md"]


def test_8_the_languages(client: Client) -> None:
    assert client.here("repos", "list-languages") == {"Python": 100}


def test_9_the_contributors(client: Client) -> None:
    assert client.here("repos", "list-contributors") == [{"name": "Li", "contributions": 1, "email": "li@example.com"}]


def test_10_the_modules(client: Client) -> None:
    assert client.here("repos", "update-module-settings", "--set", "has_wiki=false")["msg"] == "success"
    assert client.here("repos", "update-module-settings")["msg"] == "success"


def test_11_an_update(client: Client) -> None:
    answer = client.here("repos", "update", "--set", "description=码头", "--set", "private=true")

    assert (answer["description"], answer["private"]) == ("码头", True)


def test_12_the_reviewers(client: Client) -> None:
    forge, user = client.server.forge, client.server.user()
    add_member(forge, find_namespace(forge, client.repository.path.namespace), user, Role.DEVELOPER)

    chosen = ("--set", f"assignees={user.name}", "--set", "assignees_number=1")
    answer = client.here("repos", "update-reviewer-settings", *chosen)
    settings = client.here("repos", "get-pull-request-settings")

    assert answer["id"] > 0
    assert [who["username"] for who in settings["merge_request_setting"]["approval_approvers"]] == [user.name]


def test_13_archiving_and_reopening(client: Client) -> None:
    where = ("--org", client.owner, "--repo", client.repository.name, "--password", PASSWORD)

    assert client.run("repos", "set-org-repo-status", *where, "--status", "2")["msg"] == "success"
    assert client.here("repos", "get")["status"] == "关闭"
    assert client.run("repos", "set-org-repo-status", *where, "--status", "0")["msg"] == "success"
    assert client.here("repos", "get")["status"] == "开始"


def test_14_a_transfer_to_an_organization(client: Client) -> None:
    target = client.server.team()

    answer = client.run(
        "repos", "transfer-to-org", "--org", client.owner, "--repo", client.repository.name,
        "--transfer-to", target.name, "--password", PASSWORD,
    )  # fmt: skip

    assert answer["msg"] == "success"
    assert client.here("repos", "get")["full_name"] == f"{target.name}/{client.repository.name}"


def test_15_16_the_permission_mode(client: Client) -> None:
    assert client.here("repos", "get-transition") == {"memberMgntMode": 1}
    assert client.here("repos", "update-transition", "--mode", "2")["msg"] == "success"
    assert client.here("repos", "get-transition") == {"memberMgntMode": 2}


def test_17_18_the_push_rules(client: Client) -> None:
    answer = client.here("repos", "update-push-config", "--deny-force-push", "--max-file-size", "7")

    assert (answer["deny_force_push"], answer["max_file_size"]) == (True, 7)
    assert client.here("repos", "get-push-config") == answer


def test_19_a_deletion(client: Client) -> None:
    client.here("repos", "delete")

    with pytest.raises(ClientFailed):
        client.here("repos", "get")


def test_20_31_new_repositories(client: Client) -> None:
    name = f"{client.repository.name}-new"

    mine = client.run("repos", "create-personal", "--name", name, "--auto-init", "--license-template", "MIT")
    ours = client.run("repos", "create-for-org", "--org", client.owner, "--name", name, "--private")

    assert mine["full_name"] == f"{client.server.owner.name}/{name}"
    assert (ours["full_name"], ours["private"]) == (f"{client.owner}/{name}", True)


def test_21_22_a_fork_and_the_list_of_forks(client: Client) -> None:
    target = client.server.team()

    fork = client.here("repos", "fork", "--namespace", target.name, "--name", "mine", "--path", "mine")
    forks = client.here("repos", "list-forks")

    assert fork["full_name"] == f"{target.name}/mine"
    assert [row["full_name"] for row in rows_of(forks)] == [f"{target.name}/mine"]


def test_23_an_uploaded_image(client: Client) -> None:
    answer = client.here("repos", "upload-image", "--body", encoded("text"), "--file-name", "图.txt")

    assert answer["success"] is True


def test_24_the_upload_of_a_file_is_a_bug_of_the_client(client: Client) -> None:
    with pytest.raises(ClientFailed):
        client.here("repos", "upload-file", "--file", "text")


@pytest.mark.parametrize("command", ["list-subscribers", "list-stargazers"])
def test_25_26_nobody_watches_or_stars_it(client: Client, command: str) -> None:
    assert client.here("repos", command) == []


def test_27_28_the_repository_settings(client: Client) -> None:
    answer = client.here("repos", "update-repo-settings", "--disable-fork", "--branch-name-regex", "^[a-z]+$")

    assert (answer["disable_fork"], answer["branch_name_regex"]) == (True, "^[a-z]+$")
    assert client.here("repos", "get-repo-settings") == answer


def test_29_30_the_pull_request_settings(client: Client) -> None:
    answer = client.here("repos", "update-pull-request-settings", "--merge-method", "ff", "--is-check-cla")

    assert (answer["merge_method"], answer["merge_request_setting"]["is_check_cla"]) == ("ff", True)
    assert client.here("repos", "get-pull-request-settings") == answer


def test_32_34_members_and_customized_roles(client: Client) -> None:
    user = client.server.user()
    create_role(client.server.forge, client.repository, "tester", access_level=15)

    member = client.here("repos", "set-member-role", "--username", user.name, "--permission", "pull")
    roles = client.here("repos", "list-customized-roles")

    assert (member["login"], member["permissions"]["pull"]) == (user.name, True)
    assert [role["role_name"] for role in rows_of(roles)] == ["tester"]


def test_33_a_transfer(client: Client) -> None:
    target = client.server.team()

    answer = client.here("repos", "transfer", "--new-owner", target.name)

    assert answer["new_owner"] == target.name


def test_35_the_downloads(client: Client, tmp_path: Path) -> None:
    url = client.server.clone_url(client.repository, client.server.credential())
    git(None, "clone", "--quiet", url, tmp_path / "clone")

    assert client.here("repos", "get-download-statistics")["download_statistics_total"] == 1


def test_36_a_raw_file(client: Client) -> None:
    where = ("--owner", client.owner, "--repo", client.repository.name)
    options = ("--base-url", f"{client.server.url}/api/v5", "--api-key", client.token, "--path", "src/main.py")

    main(["contents", "get-raw", *where, *options, "--output-file", str(client.output)])

    assert FILES["src/main.py"].decode().strip() in client.output.read_text()


def test_37_the_contributions(client: Client) -> None:
    answer = client.here("repos", "get-contributor-statistics")

    assert [(row["name"], row["overview"]["additions"]) for row in rows_of(answer)] == [("Li", 3)]


def test_38_the_list_of_events_is_a_bug_of_the_client(client: Client) -> None:
    with pytest.raises(ClientFailed):
        client.here("repos", "list-events")


def test_who_i_am_and_what_is_mine(client: Client) -> None:
    me = client.run("users", "me")
    mine = client.run("repos", "list-user", "--q", client.repository.name)

    assert me["login"] == client.server.owner.name
    assert len(me["id"]) == 24
    assert str(client.repository.path) in [row["full_name"] for row in rows_of(mine)]


def test_branches_commits_and_tags(client: Client) -> None:
    client.here("branches", "create", "--ref", "main", "--branch", "topic/new")
    client.here("tags", "create", "--refs", "main", "--tag-name", "v1")

    assert {row["name"] for row in rows_of(client.here("branches", "list"))} == {"main", "topic/new"}
    assert client.here("branches", "get", "--branch", "topic/new")["name"] == "topic/new"
    assert [row["name"] for row in rows_of(client.here("tags", "list"))] == ["v1"]
    assert len(rows_of(client.here("commits", "list"))) == 1


def test_what_clients_ask_for_first_is_answered(client: Client) -> None:
    """Search, organizations, others' places and comparisons, which stand in the later documents."""
    main = client.here("commits", "compare", "--base", "main", "--head", "main")
    found = client.run("search", "repositories", "--q", client.repository.name)
    me = client.run("users", "me")["login"]
    people = client.run("search", "users", "--q", me)
    organization = client.run("orgs", "get", "--org", client.owner.split("/")[0])
    emails = client.run("users", "list-emails")

    assert (main["commits"], main["files"]) == ([], [])
    assert client.repository.name in [row["name"] for row in rows_of(found)]
    assert me in [row["login"] for row in rows_of(people)]
    assert organization["login"] == client.owner.split("/")[0]
    assert [row["state"] for row in rows_of(emails)] in ([], ["confirmed"])

"""The document's own `curl` lines, python-gitlab with its API v3, and git with the account's password: over HTTP."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import gitlab  # type: ignore[import-untyped]
import pytest

from matou.credentials import Secret
from matou.db.users import User
from matou.forge.accounts.users import create_user
from matou.model.names import RepositoryPath
from support.deciding import create_repository
from support.git_repositories import git
from support.gitee_server import assert_like, projects_shown, sample
from support.matou_server import MatouServer

PASSWORD = "correct horse & battery"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and the server."""

    server: MatouServer
    user: User
    folder: Path

    def curl(self, command: str) -> tuple[int, Any]:
        """Run a line of the document with host, account and token replaced."""
        headers = self.folder / "headers"
        words = command.replace("https://git.oschina.net", self.server.url).replace(
            "curl ", f"curl --silent --show-error --dump-header {headers} ", 1
        )
        body = subprocess.run(["bash", "-c", words], capture_output=True, check=True).stdout
        # `-i` of the document puts the headers before the body, too.
        return int(headers.read_text().split()[1]), json.loads(
            body[body.index(b"\r\n\r\n") :] if b" -i" in words.encode() else body
        )

    def token(self) -> str:
        _, session = self.curl(
            f'curl --data-urlencode "email={self.user.email}" --data-urlencode "password={PASSWORD}"'
            " https://git.oschina.net/api/v3/session"
        )
        token: str = session["private_token"]
        return token

    def gitlab(self, **account: str) -> Any:
        return gitlab.Gitlab(self.server.url, api_version="3", **account)


@pytest.fixture
def person(matou_server: MatouServer, tmp_path: Path) -> Person:
    name = f"person-{token_hex(4)}"
    user = create_user(matou_server.forge, name, email=f"{name}@example.com", password=Secret(PASSWORD))
    return Person(matou_server, user, tmp_path)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
def test_the_documents_log_in(person: Person) -> None:
    status, session = person.curl(
        f'curl --data-urlencode "email={person.user.email}" --data-urlencode "password={PASSWORD}"'
        " https://git.oschina.net/api/v3/session"
    )

    assert status == 201
    assert_like(session, sample("session"))


@needs_curl
def test_the_documents_list_project_and_creation(person: Person) -> None:
    token = person.token()

    created = person.curl(
        'curl -d "name=HelloWorld&description=helloworld-project&private=1"'
        f' "https://git.oschina.net/api/v3/projects?private_token={token}"'
    )
    again = person.curl(
        'curl -d "name=helloworld&description=helloworld-project&private=1"'
        f' "https://git.oschina.net/api/v3/projects?private_token={token}"'
    )
    listed = person.curl(f'curl -i "https://git.oschina.net/api/v3/projects?page=1&private_token={token}"')
    by_path = person.curl(
        f'curl -i  "https://git.oschina.net/api/v3/projects/{person.user.name}%2FHelloWorld?private_token={token}"'
    )
    by_number = person.curl(
        f'curl -i "https://git.oschina.net/api/v3/projects/{created[1]["id"]}?private_token={token}"'
    )

    assert [answer[0] for answer in (created, again, listed, by_path, by_number)] == [201, 200, 200, 200, 200]
    assert_like(created[1], sample("project"))
    assert again[1] == sample("name_taken")
    assert_like(listed[1], projects_shown())
    assert_like(by_path[1], sample("project"))
    assert (created[1], by_path[1]["public"]) == (by_number[1], False)


def test_python_gitlab_logs_in_lists_all_reads_and_creates(person: Person) -> None:
    forge, user = person.server.forge, person.user
    for number in range(45):
        create_repository(forge, RepositoryPath.parse(f"{user.name}/p{number}"), creator=user)
    client = person.gitlab(email=user.email, password=PASSWORD)
    client.auth()

    created = client.projects.create({"name": "CurePHP", "description": "说明", "public": False})
    listed = client.projects.list(all=True)
    shown = client.projects.get(f"{user.name}/CurePHP")

    assert client.user.username == user.name
    assert (len(listed), len({one.id for one in listed})) == (46, 46)
    assert (shown.id, shown.description, shown.public) == (created.id, "说明", False)
    assert [one.path for one in client.projects.list(page=3, per_page=20)] == [
        f"p{number}" for number in (5, 4, 3, 2, 1, 0)
    ]
    assert client.projects.list(page=9) == []


def test_python_gitlab_reads_the_code_of_a_project(person: Person) -> None:
    client = person.gitlab(private_token=person.token())
    client.auth()
    project = client.projects.create({"name": "code"})
    push_first_commit(person, person.user.email)
    tip = git(person.folder / "work" / ".git", "rev-parse", "HEAD").strip()

    assert [branch.name for branch in project.branches.list()] == ["master"]
    assert [commit.id for commit in project.commits.list(all=True)] == [tip]
    assert [entry["name"] for entry in project.repository_tree()] == ["README.md"]
    assert project.files.get(file_path="README.md", ref="master").decode() == b"# hello\n"
    assert project.branches.get("master").commit["id"] == tip


def test_python_gitlab_is_told_why_in_its_own_errors(person: Person) -> None:
    client = person.gitlab(private_token=person.token())
    client.auth()
    client.projects.create({"name": "one"})

    with pytest.raises(gitlab.GitlabAuthenticationError, match="401 Unauthorized"):
        person.gitlab(email=person.user.email, password="wrong").auth()
    with pytest.raises(gitlab.GitlabCreateError, match="该项目名已存在!"):
        client.projects.create({"name": "one"})
    with pytest.raises(gitlab.GitlabGetError, match="404 Project Not Found"):
        client.projects.get("nobody/none")


@pytest.mark.parametrize("login", ["email", "name", "email and a token"])
def test_git_takes_the_login_that_extensions_store_for_it(person: Person, login: str) -> None:
    token = person.token()
    client = person.gitlab(private_token=token)
    client.projects.create({"name": "code", "public": False})
    user = person.user.name if login == "name" else person.user.email
    push_first_commit(person, user, token if login.endswith("token") else PASSWORD)

    shown = client.projects.get(f"{person.user.name}/code")

    assert shown.last_push_at is not None
    assert shown.default_branch == "master"


@needs_curl
def test_no_secret_of_a_request_is_in_the_servers_log(person: Person) -> None:
    token = person.token()
    person.curl(f'curl "https://git.oschina.net/api/v3/projects?page=x&private_token={token}"')
    person.curl(f'curl "https://git.oschina.net/api/v3/projects/none%2Fnone?private_token={token}"')
    person.curl('curl -d "email=nobody&password=a-wrong-one" https://git.oschina.net/api/v3/session')

    log = person.server.log.read_text()
    assert [secret for secret in (token, PASSWORD, "a-wrong-one") if secret in log] == []


def test_git_refuses_a_private_project_to_a_wrong_password(person: Person) -> None:
    person.gitlab(private_token=person.token()).projects.create({"name": "code", "public": False})

    with pytest.raises(subprocess.CalledProcessError) as refused:
        push_first_commit(person, person.user.email, "wrong")

    assert "Authentication failed" in refused.value.stderr


def push_first_commit(person: Person, login: str, password: str = PASSWORD) -> None:
    """As Visual Studio does after it created a project: a commit of its own, pushed to `master`."""
    work = person.folder / "work"
    work.mkdir()
    host = person.server.url.removeprefix("http://")
    url = f"http://{quote(login, safe='')}:{quote(password, safe='')}@{host}/{person.user.name}/code.git"
    (work / "README.md").write_text("# hello\n")
    identity = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    for arguments in (("init", "-q", "-b", "master"), ("add", "."), (*identity, "commit", "-q", "-m", "first")):
        run(work, *arguments)
    run(work, "push", "-q", url, "master")


def run(work: Path, *arguments: str) -> None:
    environment = {"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin", "HOME": str(work), "LC_ALL": "C"}
    subprocess.run(["git", *arguments], cwd=work, env=environment, check=True, capture_output=True, text=True)

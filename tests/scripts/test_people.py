"""`matou user`, `matou token` and `matou org member`: who the person that runs the server lets in, and where."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import urllib3

from support.program import Ended, Person, serving
from support.terminal import at_terminal

PASSWORD = "correct horse battery"
HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def server(person: Person, root: Path) -> "Server":
    return Server(person, root)


class Server:
    """Commands for one archive."""

    def __init__(self, person: Person, root: Path) -> None:
        self.person = person
        self.root = root

    def do(self, *words: str, stdin: str = "", code: int | None = 0) -> Ended:
        return self.person.matou(*words, "--root", self.root, stdin=stdin, code=code)

    def json(self, *words: str) -> Any:
        return json.loads(self.do(*words, "--json").out)

    def add_user(self, name: str) -> str:
        """Returns a token of theirs."""
        self.do("user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
        return self.do("token", "create", "--user", name, "--name", "laptop").out.strip()


def test_accounts_are_listed_and_shown(server: Server) -> None:
    server.add_user("ann")
    server.do("org", "member", "add", "acme", "ann", "--role", "reporter")

    listed, shown = server.json("user", "list"), server.json("user", "show", "ann")

    assert [(one["name"], one["admin"], one["active"]) for one in listed] == [("ann", False, True), ("li", True, True)]
    assert (shown["tokens"], shown["roles"]) == (
        1,
        [{"namespace": "acme", "role": "reporter"}, {"namespace": "ann", "role": "owner"}],
    )
    assert "li   administrator" in server.do("user", "list").out
    assert "acme  reporter" in server.do("user", "show", "ann").out


def doors(url: str, token: str) -> dict[str, int | str]:
    """What is answered at each of them to somebody who may read the repository."""
    password = {"Authorization": "Basic " + b64encode(f"ann:{PASSWORD}".encode()).decode()}
    batch = json.dumps({"operation": "download", "objects": [{"oid": "0" * 64, "size": 1}]}).encode()
    lfs = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}

    def ask(method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> int:
        answer = HTTP.request(method, f"{url}{path}", headers=headers, body=body)
        # CODING's Open API says 200 of everything, and in the answer what is wrong.
        return 401 if b'"Error"' in answer.data else answer.status

    refs = "/acme/web/shop.git/info/refs?service=git-upload-pack"
    log_in = json.dumps({"email": "ann", "password": PASSWORD}).encode()
    return {
        "git, password": ask("GET", refs, password),
        "git, token": ask("GET", refs, {"Authorization": f"Bearer {token}"}),
        "LFS, password": ask("POST", "/acme/web/shop.git/info/lfs/objects/batch", password | lfs, batch),
        "LFS, token": ask(
            "POST", "/acme/web/shop.git/info/lfs/objects/batch", {"Authorization": f"Bearer {token}"} | lfs, batch
        ),
        "REST, token": ask("GET", "/api/v5/user", {"Authorization": f"Bearer {token}"}),
        "REST, token in the address": ask("GET", f"/api/v5/user?access_token={token}", {}),
        "Open API, token": ask(
            "POST",
            "/open-api?Action=DescribeCodingCurrentUser",
            {"Authorization": f"token {token}", "Content-Type": "application/json"},
            json.dumps({"Action": "DescribeCodingCurrentUser"}).encode(),
        ),
        "API v3, log-in": ask("POST", "/api/v3/session", {"Content-Type": "application/json"}, log_in),
        "API v3, token": ask("GET", f"/api/v3/user?private_token={token}", {}),
    }


def test_a_disabled_account_gets_in_by_no_door_until_it_is_enabled_again(server: Server) -> None:
    token = server.add_user("ann")
    server.do("org", "member", "add", "acme", "ann", "--role", "developer")

    with serving(server.person, server.root) as url:
        before = doors(url, token)
        server.do("user", "disable", "ann")
        disabled = doors(url, token)
        server.do("user", "enable", "ann")
        after = doors(url, token)

    assert {name: status for name, status in before.items() if status not in (200, 201)} == {}
    assert {name: status for name, status in disabled.items() if status in (200, 201)} == {}
    assert after == before


def test_another_address_is_shown_and_one_that_is_taken_is_refused(server: Server) -> None:
    server.add_user("ann")
    server.add_user("ben")

    server.do("user", "set-email", "ann", "ann@example.com")
    refused = server.do("user", "set-email", "ben", "ANN@example.com", code=2)

    assert "ann@example.com" in server.do("user", "show", "ann").out
    assert "another account" in refused.err


def test_another_password_opens_and_the_old_one_does_not(server: Server) -> None:
    server.add_user("ann")

    server.do("user", "set-password", "ann", "--password-stdin", stdin="quite another one\n")

    with serving(server.person, server.root) as url:
        answers = [
            HTTP.request("POST", f"{url}/api/v3/session", json={"email": "ann", "password": password}).status
            for password in (PASSWORD, "quite another one")
        ]
    assert answers == [401, 201]


def test_a_password_is_asked_for_twice_at_a_terminal_and_never_shown(server: Server) -> None:
    server.add_user("ann")
    words = ("user", "set-password", "ann", "--root", server.root)

    with at_terminal(server.person, *words) as terminal:
        terminal.wait_for("Password: ")
        terminal.press("quite another one\n")
        terminal.wait_for("Once more: ")
        terminal.press("quite another one\n")
        code = terminal.end()

    assert code == 0, terminal.shown
    assert "quite" not in terminal.shown
    assert "--password-stdin" in server.do("user", "set-password", "ann", code=2).err


def test_who_owns_something_alone_is_not_deleted(server: Server) -> None:
    token = server.add_user("ann")
    server.do("org", "create", "hers", "--owner", "ann")
    assert "last owner of 'hers'" in server.do("user", "delete", "ann", "--yes", code=2).err

    server.do("org", "member", "add", "hers", "li", "--role", "owner")
    server.do("repo", "transfer", "acme/web/notes", "ann")
    assert "namespace of ann" in server.do("user", "delete", "ann", "--yes", code=2).err

    server.do("repo", "transfer", "ann/notes", "acme/web")
    server.do("user", "delete", "ann", "--yes")

    assert [one["name"] for one in server.json("user", "list")] == ["li"]
    assert [one["name"] for one in server.json("org", "member", "list", "hers")] == ["li"]
    with serving(server.person, server.root) as url:
        answer = HTTP.request("GET", f"{url}/api/v5/user", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 401
    server.add_user("ann")


@pytest.mark.parametrize(
    "words", [("user", "delete", "li"), ("org", "delete", "acme/web"), ("repo", "delete", "acme/web/shop")]
)
def test_nothing_is_deleted_without_a_word(server: Server, words: tuple[str, ...]) -> None:
    server.add_user("ann")

    ended = server.do(*words, code=2)

    assert "--yes" in ended.err
    assert len(server.json("user", "list")) == 2
    assert len(server.json("repo", "list")) == 3


@pytest.mark.parametrize(("typed", "left"), [("n\n", 3), ("\n", 3), ("y\n", 2)])
def test_at_a_terminal_one_is_asked(server: Server, typed: str, left: int) -> None:
    with at_terminal(server.person, "repo", "delete", "acme/web/notes", "--root", server.root) as terminal:
        terminal.wait_for("Delete the repository acme/web/notes for good? [y/N] ")
        terminal.press(typed)
        code = terminal.end()

    assert code == (0 if left == 2 else 2)
    assert len(server.json("repo", "list")) == left


def test_tokens_are_listed_without_what_they_are_and_revoked(server: Server) -> None:
    token = server.add_user("ann")

    (hers,) = server.json("token", "list", "--user", "ann")
    everybodys = server.json("token", "list")
    with serving(server.person, server.root) as url:
        requests_seen = {"Authorization": f"Bearer {token}"}
        before = HTTP.request("GET", f"{url}/api/v5/user", headers=requests_seen).status
        server.do("token", "revoke", str(hers["id"]))
        after = HTTP.request("GET", f"{url}/api/v5/user", headers=requests_seen).status

    assert (hers["user"], hers["name"], len(everybodys)) == ("ann", "laptop", 2)
    assert token not in json.dumps(everybodys) + server.do("token", "list").out
    assert (before, after) == (200, 401)
    server.do("token", "revoke", str(hers["id"]), code=2)


def test_members_are_added_set_listed_and_removed(server: Server) -> None:
    server.add_user("ann")

    added = server.json("org", "member", "add", "acme", "ann", "--role", "guest")
    assert "as guest" in server.do("org", "member", "add", "acme", "ann", "--role", "owner", code=2).err
    server.do("org", "member", "set", "acme", "ann", "--role", "maintainer")
    listed = [(one["name"], one["role"]) for one in server.json("org", "member", "list", "acme")]
    server.do("org", "member", "remove", "acme", "ann")

    assert added == {"name": "ann", "role": "guest", "namespace": "acme"}
    assert listed == [("ann", "maintainer"), ("li", "owner")]
    assert "not a member" in server.do("org", "member", "set", "acme", "ann", "--role", "guest", code=2).err
    assert "not a member" in server.do("org", "member", "remove", "acme", "ann", code=2).err
    assert "last owner" in server.do("org", "member", "remove", "acme", "li", code=2).err


@pytest.mark.parametrize("noun", ["user", "token", "org", "repo"])
def test_asking_about_a_folder_that_is_no_archive_makes_none(person: Person, tmp_path: Path, noun: str) -> None:
    person.matou(noun, "list", "--root", tmp_path / "mistyped", code=2)

    assert not (tmp_path / "mistyped").exists()


def test_the_first_account_of_a_new_archive_says_that_one_was_made(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "server"

    made = person.matou("user", "add", "ann", "--no-password", "--root", root).err
    second = person.matou("user", "add", "bo", "--no-password", "--root", root).err

    assert f"there was no archive at {root}: a new one was made" in made
    assert "archive" not in second


def test_an_account_makes_no_archive_below_a_folder_that_is_not_there(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "mistyped" / "server"

    ended = person.matou("user", "add", "ann", "--no-password", "--root", root, code=2)

    assert f"{root} is no archive" in ended.err
    assert not root.parent.exists()


def test_an_import_from_where_nobody_answers_names_the_address_and_no_folder_of_ours(server: Server) -> None:
    said = server.do("repo", "import", "http://127.0.0.1:1/x.git", "acme/web/x", code=2).err

    assert "'http://127.0.0.1:1/x.git' cannot be imported: " in said
    assert "check the address; nothing was made" in said
    assert "staging" not in said

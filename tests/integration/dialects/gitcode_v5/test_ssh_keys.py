"""The keys of SSH of whoever asks, in GitCode's form."""

import pytest

from matou.forge.access import ALL_SCOPES, Scope
from matou.forge.accounts.ssh_keys import identity_of_key
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour
from support.ssh_keys import new_ssh_key

KEYS = "/user/keys"


def test_a_key_is_added_shown_and_taken_away(harbour: Harbour) -> None:
    line = new_ssh_key(comment="chen@laptop").public

    added = harbour.ask("POST", KEYS, json={"key": line, "title": "laptop"})
    number = added.json()["id"]
    listed = harbour.ask("GET", KEYS)

    assert added.status_code == 200
    assert (added.json()["key"], added.json()["title"]) == (line, "laptop")
    assert added.json()["url"].endswith(f"/api/v5/user/keys/{number}")
    assert faults("GET /user/keys", listed.json()) == []
    assert (listed.json(), listed.headers["total_count"]) == ([added.json()], "1")
    assert harbour.ask("GET", f"{KEYS}/{number}").json() == added.json()
    assert harbour.ask("GET", f"{KEYS}/{number}", person="dora").status_code == 404
    assert harbour.ask("DELETE", f"{KEYS}/{number}", person="dora").status_code == 404
    assert harbour.ask("POST", KEYS, json={"key": line, "title": "x"}, person="dora").status_code == 400
    assert harbour.ask("DELETE", f"{KEYS}/{number}").status_code == 204
    assert harbour.ask("GET", KEYS).json() == []
    assert harbour.ask("GET", KEYS, person=None).status_code == 401


def test_a_token_for_code_alone_adds_no_key_that_would_outlive_it(harbour: Harbour) -> None:
    token = harbour.token("chen", ALL_SCOPES - {Scope.PROJECT_WRITE})

    answer = harbour.ask("POST", KEYS, json={"key": new_ssh_key().public, "title": "a"}, person=None, token=token)

    assert answer.status_code == 403
    assert harbour.ask("GET", KEYS).json() == []


@pytest.mark.parametrize("sent", ["", "hello", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3M=", "x" * 900_000])
def test_what_is_no_key_is_refused(harbour: Harbour, sent: str) -> None:
    assert harbour.ask("POST", KEYS, json={"key": sent, "title": "a"}).status_code == 400


def test_a_private_key_is_refused_and_nothing_of_it_is_said_again(harbour: Harbour) -> None:
    private = new_ssh_key().private.decode()

    answer = harbour.ask("POST", KEYS, json={"key": private, "title": "a"})

    assert answer.status_code == 400
    assert private.splitlines()[1] not in answer.text
    assert identity_of_key(harbour.forge, "SHA256:none") is None

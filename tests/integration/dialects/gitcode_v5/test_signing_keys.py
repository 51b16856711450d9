"""The signing keys of whoever asks."""

import pytest

from matou.forge.access import Scope
from support.deciding import create_project_token
from support.gitcode_server import Harbour
from support.signing import new_key

KEYS = "/user/gpg_keys"


def test_a_key_is_added_shown_and_taken_away(harbour: Harbour) -> None:
    key = new_key("chen@example.org")

    added = harbour.ask("POST", KEYS, json={"armored_public_key": key.public})
    number = added.json()["id"]

    assert added.status_code == 201
    assert added.json()["fingerprint"] == key.fingerprint
    assert added.json()["key_id"] == key.fingerprint[-16:]
    assert added.json()["emails"] == [{"email": "chen@example.org", "verified": True}]
    assert added.json()["public_key"].startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    listed = harbour.ask("GET", KEYS)
    assert (listed.json(), listed.headers["total_count"]) == ([added.json()], "1")
    assert harbour.ask("GET", f"{KEYS}/{number}").json() == added.json()
    assert harbour.ask("DELETE", f"{KEYS}/{number}", person="dora").status_code == 404
    assert harbour.ask("GET", f"{KEYS}/{number}", person="dora").status_code == 404
    assert harbour.ask("DELETE", f"{KEYS}/{number}").status_code == 204
    assert harbour.ask("GET", KEYS).json() == []


@pytest.mark.parametrize("number", ["0", "99999", "x", "1e3", "9" * 40, "%2e%2e", "-1"])
def test_a_key_that_is_not_there_changes_nothing(harbour: Harbour, number: str) -> None:
    assert harbour.ask("DELETE", f"{KEYS}/{number}").status_code in (400, 404)


@pytest.mark.parametrize("sent", ["", "hello", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA", "A" * 900_000])
def test_what_is_no_key_is_refused(harbour: Harbour, sent: str) -> None:
    answer = harbour.ask("POST", KEYS, json={"armored_public_key": sent})

    assert answer.status_code == 400
    assert "Stack" not in answer.text


def test_a_private_key_is_refused_and_nothing_of_it_is_said_again(harbour: Harbour) -> None:
    secret = str(new_key("chen@example.org").secret)

    answer = harbour.ask("POST", KEYS, json={"armored_public_key": secret})

    assert answer.status_code == 400
    assert secret.splitlines()[5] not in answer.text


def test_a_key_of_another_name_or_another_account_is_refused(harbour: Harbour) -> None:
    key = new_key("chen@example.org")

    assert harbour.ask("POST", KEYS, json={"armored_public_key": key.public}, person="dora").status_code == 400
    assert harbour.ask("POST", KEYS, json={"armored_public_key": key.public}).status_code == 201


def test_only_the_account_itself_by_a_token_that_may_write_has_keys(harbour: Harbour) -> None:
    body = {"armored_public_key": new_key("chen@example.org").public}
    reading = harbour.token(scopes=frozenset({Scope.USER_READ, Scope.REPOSITORY_READ}))
    bound = create_project_token(harbour.forge, harbour.organization, "robot")

    assert harbour.ask("GET", KEYS, person=None).status_code == 401
    assert harbour.ask("POST", KEYS, person=None, json=body).status_code == 401
    assert harbour.ask("POST", KEYS, token=reading, json=body).status_code == 403
    assert harbour.ask("POST", KEYS, token=bound.password.reveal(), json=body).status_code == 403
    assert harbour.ask("GET", KEYS).json() == []

"""Logging in as every real client does it, tokens that end, and what guessing costs."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from matou.credentials import Secret
from matou.forge.access import ALL_SCOPES
from matou.forge.accounts.users import create_user
from matou.forge.login_throttle import FREE_FAILURES, FREE_FAILURES_OF_AN_ADDRESS
from matou.server.app import build_app
from matou.server.dialects.gitee_v3.sessions import MOST_SESSIONS, SESSION, SESSION_LIFE
from matou.server.rate_limit import FixedWindowLimiter
from support.deciding import create_token, list_tokens, revoke_token, set_active
from support.gitcode_server import PASSWORD, Harbour
from support.gitee_server import Client, assert_like, sample

FORM = "application/x-www-form-urlencoded"
ANDROID = "Git@OSC.NET/1.0.1.1_1/Android/4.4/Nexus/0123"
UNAUTHORIZED = {"message": "401 Unauthorized"}

QUERY = f"email={quote('chen@example.org')}&password={quote(PASSWORD)}"
FIELDS = {"email": "chen@example.org", "password": PASSWORD}

LOG_INS: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "visual-studio": (None, "/session", {"content": QUERY, "headers": {"content-type": FORM}}),
    "jetbrains": (
        "CC/1.0-JB.Idea",
        "/session?null",
        {
            "content": f"email=chen@example.org&password={PASSWORD}",
            "headers": {"content-type": FORM + "; charset=UTF-8"},
        },
    ),
    "android": (ANDROID, "/session", {"data": FIELDS}),
    "react-native": ("ReactNative GIT@OSC", f"/session?{QUERY}", {}),
    "ios": ("git.OSChina.NET/1.0", "/session", {"content": QUERY, "headers": {"content-type": FORM}}),
    "python-gitlab": (
        "python-requests/2.32",
        "/session",
        {"content": json.dumps(FIELDS), "headers": {"content-type": "application/json"}},
    ),
    "curl": ("curl/7.88.1", "/session", {"content": QUERY, "headers": {"content-type": FORM}}),
    "json-called-a-form": (None, "/session", {"content": json.dumps(FIELDS), "headers": {"content-type": FORM}}),
    "form-called-nothing": (None, "/session", {"content": QUERY}),
    "trailing-slash": (None, "/session/", {"data": FIELDS}),
    "double-slash": (None, "//session", {"data": FIELDS}),
    "typing-error-of-the-document": (None, "/session", {"data": {"email": "chen", "pssword": PASSWORD}}),
    "name-for-email": (None, "/session", {"data": {"email": "chen", "password": PASSWORD}}),
    "login-for-email": (None, "/session", {"data": {"login": "chen", "password": PASSWORD}}),
    "email-in-capitals": (None, "/session", {"data": {**FIELDS, "email": "Chen@Example.ORG"}}),
    "byte-order-mark": (None, "/session", {"content": b"\xef\xbb\xbf" + json.dumps(FIELDS).encode()}),
}


def log_in(gitee: Client, **fields: str) -> Any:
    return gitee.ask("POST", "/session", data={**FIELDS, **fields})


@pytest.mark.parametrize("client", LOG_INS)
def test_everybody_logs_in(harbour: Harbour, client: str) -> None:
    agent, path, options = LOG_INS[client]

    answer = Client(harbour, agent).ask("POST", path, **options)

    assert answer.status_code == 201
    assert_like(answer.json(), sample("session"))
    assert answer.json()["username"] == "chen"
    assert answer.json()["email"] == "chen@example.org"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("client", ["visual-studio", "jetbrains", "android", "react-native", "ios"])
def test_the_token_of_a_log_in_does_what_that_client_does_next(harbour: Harbour, client: str) -> None:
    agent, path, options = LOG_INS[client]
    gitee = Client(harbour, agent)
    token = gitee.ask("POST", path, **options).json()["private_token"]
    slash = "/" if client == "android" else ""

    created = gitee.ask(
        "POST",
        f"/projects?private_token={token}",
        content="name=CurePHP&description=a b&private=1",
        headers={"content-type": FORM},
    )
    listed = gitee.ask("GET", f"/projects{slash}?page=1&private_token={token}")
    shown = gitee.ask("GET", f"/projects/chen%2FCurePHP?private_token={token}")
    past = gitee.ask("GET", f"/projects{slash}?page=2&private_token={token}")

    assert [one.status_code for one in (created, listed, shown, past)] == [201, 200, 200, 200]
    assert listed.json()[0]["path_with_namespace"] == "chen/CurePHP"
    assert shown.json()["description"] == "a b"
    assert past.json() == []


@pytest.mark.parametrize("path", ["/projects//", "//projects", "/projects/?page=1"])
def test_slashes_that_stand_for_nothing_mean_nothing(gitee: Client, path: str) -> None:
    assert gitee.ask("GET", path, person="chen").status_code == 200


@pytest.mark.parametrize("place", ["query", "form", "json", "header", "bearer", "basic"])
def test_a_token_is_read_wherever_a_client_puts_it(gitee: Client, place: str) -> None:
    token = gitee.harbour.token("chen")
    basic = base64.b64encode(f"chen:{token}".encode()).decode()
    places: dict[str, dict[str, Any]] = {
        "query": {"params": {"private_token": token}, "data": {"name": "one"}},
        "form": {"data": {"name": "one", "private_token": token}},
        "json": {"json": {"name": "one", "private_token": token}},
        "header": {"data": {"name": "one"}, "headers": {"PRIVATE-TOKEN": token}},
        "bearer": {"data": {"name": "one"}, "headers": {"Authorization": f"Bearer {token}"}},
        "basic": {"data": {"name": "one"}, "headers": {"Authorization": f"Basic {basic}"}},
    }

    assert gitee.ask("POST", "/projects", **places[place]).status_code == 201


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"email": "nobody@example.org"}, {"email": "mei"}, {"password": " " + PASSWORD}],
    ids=["wrong-password", "unknown", "without-a-password", "another-password"],
)
def test_a_wrong_log_in_is_401_and_says_nothing_more(gitee: Client, fields: dict[str, str]) -> None:
    answer = log_in(gitee, **fields)

    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("missing", ["email", "password"])
def test_what_a_log_in_needs_is_named(gitee: Client, missing: str) -> None:
    answer = log_in(gitee, **{missing: ""})

    assert (answer.status_code, answer.json()) == (400, {"message": f'400 (Bad request) "{missing}" not given'})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"email=\xff\xfe", FORM),
        (b"&".join(b"a=1" for _ in range(500)), FORM),
        (b'{"email":["a"],"password":{"b":1}}', "application/json"),
        (b'{"email":"\\ud800","password":"x"}', "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_request(gitee: Client, content: bytes, kind: str) -> None:
    answer = gitee.ask("POST", "/session", content=content, headers={"content-type": kind})

    assert answer.status_code == 400
    assert isinstance(answer.json()["message"], str)


def test_a_body_without_end_is_refused(gitee: Client) -> None:
    assert gitee.ask("POST", "/session", content=b"x" * 300_000).status_code == 413


@pytest.mark.parametrize("token", ["", "n5Ex6", "0" * 40, "é" * 20, "'; drop table users"])
@pytest.mark.parametrize("path", ["/projects", "/user", "/projects/harbour%2Flight", "/projects/1", "/projects/none"])
def test_without_a_good_token_nothing_is_told(gitee: Client, path: str, token: str) -> None:
    answer = gitee.ask("GET", path, params={"private_token": token})

    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_a_token_that_was_revoked_or_is_too_old_is_401(gitee: Client) -> None:
    revoked, expired = (log_in(gitee).json()["private_token"] for _ in range(2))
    chen = gitee.harbour.people["chen"]
    revoke_token(gitee.harbour.forge, chen, list_tokens(gitee.harbour.forge, chen)[0].id)
    first = gitee.ask("GET", "/projects", params={"private_token": revoked})
    before = gitee.ask("GET", "/projects", params={"private_token": expired})
    gitee.harbour.clock.advance(SESSION_LIFE)
    after = gitee.ask("GET", "/projects", params={"private_token": expired})

    assert [first.status_code, before.status_code, after.status_code] == [401, 200, 401]


def test_an_account_that_was_switched_off_is_401(gitee: Client) -> None:
    token = log_in(gitee).json()["private_token"]
    set_active(gitee.harbour.forge, gitee.harbour.people["chen"], active=False)

    assert gitee.ask("GET", "/projects", params={"private_token": token}).status_code == 401
    assert log_in(gitee).status_code == 401


def test_a_log_in_gives_a_new_token_named_after_the_client(harbour: Harbour) -> None:
    tokens = {log_in(Client(harbour, "CC/1.0-VS.15")).json()["private_token"] for _ in range(2)}
    log_in(Client(harbour, "bad\x07agent" * 30))

    stored = list_tokens(harbour.forge, harbour.people["chen"])
    assert len(tokens) == 2
    assert [token.name for token in stored][:2] == ["Gitee v3: CC/1.0-VS.15"] * 2
    assert stored[2].name.startswith("Gitee v3: badagentbadagent")
    assert all(len(token.name) <= 120 for token in stored)
    assert {frozenset(token.scopes.split()) for token in stored} == {ALL_SCOPES}


def test_log_ins_do_not_pile_up_and_end_no_other_token(gitee: Client) -> None:
    chen, forge = gitee.harbour.people["chen"], gitee.harbour.forge
    own = create_token(forge, chen, "by hand").reveal()
    sessions = [log_in(gitee).json()["private_token"] for _ in range(MOST_SESSIONS + 3)]

    def works(token: str) -> bool:
        return gitee.ask("GET", "/projects", params={"private_token": token}).status_code == 200

    assert [works(token) for token in sessions] == [False] * 3 + [True] * MOST_SESSIONS
    assert works(own)
    assert sum(token.name.startswith(SESSION) for token in list_tokens(forge, chen)) == MOST_SESSIONS


def test_guessing_a_password_is_slowed_for_the_account(gitee: Client) -> None:
    statuses = [log_in(gitee, password=f"wrong {number}").status_code for number in range(FREE_FAILURES)]
    slowed = log_in(gitee)
    others = create_user(gitee.harbour.forge, "other", password=Secret(PASSWORD))
    free = log_in(gitee, email=others.name)
    gitee.harbour.clock.advance(timedelta(minutes=6))
    later = log_in(gitee)

    assert statuses == [401] * FREE_FAILURES
    assert (slowed.status_code, free.status_code, later.status_code) == (429, 201, 201)
    assert int(slowed.headers["retry-after"]) > 0
    assert isinstance(slowed.json()["message"], str)


def test_guessing_accounts_is_slowed_for_the_address(gitee: Client) -> None:
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        log_in(gitee, email=f"nobody{number}@example.org")

    assert log_in(gitee, email="nobody@example.org").status_code == 429


def test_asking_too_often_is_told_in_the_words_that_an_extension_knows(harbour: Harbour) -> None:
    harbour.app = build_app(harbour.forge, limiter=FixedWindowLimiter(2, window=timedelta(hours=1)))
    answers = [Client(harbour).ask("GET", "/projects", person="chen") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert "API rate limit exceeded" in answers[2].json()["message"]
    assert int(answers[2].headers["retry-after"]) > 0


def test_one_is_shown_to_oneself_without_a_token_in_the_answer(gitee: Client) -> None:
    gitee.ask("POST", "/projects/harbour%2Flight/star", person="chen")

    answer = gitee.ask("GET", "/user", person="chen")

    session = {key: value for key, value in sample("session").items() if key != "private_token"}
    assert_like(answer.json(), session)
    assert answer.json()["follow"] == {"followers": 0, "starred": 1, "following": 0, "watched": 0}
    assert gitee.ask("GET", "/user", person="root").json()["is_admin"] is True


def test_the_portrait_that_answers_name_is_a_picture(gitee: Client) -> None:
    address = log_in(gitee).json()["new_portrait"]

    picture = gitee.ask("GET", address.removeprefix("http://code.example.org/api/v3"))

    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 404, {"error": "404 Not Found"}),
        ("GET", "/nothing", 404, {"error": "404 Not Found"}),
        ("GET", "/projects/1/nothing", 404, {"error": "404 Not Found"}),
        ("GET", "/session", 405, {"error": "405 Not Allowed"}),
        ("DELETE", "/projects", 405, {"error": "405 Not Allowed"}),
    ],
)
def test_what_the_api_does_not_have_is_told_as_such(
    gitee: Client, method: str, path: str, status: int, body: dict[str, str]
) -> None:
    answer = gitee.ask(method, path, person="chen")

    assert (answer.status_code, answer.json()) == (status, body)


def test_head_is_get_without_a_body(gitee: Client) -> None:
    answer = gitee.ask("HEAD", "/projects", person="chen")

    assert (answer.status_code, answer.content, answer.headers["x-total"]) == (200, b"", "2")


def test_the_four_calls_of_the_document_work_on_postgresql(harbour_on_postgresql: Harbour) -> None:
    gitee = Client(harbour_on_postgresql)
    token = log_in(gitee).json()["private_token"]
    created = gitee.ask("POST", "/projects", params={"private_token": token}, data={"name": "one"})
    listed = [gitee.ask("GET", f"/projects?page={page}&private_token={token}").json() for page in (1, 2)]
    shown = gitee.ask("GET", f"/projects/{created.json()['id']}", params={"private_token": token})
    huge = gitee.ask("GET", "/projects/999999999999999999", params={"private_token": token})

    assert (created.status_code, shown.json()) == (201, created.json())
    assert [len(page) for page in listed] == [3, 0]
    assert huge.status_code == 404

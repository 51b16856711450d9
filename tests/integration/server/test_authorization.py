"""Who gets in, by which credential, and that what is hidden looks like what is not there."""

import random
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from matou.credentials import Secret
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.forge.access import Scope
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.login_throttle import FREE_FAILURES
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from support.deciding import add_member, create_project_token, create_token, list_tokens, revoke_token, set_active
from support.deciding import remove_namespace_member as remove_member
from support.git_repositories import ENVIRONMENT, git, make_repository
from support.matou_server import PASSWORD, MatouServer, running_server

HTTP = urllib3.PoolManager(retries=False)


def from_elsewhere() -> urllib3.PoolManager:
    """Failures are counted by address: those of one test must not slow another. Only Linux has all of 127/8."""
    if sys.platform != "linux":
        return HTTP
    address = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
    return urllib3.PoolManager(retries=False, source_address=(address, 0))


READ = "/info/refs?service=git-upload-pack"
WRITE = "/info/refs?service=git-receive-pack"
BATCH = "/info/lfs/objects/batch"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def ask(
    server: MatouServer,
    path: str,
    ending: str,
    headers: dict[str, str] | None = None,
    *,
    http: urllib3.PoolManager = HTTP,
) -> urllib3.BaseHTTPResponse:
    method = "GET" if "info/refs" in ending else "POST"
    return http.request(method, f"{server.url}/{path}.git{ending}", headers=headers or {}, redirect=False)


CARRIERS: dict[str, Callable[[str], dict[str, str]]] = {
    "basic password": lambda token: basic("coding", token),
    "basic with another name": lambda token: basic("ptabc1234567", token),
    "bearer": lambda token: {"Authorization": f"Bearer {token}"},
    "token": lambda token: {"Authorization": f"token {token}"},
    "Token": lambda token: {"Authorization": f"Token {token}"},
    "private-token": lambda token: {"PRIVATE-TOKEN": token},
}


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        ({Scope.REPOSITORY_READ}, 200, 403),
        ({Scope.REPOSITORY_WRITE}, 200, 200),
        ({Scope.USER_READ, Scope.PROJECT_WRITE}, 403, 403),
    ],
    ids=["read", "write", "neither"],
)
def test_a_token_is_good_for_its_scopes_however_it_is_sent(
    matou_server: MatouServer, carrier: Callable[[str], dict[str, str]], scopes: set[Scope], read: int, write: int
) -> None:
    repository = matou_server.repository()
    headers = carrier(create_token(matou_server.forge, matou_server.owner, "t", scopes=scopes).reveal())

    assert ask(matou_server, str(repository.path), READ, headers).status == read
    assert ask(matou_server, str(repository.path), WRITE, headers).status == write


def test_a_token_in_a_query_or_cookie_opens_nothing(matou_server: MatouServer) -> None:
    repository, token = matou_server.repository(), matou_server.token().reveal()

    assert ask(matou_server, str(repository.path), f"{READ}&access_token={token}").status == 401
    assert ask(matou_server, str(repository.path), READ, {"Cookie": f"access_token={token}"}).status == 401


def dead_expired(server: MatouServer) -> Secret:
    past = datetime.now(UTC) - timedelta(seconds=1)
    return create_token(server.forge, server.owner, "expired", expires_at=past)


def dead_revoked(server: MatouServer) -> Secret:
    user = server.owner
    token = server.token()
    revoke_token(server.forge, user, list_tokens(server.forge, user)[-1].id)
    return token


def dead_unknown(server: MatouServer) -> Secret:
    return Secret("f" * 40)


@pytest.mark.parametrize("dead", [dead_expired, dead_revoked, dead_unknown])
@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.PUBLIC])
def test_a_dead_token_is_refused_and_never_taken_for_anonymous(
    matou_server: MatouServer, dead: Callable[[MatouServer], Secret], visibility: Visibility
) -> None:
    repository = matou_server.repository(visibility=visibility)

    answer = ask(
        matou_server, str(repository.path), READ, basic("x", dead(matou_server).reveal()), http=from_elsewhere()
    )

    assert answer.status == 401
    assert "Basic" in answer.headers["www-authenticate"]


def test_a_password_lets_in_by_name_and_a_wrong_one_does_not(matou_server: MatouServer) -> None:
    path, http = str(matou_server.repository().path), from_elsewhere()

    assert ask(matou_server, path, READ, basic(matou_server.owner.name, PASSWORD), http=http).status == 200
    assert ask(matou_server, path, READ, basic(matou_server.owner.name, "wrong"), http=http).status == 401
    assert ask(matou_server, path, READ, basic("nobody-here", PASSWORD), http=http).status == 401
    assert ask(matou_server, path, READ, {"Authorization": "Digest x"}, http=http).status == 401


def test_who_guesses_is_slowed(matou_server: MatouServer) -> None:
    user = matou_server.user()
    path = str(matou_server.repository(visibility=Visibility.PUBLIC).path)

    http = from_elsewhere()

    answers = [ask(matou_server, path, READ, basic(user.name, f"wrong {number}"), http=http) for number in range(11)]

    assert answers[0].status == 401
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["content-type"].startswith("text/plain")
    assert b"too many failures to log in" in answers[-1].data


def test_git_says_that_there_were_too_many_failures(matou_server: MatouServer) -> None:
    user, path, http = matou_server.user(), matou_server.repository().path, from_elsewhere()
    for number in range(FREE_FAILURES):
        assert ask(matou_server, str(path), READ, basic(user.name, f"wrong {number}"), http=http).status == 401
    url = f"{matou_server.url.replace('://', f'://{user.name}:wrong@')}/{path}.git"

    said = subprocess.run(["git", "ls-remote", url], env=ENVIRONMENT, capture_output=True, text=True).stderr

    assert "remote: there were too many failures to log in; try again in" in said
    assert "429" in said


def test_a_program_that_asks_again_with_an_old_password_locks_nobody_out(matou_server: MatouServer) -> None:
    user, path = matou_server.user(), str(matou_server.repository().path)
    http = from_elsewhere()

    answers = {ask(matou_server, path, READ, basic(user.name, "old password"), http=http).status for _ in range(40)}

    assert answers == {401}
    assert ask(matou_server, path, READ, basic(user.name, PASSWORD), http=http).status == 404


def test_a_project_token_ends_at_its_project(matou_server: MatouServer) -> None:
    inside = matou_server.repository("ptteam/one/inside")
    outside = matou_server.repository("ptteam/two/outside")
    project = find_namespace(matou_server.forge, NamespacePath.parse("ptteam/one"))
    given = create_project_token(matou_server.forge, project, "ci")
    headers = basic(given.user, given.password.reveal())

    assert ask(matou_server, str(inside.path), READ, headers).status == 200
    assert ask(matou_server, str(outside.path), READ, headers).status == 404


EVERYTHING = [
    ("GET", READ),
    ("GET", WRITE),
    ("POST", "/git-upload-pack"),
    ("POST", "/git-receive-pack"),
    ("POST", BATCH),
    ("GET", "/info/lfs/objects/" + "ab" * 32),
    ("PUT", "/info/lfs/objects/" + "ab" * 32),
    ("POST", "/info/lfs/verify"),
    ("GET", "/info/lfs/locks"),
    ("POST", "/info/lfs/locks/verify"),
]
BODIES = {
    "/git-upload-pack": (b"0000", "application/x-git-upload-pack-request"),
    "/git-receive-pack": (b"0000", "application/x-git-receive-pack-request"),
    BATCH: (b'{"operation":"download","objects":[]}', "application/vnd.git-lfs+json"),
    "/info/lfs/verify": (b'{"oid":"' + b"ab" * 32 + b'","size":1}', "application/vnd.git-lfs+json"),
}


@pytest.mark.parametrize(("method", "ending"), EVERYTHING, ids=[ending for _, ending in EVERYTHING])
@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "stranger"])
def test_what_is_hidden_answers_like_what_is_not_there(
    matou_server: MatouServer, method: str, ending: str, signed_in: bool
) -> None:
    repository = matou_server.repository()
    stranger = matou_server.credential(matou_server.user())
    body, kind = BODIES.get(ending, (b"x", "text/plain"))
    headers = {"Content-Type": kind} | (basic("x", stranger.password.reveal()) if signed_in else {})
    missing = f"{repository.path.namespace}/nothing-{'x' * (len(repository.name) - 8)}"

    hidden, absent = (
        HTTP.request(method, f"{matou_server.url}/{path}.git{ending}", body=body, headers=headers)
        for path in (str(repository.path), missing)
    )

    assert hidden.status == absent.status == (404 if signed_in else 401)
    # Whether the connection is kept depends on how much of the body had come in, not on what was asked for.
    vague = {"date": "", "connection": "", "x-request-id": ""}
    assert dict(hidden.headers) | vague == dict(absent.headers) | vague
    assert hidden.data.replace(str(repository.path).encode(), b"") == absent.data.replace(missing.encode(), b"")


@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "reader"])
@pytest.mark.parametrize("ending", ["/git-receive-pack", BATCH])
def test_the_route_decides_and_never_the_query(matou_server: MatouServer, ending: str, signed_in: bool) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    stranger = matou_server.credential(matou_server.user())
    headers = {"Content-Type": BODIES[ending][1], "X-HTTP-Method-Override": "GET"}
    headers |= basic("x", stranger.password.reveal()) if signed_in else {}
    body = b'{"operation":"upload","objects":[]}' if ending == BATCH else b"0000"

    answer = HTTP.request(
        "POST", f"{matou_server.url}/{repository.path}.git{ending}?service=git-upload-pack", body=body, headers=headers
    )

    assert answer.status == (403 if signed_in else 401)


def test_a_removed_member_is_out_with_the_next_request(matou_server: MatouServer) -> None:
    repository, member = matou_server.repository(), matou_server.user()
    team = find_namespace(matou_server.forge, repository.path.namespace)
    add_member(matou_server.forge, team, member, Role.DEVELOPER)
    headers = basic("x", matou_server.token(member).reveal())

    before = ask(matou_server, str(repository.path), WRITE, headers).status
    remove_member(matou_server.forge, team, member)

    assert (before, ask(matou_server, str(repository.path), READ, headers).status) == (200, 404)


def test_a_disabled_user_is_out_with_the_next_request(matou_server: MatouServer) -> None:
    user = matou_server.user()
    path = str(matou_server.repository(visibility=Visibility.PUBLIC).path)
    token, password = basic("x", matou_server.token(user).reveal()), basic(user.name, PASSWORD)

    before = [ask(matou_server, path, READ, headers).status for headers in (token, password)]
    set_active(matou_server.forge, user, active=False)

    assert before == [200, 200]
    http = from_elsewhere()
    assert [ask(matou_server, path, READ, headers, http=http).status for headers in (token, password)] == [401, 401]


def test_whoever_may_only_see_may_not_read_code(matou_server: MatouServer) -> None:
    repository, guest = matou_server.repository(), matou_server.user()
    add_member(matou_server.forge, find_namespace(matou_server.forge, repository.path.namespace), guest, Role.GUEST)

    answer = ask(matou_server, str(repository.path), READ, basic("x", matou_server.token(guest).reveal()))

    assert answer.status == 403


def test_a_renamed_repository_is_found_under_its_old_name(matou_server: MatouServer) -> None:
    from support.deciding import rename_repository

    repository = matou_server.repository()
    rename_repository(matou_server.forge, repository, "renamed")
    headers = basic("x", matou_server.token().reveal())

    assert ask(matou_server, str(repository.path), READ, headers).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example/x", "a b", ""])
def test_links_name_no_host_that_cannot_be_one_and_believe_no_forwarding(matou_server: MatouServer, host: str) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    headers = {"Host": host, "X-Forwarded-Host": "forwarded.example", "X-Webauth-User": matou_server.owner.name}

    page = HTTP.request("GET", f"{matou_server.url}/{repository.path}", headers=headers).data.decode()

    assert "forwarded.example" not in page
    assert matou_server.owner.name not in page
    assert re.search(r"git clone http://(evil\.example|127\.0\.0\.1:\d+)/", page)


def source_owned(server: MatouServer) -> Repository:
    from matou.db import repositories

    repository = server.repository()
    with server.forge.database.begin_write() as connection:
        repositories.change(connection, repository.id, source="coding:example")
    return find_repository(server.forge, repository.path)


def test_what_a_source_owns_is_read_only_for_its_owner_too(matou_server: MatouServer) -> None:
    repository = source_owned(matou_server)
    headers = basic("x", matou_server.token().reveal())

    refused = ask(matou_server, str(repository.path), WRITE, headers)

    assert ask(matou_server, str(repository.path), READ, headers).status == 200
    assert refused.status == 403
    assert b"read-only" in refused.data
    assert refused.headers["content-type"].startswith("text/plain")


def test_a_backup_is_open_to_whoever_reaches_the_server_only_if_the_operator_says_so(
    matou_server: MatouServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_server(tmp_path_factory.mktemp("open") / "archive", anonymous_reads_backups=True) as server:
        repository = source_owned(server)
        make_repository(tmp_path_factory.mktemp("source") / "source.git")
        git(server.git_dir(repository), "rev-parse", "--git-dir")

        opened = ask(server, str(repository.path), READ).status

    assert opened == 200
    assert ask(matou_server, str(source_owned(matou_server).path), READ).status == 401

"""Pages for administrators: what they show, what their forms do, and that nobody else gets to either."""

import re

import pytest

from matou.credentials import Secret
from matou.db.users import User
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.accounts.users import authenticate, find_user
from matou.model.names import NamespacePath
from support.deciding import list_sessions, list_tokens
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import HTTP, PageBrowser

PAGES = ("/-/admin", "/-/admin/accounts", "/-/admin/namespaces", "/-/admin/jobs", "/-/admin/log", "/-/admin/log-ins")
OTHER = "another horse battery"


@pytest.fixture
def administrator(matou_server: MatouServer) -> User:
    return matou_server.user(admin=True)


@pytest.fixture
def browser(matou_server: MatouServer, administrator: User) -> PageBrowser:
    opened = PageBrowser(matou_server.url)
    opened.sign_in(administrator.name, PASSWORD)
    return opened


@pytest.fixture
def person(matou_server: MatouServer) -> User:
    return matou_server.user()


def kept(server: MatouServer, user: User) -> User:
    found = find_user(server.forge, user.name)
    assert found is not None
    return found


@pytest.mark.parametrize("path", [*PAGES, "/-/admin/accounts/root", "/-/admin/jobs/1", "/-/admin/nothing"])
def test_they_are_for_administrators(matou_server: MatouServer, person: User, path: str) -> None:
    signed_in, stranger = PageBrowser(matou_server.url), PageBrowser(matou_server.url)
    signed_in.sign_in(person.name, PASSWORD)

    assert signed_in.open(path).status == 403
    assert stranger.open(path).path.startswith("/-/sign-in?next=")


@pytest.mark.parametrize("action", ["accounts", "namespaces", "accounts/{name}/admin", "accounts/{name}/delete"])
def test_their_forms_are_for_administrators(matou_server: MatouServer, person: User, action: str) -> None:
    signed_in = PageBrowser(matou_server.url)
    signed_in.sign_in(person.name, PASSWORD)
    token = signed_in.open("/-/account").form("/-/sign-out").fields["form_token"]
    fields = {"form_token": token, "name": "mallory", "owner": person.name, "admin": "1", "confirm": person.name}

    answer = signed_in.post(f"/-/admin/{action.format(name=person.name)}", fields)

    assert answer.status == 403
    assert not kept(matou_server, person).admin
    assert find_user(matou_server.forge, "mallory") is None


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_is_shown(browser: PageBrowser, path: str, language: str) -> None:
    browser.headers["accept-language"] = language

    page = browser.open(path)

    assert page.status == 200
    assert page.text.count("<h1") == 1


def test_what_is_not_there_is_not_found(browser: PageBrowser) -> None:
    for path in ("/-/admin/nothing", "/-/admin/accounts/nobody-of-this-name", "/-/admin/accounts/a/b/c"):
        assert browser.open(path).status == 404


def test_an_account_is_made(matou_server: MatouServer, browser: PageBrowser, administrator: User) -> None:
    name = f"made-by-{administrator.name}"

    page = browser.send(
        browser.open("/-/admin/accounts"), "/-/admin/accounts", name=name, email=f"{name}@example.com", password=OTHER
    )

    assert page.path == f"/-/admin/accounts/{name}?done=added"
    made = authenticate(matou_server.forge, name, Secret(OTHER))
    assert made is not None
    assert (made.email, made.admin) == (f"{name}@example.com", False)
    log = browser.open(f"/-/admin/log?who={administrator.name}").text
    assert name in log
    assert "At a page" in log
    assert "127.0.0.1" in log
    assert name not in browser.open("/-/admin/log?who=somebody-else").text


def test_what_comes_by_an_api_stands_in_the_same_log(
    matou_server: MatouServer, browser: PageBrowser, administrator: User
) -> None:
    repository, token = matou_server.repository(), matou_server.token(administrator)
    url = f"{matou_server.url}/api/v5/repos/{repository.path}"

    answer = HTTP.request("DELETE", url, headers={"authorization": f"Bearer {token.reveal()}"})

    assert answer.status == 204
    log = browser.open(f"/-/admin/log?who={administrator.name}").text
    assert re.search(rf"Deleted a repository</td><td><bdi>{repository.path}</bdi></td><td>By an API", log)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "admin"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "fine-name", "password": "short"}, "password"),
    ],
)
def test_what_is_wrong_with_it_is_said_beside_its_field(
    browser: PageBrowser, fields: dict[str, str], field: str
) -> None:
    page = browser.send(browser.open("/-/admin/accounts"), "/-/admin/accounts", **fields)

    assert page.status == 422
    assert f'id="{field}-fault"' in page.text


def test_a_name_that_is_taken_is_refused(browser: PageBrowser, person: User) -> None:
    page = browser.send(browser.open("/-/admin/accounts"), "/-/admin/accounts", name=person.name.upper())

    assert (page.status, 'id="name-fault"' in page.text) == (422, True)


def test_an_account_is_disabled_enabled_and_made_an_administrator(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    here = f"/-/admin/accounts/{person.name}"

    browser.send(browser.open(here), f"{here}/active")
    disabled = kept(matou_server, person)
    browser.send(browser.open(here), f"{here}/active")
    browser.send(browser.open(here), f"{here}/admin")

    assert not disabled.active
    assert (kept(matou_server, person).active, kept(matou_server, person).admin) == (True, True)


def test_somebody_is_given_a_password_and_signed_out(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    theirs = PageBrowser(matou_server.url)
    theirs.sign_in(person.name, PASSWORD)
    here = f"/-/admin/accounts/{person.name}"

    refused = browser.send(browser.open(here), f"{here}/password", password="short")
    page = browser.send(browser.open(here), f"{here}/password", password=OTHER)

    assert 'id="password-fault"' in refused.text
    assert OTHER not in page.text
    assert list_sessions(matou_server.forge, person) == ()
    assert authenticate(matou_server.forge, person.name, Secret(OTHER)) is not None


def test_somebodys_token_is_revoked(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    matou_server.token(person)
    here = f"/-/admin/accounts/{person.name}"

    browser.send(browser.open(here), f"{here}/revoke")

    assert list_tokens(matou_server.forge, person) == ()


def test_an_account_is_deleted_once_its_name_was_typed(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    here = f"/-/admin/accounts/{person.name}"

    refused = browser.send(browser.open(here), f"{here}/delete", confirm="yes")
    still_there = find_user(matou_server.forge, person.name) is not None
    done = browser.send(refused, f"{here}/delete", confirm=person.name)

    assert (refused.status, still_there) == (422, True)
    assert "It is deleted" in done.text
    assert find_user(matou_server.forge, person.name) is None


def test_an_account_that_owns_something_alone_is_not_deleted(matou_server: MatouServer, browser: PageBrowser) -> None:
    here = f"/-/admin/accounts/{matou_server.owner.name}"
    matou_server.team()

    page = browser.send(browser.open(here), f"{here}/delete", confirm=matou_server.owner.name)

    assert page.status == 422
    assert "is the last owner of" in page.text


def test_nobody_locks_themselves_out(browser: PageBrowser, administrator: User, matou_server: MatouServer) -> None:
    here = f"/-/admin/accounts/{administrator.name}"
    page = browser.open(here)
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]

    answers = [
        browser.post(f"{here}/{change}", {"form_token": token, **fields})
        for change, fields in (
            ("active", {"active": "0"}),
            ("admin", {"admin": "0"}),
            ("delete", {"confirm": administrator.name}),
        )
    ]

    assert {form.action for form in page.forms()} == {"-", "/-/preferences", f"{here}/email"}
    assert [answer.status for answer in answers] == [422] * 3
    assert kept(matou_server, administrator).admin


def test_a_team_is_made_for_its_owner(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    name = f"team-of-{person.name}"
    listed = browser.open("/-/admin/namespaces")

    nobody = browser.send(listed, "/-/admin/namespaces", name=name, owner="nobody-of-this-name")
    made = browser.send(listed, "/-/admin/namespaces", name=name, owner=person.name)

    assert (nobody.status, 'id="owner-fault"' in nobody.text) == (422, True)
    assert made.path == f"/{name}/-/settings?done=added"
    assert find_namespace(matou_server.forge, NamespacePath((name,))).creator_id == person.id


def test_what_others_are_called_is_text(matou_server: MatouServer, browser: PageBrowser) -> None:
    hostile = matou_server.user()
    page = PageBrowser(matou_server.url)
    page.sign_in(hostile.name, PASSWORD)
    page.send(page.open("/-/account"), "/-/account/name", display_name="<img src=x onerror=alert(1)>")

    for path in ("/-/admin/accounts?q=" + hostile.name, f"/-/admin/accounts/{hostile.name}"):
        assert "<img src=x" not in browser.open(path).text


def test_an_account_is_given_another_address(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    here, address = f"/-/admin/accounts/{person.name}", f"{person.name}@example.com"
    set_by = f"{here}/email"

    saved = browser.send(browser.open(here), set_by, email=address)
    refused = browser.send(browser.open(here), set_by, email="no address")

    assert (saved.status, kept(matou_server, person).email) == (200, address)
    assert (refused.status, 'id="email-fault"' in refused.text) == (422, True)


def test_an_address_that_another_has_is_refused(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    other = matou_server.user()
    address = f"{person.name}@example.com"
    places = [f"/-/admin/accounts/{user.name}" for user in (person, other)]

    _saved, answer = [browser.send(browser.open(here), f"{here}/email", email=address.upper()) for here in places]

    assert (answer.status, 'id="email-fault"' in answer.text) == (422, True)
    assert (kept(matou_server, person).email, kept(matou_server, other).email) == (address.upper(), "")

"""The pages of one's own account: each form works without a script, and says beside its field what is wrong."""

import re

import pytest

from matou.credentials import Secret
from matou.db.users import User
from matou.forge.access import Scope
from matou.forge.accounts.sessions import MOST_SESSIONS
from matou.forge.accounts.tokens import resolve_token
from matou.forge.accounts.users import authenticate, create_user, find_user
from support.deciding import list_sessions, list_tokens, signing_keys
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import Page, PageBrowser
from support.signing import new_key

NEW_PASSWORD = "another horse battery"


@pytest.fixture
def person(matou_server: MatouServer) -> User:
    return matou_server.user()


@pytest.fixture
def browser(matou_server: MatouServer, person: User) -> PageBrowser:
    opened = PageBrowser(matou_server.url)
    opened.sign_in(person.name, PASSWORD)
    return opened


def new_token(page: Page) -> str:
    found = re.search(r'id="new-token">([0-9a-f]{40})<', page.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", [*(f"/-/account{end}" for end in ("", "/tokens", "/keys", "/ssh-keys", "/devices"))])
def test_the_pages_are_for_whoever_is_signed_in(matou_server: MatouServer, browser: PageBrowser, path: str) -> None:
    stranger = PageBrowser(matou_server.url).open(path)

    assert stranger.path == f"/-/sign-in?next={path.replace('/', '%2F')}"
    assert (browser.open(path).status, browser.open(path).path) == (200, path)
    assert browser.open(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/-/account/nothing", "/-/account/tokens/1"])
def test_there_are_no_others(browser: PageBrowser, path: str) -> None:
    assert browser.open(path).status == 404


def test_a_token_is_shown_once_and_good_for_what_was_chosen(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    page = browser.open("/-/account/tokens")
    form = page.form("/-/account/tokens")
    del form.fields["scope-repository-write"]

    made = browser.post(form.action, {**form.fields, "name": "laptop", "life": "7"})
    token = new_token(made)
    after = browser.open("/-/account/tokens")

    identity = resolve_token(matou_server.forge, Secret(token))
    assert identity is not None
    assert (identity.user, identity.scopes) == (person, frozenset({Scope.REPOSITORY_READ}))
    assert token not in after.text
    assert "laptop" in after.text
    (kept,) = list_tokens(matou_server.forge, person)
    assert kept.expires_at is not None
    assert (kept.expires_at - kept.created_at).days in (6, 7)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"name": ""}, "A name has 1 to 100 characters"),
        ({"name": "x" * 101}, "A name has 1 to 100 characters"),
        ({"name": "a\u202eb"}, "A name has 1 to 100 characters"),
        ({"name": "x", "life": "1000000"}, "Choose one of these"),
    ],
)
def test_what_is_wrong_with_a_token_is_said_beside_its_field(
    matou_server: MatouServer, browser: PageBrowser, person: User, changed: dict[str, str], fault: str
) -> None:
    form = browser.open("/-/account/tokens").form("/-/account/tokens")

    page = browser.post(form.action, {**form.fields, **changed})

    assert page.status == 422
    assert re.search(rf'<p class="fault" id="\w+-fault">{fault}', page.text)
    assert list_tokens(matou_server.forge, person) == ()


def test_a_token_for_nothing_is_not_made(browser: PageBrowser, matou_server: MatouServer, person: User) -> None:
    form = browser.open("/-/account/tokens").form("/-/account/tokens")
    fields = {name: value for name, value in form.fields.items() if not name.startswith("scope")}

    assert browser.post(form.action, {**fields, "name": "x"}).status == 422
    assert list_tokens(matou_server.forge, person) == ()


def test_a_token_is_revoked_by_its_owner_alone(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    other = matou_server.user()
    for user in (person, other):
        matou_server.token(user)
    (own,), (others,) = (list_tokens(matou_server.forge, user) for user in (person, other))
    page = browser.open("/-/account/tokens")
    form = page.form("/-/account/tokens/revoke")

    refused = browser.post(form.action, {**form.fields, "token": str(others.id)})
    done = browser.send(page, form.action)

    assert form.fields["token"] == str(own.id)
    assert refused.status == 404
    assert "The token is revoked" in done.text
    assert list_tokens(matou_server.forge, person) == ()
    assert len(list_tokens(matou_server.forge, other)) == 1


@pytest.mark.parametrize("number", ["", "x", "-1", "1e3", "٣", "9" * 30])
@pytest.mark.parametrize("action", ["tokens/revoke", "keys/remove", "ssh-keys/remove", "devices/end"])
def test_a_number_that_is_none_is_not_found(browser: PageBrowser, action: str, number: str) -> None:
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]
    field = {"tokens/revoke": "token", "keys/remove": "key", "ssh-keys/remove": "key", "devices/end": "device"}[action]

    assert browser.post(f"/-/account/{action}", {"form_token": token, field: number}).status == 404


def test_a_password_is_changed_and_this_browser_stays_signed_in(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    other = PageBrowser(matou_server.url)
    other.sign_in(person.name, PASSWORD)
    before = browser.cookies["matou"]

    page = browser.send(
        browser.open("/-/account"), "/-/account/password", current=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD
    )

    assert "The password is changed" in page.text
    assert browser.cookies["matou"] != before
    assert other.open("/-/account").path.startswith("/-/sign-in")
    assert authenticate(matou_server.forge, person.name, Secret(NEW_PASSWORD)) is not None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"current": "wrong horse battery"}, "current"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "something else"}, "again"),
    ],
)
def test_what_is_wrong_with_a_password_is_said_beside_its_field(
    matou_server: MatouServer, browser: PageBrowser, person: User, changed: dict[str, str], field: str
) -> None:
    typed = {"current": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD, **changed}

    page = browser.send(browser.open("/-/account"), "/-/account/password", **typed)

    assert page.status == 422
    assert f'id="{field}-fault"' in page.text
    assert not any(value in page.text for value in typed.values())
    assert authenticate(matou_server.forge, person.name, Secret(PASSWORD)) is not None


def test_a_name_is_changed(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    hostile = "<img src=x onerror=alert(1)> 安娜"

    page = browser.send(browser.open("/-/account"), "/-/account/name", display_name=hostile)
    refused = browser.send(page, "/-/account/name", display_name="x" * 101)

    assert "It is saved" in page.text
    assert "<img src=x" not in page.text
    assert 'id="display_name-fault"' in refused.text
    kept = find_user(matou_server.forge, person.name)
    assert kept is not None
    assert kept.display_name == hostile


def test_a_device_is_signed_out_from_another(matou_server: MatouServer, browser: PageBrowser, person: User) -> None:
    other = PageBrowser(matou_server.url)
    other.sign_in(person.name, PASSWORD)

    page = browser.open("/-/account/devices")
    done = browser.send(page, "/-/account/devices/end")

    assert page.text.count("Firefox · Linux") == 2
    assert "The device is signed out" in done.text
    assert other.open("/-/account").path.startswith("/-/sign-in")


def test_all_other_devices_are_signed_out_at_once(
    matou_server: MatouServer, browser: PageBrowser, person: User
) -> None:
    others = [PageBrowser(matou_server.url) for _ in range(2)]
    for other in others:
        other.sign_in(person.name, PASSWORD)

    done = browser.send(browser.open("/-/account/devices"), "/-/account/devices/end-others")

    assert "All other devices are signed out" in done.text
    assert len(list_sessions(matou_server.forge, person)) == 1
    assert MOST_SESSIONS > 1


def test_nobody_ends_anothers_device(matou_server: MatouServer, browser: PageBrowser) -> None:
    stranger = matou_server.user()
    other = PageBrowser(matou_server.url)
    other.sign_in(stranger.name, PASSWORD)
    (session,) = list_sessions(matou_server.forge, stranger)
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]

    answer = browser.post("/-/account/devices/end", {"form_token": token, "device": str(session.id)})

    assert answer.status == 404
    assert len(list_sessions(matou_server.forge, stranger)) == 1


def test_a_signing_key_is_added_and_removed(matou_server: MatouServer) -> None:
    name = "signer-of-pages"
    person = create_user(matou_server.forge, name, email=f"{name}@example.com", password=Secret(PASSWORD))
    browser = PageBrowser(matou_server.url)
    browser.sign_in(person.name, PASSWORD)
    keys = browser.open("/-/account/keys")

    added = browser.send(keys, "/-/account/keys", key=new_key(person.email).public)
    (kept,) = signing_keys(matou_server.forge, person)
    refused = browser.send(added, "/-/account/keys", key="no key <b>at all</b>")
    removed = browser.send(added, "/-/account/keys/remove")

    assert kept.fingerprint in added.text
    assert (refused.status, 'id="key-fault"' in refused.text, "<b>at" in refused.text) == (422, True, False)
    assert "The key is removed" in removed.text
    assert signing_keys(matou_server.forge, person) == ()


def test_a_word_in_the_address_says_only_what_we_say(browser: PageBrowser) -> None:
    page = browser.open("/-/account?done=%3Cb%3Eyour+password+has+expired")

    assert "expired" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_the_pages_speak_chinese(browser: PageBrowser) -> None:
    browser.headers["accept-language"] = "zh-CN"

    assert 'lang="zh-CN"' in browser.open("/-/account/tokens").text
    assert "<h1>令牌</h1>" in browser.open("/-/account/tokens").text

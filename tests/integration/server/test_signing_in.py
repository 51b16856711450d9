"""Signing in and out with a browser, and what others do to somebody who has."""

from base64 import b64encode

import pytest

from matou.credentials import Secret
from matou.db.users import User
from matou.forge.accounts.sessions import MOST_SESSIONS
from matou.model.platform import Visibility
from support.deciding import list_sessions, set_active, set_password
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import HTTP, PageBrowser


@pytest.fixture
def browser(matou_server: MatouServer) -> PageBrowser:
    return PageBrowser(matou_server.url)


@pytest.fixture
def person(matou_server: MatouServer) -> User:
    return matou_server.user()


def is_signed_in(browser: PageBrowser) -> bool:
    return "/-/account" in browser.open("/").links()


def test_whoever_signs_in_sees_what_is_theirs(matou_server: MatouServer, browser: PageBrowser) -> None:
    private = matou_server.repository()
    hidden = browser.open(f"/{private.path}")

    shown = browser.sign_in(matou_server.owner.name, PASSWORD, onward=f"/{private.path}")

    assert hidden.status == 404
    assert (shown.status, shown.path) == (200, f"/{private.path}")
    assert browser.cookies.keys() == {"matou", "matou-form"}


def test_a_page_that_is_hidden_leads_to_itself_by_the_form(matou_server: MatouServer, browser: PageBrowser) -> None:
    private = matou_server.repository()
    hidden = browser.open(f"/{private.path}")
    (link,) = {link for link in hidden.links() if "sign-in" in link}

    page = browser.open(f"/{private.path}{link}")
    shown = browser.send(page, "/-/sign-in", login=matou_server.owner.name, password=PASSWORD)

    assert shown.path == f"/{private.path}"


@pytest.mark.parametrize(("login", "password"), [("", ""), ("nobody", PASSWORD), (None, "wrong horse battery staple")])
def test_whoever_does_not_know_the_password_stays_out(
    browser: PageBrowser, person: User, login: str | None, password: str
) -> None:
    page = browser.sign_in(person.name if login is None else login, password)

    assert page.status == 403
    assert "The name or the password is wrong" in page.text
    assert password == "" or password not in page.text
    assert not is_signed_in(browser)


def test_an_account_that_is_guessed_at_is_slowed(matou_server: MatouServer, browser: PageBrowser) -> None:
    person = matou_server.user()
    statuses = [browser.sign_in(person.name, f"guess {number}").status for number in range(12)]

    page = browser.sign_in(person.name, PASSWORD)

    assert statuses == [403] * 10 + [429] * 2
    assert page.status == 429
    assert "too many failures" in page.text


def test_whoever_signs_out_is_out_and_a_copy_of_the_cookie_is_worth_nothing(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    browser.sign_in(person.name, PASSWORD)
    copied = PageBrowser(matou_server.url, dict(browser.cookies))
    assert is_signed_in(copied)

    browser.send(browser.open("/-/account"), "/-/sign-out")

    assert "matou" not in browser.cookies
    assert not is_signed_in(browser)
    assert not is_signed_in(copied)


def test_each_sign_in_has_another_secret_and_none_that_was_brought_along(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    """Fixation: what the attacker knows beforehand stands for nobody afterwards."""
    browser.sign_in(person.name, PASSWORD)
    first = browser.cookies["matou"]
    planted = PageBrowser(matou_server.url, {"matou": "A" * 43})

    planted.sign_in(person.name, PASSWORD)

    assert planted.cookies["matou"] not in {"A" * 43, first}
    assert not is_signed_in(PageBrowser(matou_server.url, {"matou": "A" * 43}))


def test_signing_in_again_ends_the_session_that_the_browser_had(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    form = browser.open("/-/sign-in").form("/-/sign-in").fields
    browser.sign_in(person.name, PASSWORD)
    held = browser.cookies["matou"]

    own_token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]
    browser.post("/-/sign-in", {**form, "form_token": own_token, "login": person.name, "password": PASSWORD})

    assert browser.cookies["matou"] != held
    assert not is_signed_in(PageBrowser(matou_server.url, {"matou": held}))
    assert len(list_sessions(matou_server.forge, person)) == 1


@pytest.mark.parametrize("path", ["/-/sign-in", "/-/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "", "origin": "https://evil.example"},
        {"sec_fetch_site": "", "origin": "null"},
    ],
    ids=repr,
)
def test_a_form_of_another_site_does_nothing(
    browser: PageBrowser, person: User, path: str, headers: dict[str, str]
) -> None:
    browser.sign_in(person.name, PASSWORD)
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]

    answer = browser.post(path, {"form_token": token, "login": person.name, "password": PASSWORD}, **headers)

    assert answer.status == 403
    assert is_signed_in(browser)


@pytest.mark.parametrize("token", ["", "A" * 43, None])
def test_a_form_without_its_token_does_nothing(
    browser: PageBrowser, person: User, matou_server: MatouServer, token: str | None
) -> None:
    """Where the browser is too old to say where a form comes from."""
    other = PageBrowser(matou_server.url)
    of_another = other.open("/-/sign-in").form("/-/sign-in").fields["form_token"]
    browser.sign_in(person.name, PASSWORD)

    answer = browser.post("/-/sign-out", {"form_token": of_another if token is None else token}, sec_fetch_site="")

    assert answer.status == 403
    assert is_signed_in(browser)


def test_nobody_is_signed_in_as_somebody_else_by_a_form_of_another_site(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    """The attacker's own form token, sent by the victim's browser, which has not the attacker's cookie."""
    attacker = PageBrowser(matou_server.url)
    fields = attacker.open("/-/sign-in").form("/-/sign-in").fields

    answer = browser.post("/-/sign-in", {**fields, "login": person.name, "password": PASSWORD}, sec_fetch_site="")

    assert answer.status == 403
    assert browser.cookies == {}


@pytest.mark.parametrize(
    "onward", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "/%2Fevil.example", "/%09/evil.example"]
)
def test_signing_in_leads_nowhere_else(browser: PageBrowser, person: User, onward: str) -> None:
    assert browser.sign_in(person.name, PASSWORD, onward=onward).path == "/"


def test_the_address_of_the_form_itself_leads_on_safely(browser: PageBrowser, person: User) -> None:
    browser.sign_in(person.name, PASSWORD)

    assert browser.open("/-/sign-in?next=//evil.example/").path == "/"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_address_of_a_form_signs_nobody_out(
    browser: PageBrowser, person: User, method: str, matou_server: MatouServer
) -> None:
    browser.sign_in(person.name, PASSWORD)

    HTTP.request(method, matou_server.url + "/-/sign-out", headers={"cookie": f"matou={browser.cookies['matou']}"})

    assert is_signed_in(browser)


def test_a_field_that_is_sent_twice_is_refused(browser: PageBrowser, person: User, matou_server: MatouServer) -> None:
    token = browser.open("/-/sign-in").form("/-/sign-in").fields["form_token"]
    body = f"form_token={token}&login={person.name}&login=other&password=x"
    headers = {"cookie": f"matou-form={browser.cookies['matou-form']}"}
    headers["content-type"] = "application/x-www-form-urlencoded"

    assert HTTP.request("POST", matou_server.url + "/-/sign-in", body=body, headers=headers).status == 400


def test_the_cookie_counts_for_pages_and_for_nothing_else(browser: PageBrowser, matou_server: MatouServer) -> None:
    """Whatever a page of another site makes the browser send to git or the REST APIs comes without any right."""
    private = matou_server.repository()
    browser.sign_in(matou_server.owner.name, PASSWORD)
    headers = {"cookie": f"matou={browser.cookies['matou']}"}

    def status(path: str) -> int:
        return HTTP.request("GET", matou_server.url + path, headers=headers).status

    assert status(f"/{private.path}") == 200
    assert status(f"/{private.path}.git/info/refs?service=git-upload-pack") == 401
    assert status(f"/{private.path}.git/info/lfs/locks") == 401
    assert status("/api/v5/user") == 401
    assert status("/gitee/api/v5/user") == 401
    assert status("/api/v3/user") == 401
    assert status(f"/api/v5/repos/{private.path}") in (401, 404)


def test_a_password_or_token_in_a_header_opens_no_page_of_the_account(matou_server: MatouServer, person: User) -> None:
    basic = b64encode(f"{person.name}:{PASSWORD}".encode()).decode()
    browser = PageBrowser(matou_server.url)
    for value in (f"Basic {basic}", f"Bearer {matou_server.token(person).reveal()}"):
        browser.headers["authorization"] = value
        assert browser.open("/-/account").path.startswith("/-/sign-in")


def test_a_session_ends_with_the_password_and_with_the_account(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    browser.sign_in(person.name, PASSWORD)
    set_password(matou_server.forge, person, Secret("another horse battery"))
    after_password = browser.open("/-/account")
    browser.sign_in(person.name, "another horse battery")
    set_active(matou_server.forge, person, active=False)

    assert "You were signed out" in after_password.text
    assert not is_signed_in(browser)
    assert browser.sign_in(person.name, "another horse battery").status == 403


def test_what_a_browser_is_called_is_kept_and_nothing_else_of_it(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    browser.sign_in(person.name, PASSWORD)

    (session,) = list_sessions(matou_server.forge, person)

    assert session.browser == "Firefox · Linux"
    assert MOST_SESSIONS >= 1


def test_the_language_that_somebody_chose_goes_with_their_account(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    browser.sign_in(person.name, PASSWORD)
    form = browser.open("/").form("/-/preferences")

    chosen = browser.post("/-/preferences", {**form.fields, "language": "zh", "theme": "dark"})
    other = PageBrowser(matou_server.url)
    other.sign_in(person.name, PASSWORD)

    assert 'lang="zh-CN" data-theme="dark"' in chosen.text
    assert 'lang="zh-CN" data-theme="dark"' in other.open("/").text


def test_a_page_that_the_browser_has_is_made_anew_for_another_session(
    browser: PageBrowser, person: User, matou_server: MatouServer
) -> None:
    """Its forms have a token of the session before."""
    browser.sign_in(person.name, PASSWORD)
    tag = browser.open("/").headers["etag"]
    again = PageBrowser(matou_server.url)
    again.sign_in(person.name, PASSWORD)

    def status(asking: PageBrowser) -> int:
        headers = {**asking.headers, "cookie": f"matou={asking.cookies['matou']}", "if-none-match": tag}
        return HTTP.request("GET", matou_server.url, headers=headers).status

    assert (status(browser), status(again)) == (304, 200)


def test_a_public_page_sets_no_cookie(matou_server: MatouServer, browser: PageBrowser) -> None:
    public = matou_server.repository(visibility=Visibility.PUBLIC)

    browser.open("/")
    browser.open(f"/{public.path}")
    browser.open("/nothing")

    assert browser.cookies == {}


def test_the_browser_forgets_what_it_was_shown(browser: PageBrowser, person: User) -> None:
    browser.sign_in(person.name, PASSWORD)
    page = browser.open("/-/account")
    token = page.form("/-/sign-out").fields["form_token"]
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"cookie": cookies, "content-type": "application/x-www-form-urlencoded"}

    answer = HTTP.request(
        "POST", f"{browser.base}/-/sign-out", body=f"form_token={token}", headers=headers, redirect=False
    )

    assert (answer.status, answer.headers["clear-site-data"]) == (303, '"cache"')

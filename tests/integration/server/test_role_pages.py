"""Roles in a repository: customized ones made, given and deleted; and what pages offer to whom."""

import pytest

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.forge.accounts.namespaces import find_namespace
from support.deciding import add_member, members, roles
from support.git_repositories import commit_stream, fast_import
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import PageBrowser


@pytest.fixture
def repository(matou_server: MatouServer) -> Repository:
    return matou_server.repository()


@pytest.fixture
def browser(matou_server: MatouServer) -> PageBrowser:
    opened = PageBrowser(matou_server.url)
    opened.sign_in(matou_server.owner.name, PASSWORD)
    return opened


def here(repository: Repository, word: str = "roles") -> str:
    return f"/{repository.path}/-/settings/{word}"


def make(browser: PageBrowser, repository: Repository, name: str, level: str) -> int:
    page = browser.open(here(repository))
    return browser.send(page, f"{here(repository)}/add", name=name, display_name="领航员", access_level=level).status


def test_a_role_is_made_given_and_deleted(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    assert make(browser, repository, "pilot", "35") == 200
    (role,) = roles(matou_server.forge, repository)
    person = matou_server.user()
    given = browser.send(
        browser.open(here(repository, "members")),
        f"{here(repository, 'members')}/set",
        person=person.name,
        permission=role.id,
    )
    kept = browser.send(browser.open(here(repository)), f"{here(repository)}/delete")
    browser.send(
        browser.open(here(repository, "members")),
        f"{here(repository, 'members')}/set",
        person=person.name,
        permission="pull",
    )
    deleted = browser.send(browser.open(here(repository)), f"{here(repository)}/delete")

    assert (given.status, given.path) == (200, f"{here(repository, 'members')}?done=role-set")
    assert given.text.count("领航员") == 2
    assert (kept.status, "Somebody has this role" in kept.text) == (422, True)
    assert deleted.path == f"{here(repository)}?done=deleted"
    assert roles(matou_server.forge, repository) == ()


def test_it_counts_as_the_greatest_standard_role_that_it_reaches(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    make(browser, repository, "pilot", "35")
    (role,) = roles(matou_server.forge, repository)
    person = matou_server.user()

    browser.send(
        browser.open(here(repository, "members")),
        f"{here(repository, 'members')}/set",
        person=person.name,
        permission=role.id,
    )

    found = {one.user.name: one.role for one in members(matou_server.forge, repository)[0]}
    assert found[person.name] is Role.DEVELOPER


@pytest.mark.parametrize(
    ("name", "level", "field"),
    [
        ("pilot", "50", "access_level"),
        ("pilot", "9", "access_level"),
        ("pilot", "x", "access_level"),
        ("", "20", "name"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository, name: str, level: str, field: str
) -> None:
    page = browser.send(browser.open(here(repository)), f"{here(repository)}/add", name=name, access_level=level)

    assert (page.status, f'id="{field}-fault"' in page.text) == (422, True)
    assert roles(matou_server.forge, repository) == ()


def test_a_role_of_another_repository_is_none_here(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    other, person = matou_server.repository(), matou_server.user()
    make(browser, other, "pilot", "35")
    (role,) = roles(matou_server.forge, other)
    address = here(repository, "members")
    token = browser.open(address).form(f"{address}/set").fields["form_token"]

    for given in (role.id, "", "owner"):
        page = browser.post(f"{address}/set", {"form_token": token, "person": person.name, "permission": given})
        assert (page.status, 'id="permission-fault"' in page.text) == (422, True)
    gone = browser.post(f"{here(repository)}/delete", {"form_token": token, "role": role.id})

    assert gone.status == 404
    assert len(roles(matou_server.forge, other)) == 1


def test_who_may_not_manage_members_makes_none(matou_server: MatouServer, repository: Repository) -> None:
    person = matou_server.user()
    namespace = find_namespace(matou_server.forge, repository.path.namespace)
    add_member(matou_server.forge, namespace, person, Role.DEVELOPER)
    browser = PageBrowser(matou_server.url)
    browser.sign_in(person.name, PASSWORD)
    page = browser.open(here(repository))
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]

    answer = browser.post(f"{here(repository)}/add", {"form_token": token, "name": "pilot", "access_level": "40"})

    assert page.status == 200
    assert not [form for form in page.forms() if form.action.startswith(here(repository))]
    assert answer.status == 403
    assert roles(matou_server.forge, repository) == ()


def test_a_page_that_has_lost_a_tab_is_another_one(matou_server: MatouServer, repository: Repository) -> None:
    person, path = matou_server.user(), f"/{repository.path}"
    fast_import(matou_server.git_dir(repository), commit_stream("main", {"a.txt": b"a\n"}, "first", is_root=True))
    namespace = find_namespace(matou_server.forge, repository.path.namespace)
    browser = PageBrowser(matou_server.url)
    browser.sign_in(person.name, PASSWORD)
    words = {"settings", "commits", "branches", "tags", "events.atom"}

    offered = {}
    for role in (Role.MAINTAINER, Role.REPORTER, Role.GUEST):
        add_member(matou_server.forge, namespace, person, role)
        page = browser.open(path)
        assert page.status == 200
        offered[role] = {word for word in words if f'href="{path}/-/{word}"' in page.text}
        browser.headers["if-none-match"] = page.headers.get("etag", "")

    assert offered == {Role.MAINTAINER: words, Role.REPORTER: words - {"settings"}, Role.GUEST: set()}

"""What happened to a repository and how it was set up, as pages: to whom each is shown, and what stands there."""

from base64 import b64encode

import pytest

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.events import record_event
from matou.model.events import EventKind
from matou.model.platform import Visibility
from support.conversation_pages import Talk
from support.deciding import add_member
from support.git_repositories import git
from support.matou_server import PASSWORD, MatouServer
from support.page_site import HOSTILE, HTTP, Site, assert_harmless, text_of

REPOSITORY = "/harbour/shop/api/-"
PAGES = (f"{REPOSITORY}/protections", f"{REPOSITORY}/hooks")


def status(talk: Talk, path: str, who: str = "") -> int:
    return HTTP.request("GET", talk.server.url + path, headers=credential(who), redirect=False).status


def shown(talk: Talk, path: str, who: str = "") -> str:
    answer = HTTP.request("GET", talk.server.url + path, headers=credential(who), redirect=False)
    assert answer.status == 200
    assert_harmless(answer.data.decode())
    return answer.data.decode()


def credential(who: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{who}:{PASSWORD}".encode()).decode()} if who else {}


@pytest.fixture(scope="module")
def developer(talk: Talk) -> str:
    user = talk.server.user()
    team = find_namespace(talk.server.forge, talk.repository.path.namespace)
    add_member(talk.server.forge, team, user, Role.DEVELOPER)
    return user.name


def test_protections_are_for_those_who_push_and_webhooks_for_owners(talk: Talk, developer: str) -> None:
    owner = talk.server.owner.name

    assert [status(talk, path) for path in PAGES] == [403, 403]
    assert [status(talk, path, developer) for path in PAGES] == [200, 403]
    assert [status(talk, path, owner) for path in PAGES] == [200, 200]
    for who, words in (("", ()), (developer, ("protections",)), (owner, ("protections", "hooks"))):
        page = shown(talk, f"{REPOSITORY}/events", who)
        assert tuple(word for word in ("protections", "hooks") if f"{REPOSITORY}/{word}" in page) == words


def test_a_protection_says_who_may_do_what_and_what_was_not_told(talk: Talk, developer: str) -> None:
    page = text_of(shown(talk, PAGES[0], developer).partition("<main")[2])

    assert "main Branch" in page
    assert "Not told Not told Not told Not told 1" in page
    assert "lihua" in page
    assert "Nobody Refused Allowed" in page
    assert "Saved from" in page


def test_a_webhook_is_shown_without_what_is_secret_of_it(talk: Talk) -> None:
    page = text_of(shown(talk, PAGES[1], talk.server.owner.name).partition("<main")[2])

    assert "ci [withheld]" in page
    assert "With a secret" in page
    assert "https://ci.example/" in page
    assert "Active" in page


@pytest.fixture
def site(matou_server: MatouServer) -> Site:
    return Site(matou_server)


def happened(site: Site, kind: EventKind, **details: object) -> None:
    forge = site.server.forge
    with forge.database.begin_write() as connection:
        record_event(connection, site.repository.id, site.server.owner, kind, details, forge.now())


def test_events_are_listed_with_what_they_brought_and_in_pages(site: Site) -> None:
    first = site.commit({"a": b"1\n"}, "first")
    second = site.commit({"a": b"2\n"}, "second", number=1)
    git(site.git_dir, "update-ref", "refs/heads/topic", first)
    for number in range(49):
        happened(site, EventKind.PUSH, ref="refs/heads/gone", before="1" * 40, after="2" * 40, title=f"push {number}")
    happened(site, EventKind.BRANCH_DELETED, ref="refs/heads/old", before=first, after=None)
    happened(site, EventKind.PUSH, ref="refs/heads/main", before=first, after=second, title=HOSTILE)
    happened(site, EventKind.PUSH, refs=7)

    page, last = site.page("/-/events"), site.page("/-/events?page=2")

    said = text_of(page.partition("<main")[2])
    assert "Pushed 7 refs" in said
    assert f'href="{site.url}/-/compare/{first}..{second}"' in page
    assert f'href="{site.url}/-/tree/main"' in page
    assert "Branch deleted old" in said
    assert f"{site.url}/-/tree/old" not in page
    assert "/-/tree/gone" not in page + last
    assert "1111..2222" not in page
    assert (said.count("push "), "push 0 " in text_of(last)) == (47, True)
    assert f'href="{site.url}/-/events.atom"' in page
    assert "Pushed main" in site.get("/-/events.atom").data.decode()


def test_events_tell_of_members_to_members_alone(site: Site) -> None:
    happened(site, EventKind.MEMBER_ADDED, username="zhao", role="developer")

    assert "zhao" not in site.page("/-/events")
    assert "zhao → developer" in text_of(site.page_at(f"{site.url}/-/events", **credential(site.server.owner.name)))


def test_events_of_a_private_repository_are_hidden(matou_server: MatouServer) -> None:
    hidden = Site(matou_server, Visibility.PRIVATE)

    assert hidden.get("/-/events").status == hidden.get("/-/nothing").status == 404

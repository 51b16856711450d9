"""A page that was made before is sent again, and only to whoever would get the same; whatever changes, it is made anew.

The server runs in this process, so that it can be seen which pages are made.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette

from matou.credentials import Secret
from matou.db.memberships import Role
from matou.forge.access import ANONYMOUS
from matou.forge.accounts.namespaces import find_namespace
from matou.model.platform import Visibility
from matou.server.app import build_app
from matou.server.web.rendered_pages import page_key
from matou.server.web.rendering import render
from matou.server.web.sessions import SESSION_COOKIE
from support.deciding import add_member, describe_repository, remove_namespace_member, set_visibility, start_session
from support.git_repositories import git
from support.matou_server import MatouServer
from support.page_site import Site

PAGES = ("", "/-/tree/main/docs", "/-/blob/main/a.py", "/-/blame/main/a.py", "/-/history/main/a.py", "/-/commits/main")
NO_HEADERS: Mapping[str, str] = {}
LISTS = ("/-/branches", "/-/tags")


@dataclass
class Watched:
    """A server that tells how many pages it has made."""

    site: Site
    app: Starlette
    made: list[str] = field(default_factory=list)

    def look(self, path: str, token: Secret | None = None, headers: Mapping[str, str] = NO_HEADERS) -> httpx.Response:
        bearer = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
        return asyncio.run(self._look(f"http://127.0.0.1:8585{self.site.url}{path}", {**headers, **bearer}))

    async def _look(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app)) as client:
            return await client.get(url, headers=dict(headers))

    def is_made(self, path: str, token: Secret | None = None) -> bool:
        """Whether a page is made for this look at it."""
        before = len(self.made)
        assert self.look(path, token).status_code == 200
        return len(self.made) > before

    def settle(self, path: str, token: Secret | None = None) -> str:
        """The page once all that is found in the background is known."""
        for _ in range(100):
            if not self.is_made(path, token):
                return self.look(path, token).text
        raise AssertionError(f"{path} is made again and again")


@pytest.fixture
def watched(matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    site = Site(matou_server)
    site.commit({"a.py": b"print(1)\n", "docs/b.txt": b"b\n", "README.md": b"# Ship\n"}, "first")
    git(site.git_dir, "branch", "other", "main")
    git(site.git_dir, "tag", "v1", "main")
    app = build_app(matou_server.forge)
    made = Watched(site, app)

    def watching(template: str, values: Mapping[str, object]) -> bytes:
        made.made.append(template)
        return render(template, values)

    monkeypatch.setattr("matou.server.web.routes.render", watching)
    yield made
    app.state.server_state.close()


@pytest.mark.parametrize("path", [*PAGES, *LISTS])
def test_a_page_is_made_once_for_all_who_are_nobody(watched: Watched, path: str) -> None:
    first = watched.settle(path)
    again = watched.look(path)

    assert again.text == first
    assert not watched.is_made(path)
    assert watched.look(path, headers={"If-None-Match": again.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", [*PAGES, *LISTS])
def test_it_is_made_anew_after_a_push_and_after_any_write_to_the_database(watched: Watched, path: str) -> None:
    watched.settle(path)

    describe_repository(watched.site.server.forge, watched.site.repository, "What it is")
    is_made_after_a_write = watched.is_made(path)
    watched.settle(path)
    watched.site.commit({"a.py": b"print(2)\n", "docs/b.txt": b"c\n"}, "second", number=1)

    assert is_made_after_a_write
    assert watched.is_made(path)


def test_what_is_shown_is_what_changed(watched: Watched) -> None:
    watched.settle("")
    describe_repository(watched.site.server.forge, watched.site.repository, "A harbour's own ship")

    assert "A harbour&#39;s own ship" in watched.settle("")


def test_whoever_sees_another_page_gets_another(watched: Watched) -> None:
    server, repository = watched.site.server, watched.site.repository
    person = server.user()
    token = server.token(person)
    nobody_s = watched.settle("")

    theirs = watched.settle("", token)
    in_chinese = watched.look("", headers={"Accept-Language": "zh"}).text

    assert person.name in theirs
    assert person.name not in nobody_s
    assert watched.settle("") == nobody_s
    assert "克隆" in in_chinese
    assert repository.path.name in in_chinese


def test_who_may_not_see_it_any_more_does_not(watched: Watched) -> None:
    server, repository = watched.site.server, watched.site.repository
    member = server.user()
    token = server.token(member)
    namespace = find_namespace(server.forge, repository.path.namespace)
    add_member(server.forge, namespace, member, Role.REPORTER)
    set_visibility(server.forge, repository, Visibility.PRIVATE)
    watched.settle("", token)

    assert watched.look("").status_code == 404
    remove_namespace_member(server.forge, namespace, member)

    assert watched.look("", token).status_code == 404


def test_each_session_has_its_own_forms(watched: Watched) -> None:
    server = watched.site.server
    person = server.user()
    started = [start_session(server.forge, person, browser="Firefox") for _ in range(2)]
    cookies = [f"{SESSION_COOKIE}={each.secret.reveal()}" for each in started]
    pages = []
    for cookie in cookies:
        watched.look("", headers={"Cookie": cookie})
        pages.append(watched.look("", headers={"Cookie": cookie}).text)

    tokens = {page.partition('name="form_token" value="')[2].partition('"')[0] for page in pages}
    assert len(tokens) == 2
    assert "" not in tokens


def test_without_a_state_of_the_database_nothing_is_remembered() -> None:
    assert page_key("tag", ANONYMOUS, None) is None
    assert page_key("", ANONYMOUS, 1) is None
    assert page_key("tag", ANONYMOUS, 1) != page_key("tag", ANONYMOUS, 2)

"""Every link of every page, followed as a stranger, as members of each role, and as an administrator who signed in."""

import re
from collections import Counter, deque
from collections.abc import Mapping
from html import unescape
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

import pytest
import urllib3

from browser.conftest import Harbour
from matou.db.memberships import Role
from matou.db.users import User
from matou.forge.accounts.namespaces import find_namespace
from support.deciding import add_member
from support.matou_server import PASSWORD
from support.page_browser import PageBrowser

HTTP = urllib3.PoolManager(retries=False)
MOST_PAGES = 3000
MOST_OF_A_KIND = 6
"""Of addresses that differ in ids and numbers alone."""

MOST_OF_A_KIND_FOR_ROLES = 2

_LINK = re.compile(r'<(?:a|link|img|script|source|form(?! method="post"))\b[^>]*?\s(?:href|src|action)="([^"]*)"')


class Reached(NamedTuple):
    """`seen_on` is the page that leads there."""

    status: int
    seen_on: str


def crawl(harbour: Harbour, user: User | None, *, most_of_a_kind: int = MOST_OF_A_KIND) -> Mapping[str, Reached]:
    """Every address that is reached from the front page on, without its fragment."""
    base, headers = harbour.server.url, {}
    if user is not None:
        browser = PageBrowser(base)
        browser.sign_in(user.name, PASSWORD)
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    found: dict[str, Reached] = {}
    kinds: Counter[str] = Counter()
    pending = deque([(f"{base}/", ""), (f"{base}/harbour/secret", "")])
    known = {url for url, _from in pending}
    while pending and len(found) < MOST_PAGES:
        url, seen_on = pending.popleft()
        answer = HTTP.request("GET", url, headers=headers, redirect=False)
        found[url.removeprefix(base)] = Reached(answer.status, seen_on)
        links = [answer.headers.get("location", "")]
        if answer.headers.get("content-type", "").startswith("text/html"):
            links += [unescape(link) for link in _LINK.findall(answer.data.decode())]
        for link in links:
            target = urldefrag(urljoin(url, link)).url
            if link and target.startswith(f"{base}/") and target not in known and _is_page(target):
                known.add(target)
                kinds[_kind(target)] += 1
                if kinds[_kind(target)] <= most_of_a_kind:
                    pending.append((target, url.removeprefix(base)))
    return found


def _kind(url: str) -> str:
    return re.sub(r"\d+", "N", re.sub(r"[0-9a-f]{40}", "ID", re.sub(r"next=[^&]*", "next=", url)))


def dead(found: Mapping[str, Reached]) -> Mapping[str, Reached]:
    return {address: reached for address, reached in found.items() if reached.status >= 400}


def _is_page(url: str) -> bool:
    """What a form is sent to is no page, and git has addresses of its own."""
    return not re.search(r"/-/(?:preferences|sign-out)\b|\.git\b", url)


def member(harbour: Harbour, role: Role) -> User:
    user = harbour.server.user()
    namespace = find_namespace(harbour.server.forge, harbour.secret.path.namespace)
    add_member(harbour.server.forge, namespace, user, role)
    return user


def test_a_stranger_meets_no_dead_link_and_nothing_that_is_closed(harbour: Harbour) -> None:
    found = crawl(harbour, None)

    assert {reached.status for address, reached in found.items() if "/secret" in address} <= {404, 303}
    assert dead(found) == {"/harbour/secret": Reached(404, "")}
    assert len(found) < MOST_PAGES


def test_a_member_meets_no_dead_link(harbour: Harbour) -> None:
    found = crawl(harbour, member(harbour, Role.REPORTER))

    assert dead(found) == {}
    assert found["/harbour/secret"].status == 200
    assert {"/harbour/secret/-/commits", "/-/account"} <= found.keys()


@pytest.mark.parametrize("role", [Role.GUEST, Role.DEVELOPER, Role.MAINTAINER])
def test_nobody_is_led_to_what_their_role_may_not_see(harbour: Harbour, role: Role) -> None:
    found = crawl(harbour, member(harbour, role), most_of_a_kind=MOST_OF_A_KIND_FOR_ROLES)

    assert dead(found) == {}
    assert found["/harbour/secret"].status == 200
    assert ("/harbour/secret/-/commits" in found) == (role is not Role.GUEST)
    assert ("/harbour/secret/-/settings" in found) == (role is not Role.GUEST)
    assert "/-/admin" not in found


def test_an_administrator_meets_no_dead_link(harbour: Harbour) -> None:
    found = crawl(harbour, harbour.server.user(admin=True))

    assert dead(found) == {}
    assert found["/harbour/secret"].status == 200
    assert found["/-/admin/log"].status == 200

"""Where a form may lead afterwards, and what is kept of a browser: both are judged, since strangers write them."""

import pytest

from matou.server.web.browsers import browser_name
from matou.server.web.sessions import LONGEST_TARGET, local_target

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) (KHTML, like Gecko) Chrome/146.0 Safari/537.36 Edg/146.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1"
WECHAT = "Mozilla/5.0 (Linux; Android 15; V2) Version/4.0 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/team/ship",
        "/team/ship/-/tree/main/a%20b?page=2#L3",
        "/%E7%A0%81%E5%A4%B4/ship",
        "/team/ship/-/compare/a...b",
        "/team/ship/-/@20261130T080000/tree",
        "/-/search?q=https://example.org//x",
    ],
)
def test_a_path_of_ours_is_where_a_form_leads(target: str) -> None:
    assert local_target(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "team/ship",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/%2Fevil.example/",
        "/%2fevil.example/",
        "/%5Cevil.example/",
        "/team//evil.example",
        "/\tevil.example",
        "/%09/evil.example",
        "/\n/evil.example",
        "/team\r\nset-cookie: matou=x",
        "/team%0d%0aset-cookie:x",
        " /team",
        "/team ",
        "/te\0am",
        "/码头",
        "javascript:alert(1)",
        "data:text/html,x",
        "/" + "a" * LONGEST_TARGET,
        "/team\n",
    ],
)
def test_whatever_could_lead_elsewhere_leads_to_the_first_page(target: str) -> None:
    assert local_target(target) == "/"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox · Linux"),
        (EDGE, "Edge · Windows"),
        (SAFARI, "Safari · iOS"),
        (WECHAT, "WeChat · Android"),
        ("curl/8.17.0", "curl"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
        ("x" * 100_000 + FIREFOX, ""),
    ],
)
def test_of_a_browser_no_more_is_kept_than_its_kind(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name

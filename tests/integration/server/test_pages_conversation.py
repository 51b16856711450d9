"""Pages of what people said: all of it, to whoever may read it, and none of it is more than text to a browser."""

import re
from base64 import b64encode
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import urllib3

from support.conversation_pages import ASSET, PICTURE, Talk
from support.matou_server import PASSWORD

HTTP = urllib3.PoolManager(retries=False)
REPOSITORY, PROJECT = "/harbour/shop/api", "/harbour/shop"
LARGEST_PAGE_BYTES = 100_000
HOSTILE_PAGES = [
    "issues",
    "issues/7",
    "issues?state=all&label=x",
    "changes/3",
    "labels",
    "people",
    "people/3",
    "releases",
    "search?q=img",
]


def look(
    talk: Talk, path: str, *, as_owner: bool = False, language: str = "en", known: str = ""
) -> urllib3.BaseHTTPResponse:
    headers = {"Accept-Language": language, "If-None-Match": known}
    if as_owner:
        basic = b64encode(f"{talk.server.owner.name}:{PASSWORD}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    return HTTP.request("GET", talk.server.url + path, headers=headers, redirect=False)


def page(talk: Talk, path: str, *, as_owner: bool = False, language: str = "en") -> str:
    answer = look(talk, path, as_owner=as_owner, language=language)
    assert answer.status == 200, (path, answer.status)
    assert len(answer.data) <= LARGEST_PAGE_BYTES, (path, len(answer.data))
    return answer.data.decode()


def words(html: str) -> str:
    """What a reader sees."""
    text = re.sub(r"<(/?(?:bdi|b|i|em|strong)\b[^>]*)>", "", html.partition("<main")[2])
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


def tags_of(html: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    parser = _Tags()
    parser.feed(html)
    return [
        (name, given) for name, given in parser.tags if not (dict(given).get("src") or "").startswith("/-/static/icon")
    ]


def titles(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<a class="title" href="[^"]*"><bdi>(.*?)</bdi>', html)]


def test_issues_are_listed_newest_first_without_those_that_are_for_others(talk: Talk) -> None:
    anonymous = page(talk, f"{REPOSITORY}/-/issues")
    owner = page(talk, f"{REPOSITORY}/-/issues", as_owner=True)

    assert titles(anonymous)[-1] == "吊车在雨天停转"
    assert "泄密" not in anonymous
    assert "泄密" in titles(owner)
    assert "灯塔的灯不亮" not in anonymous


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=closed", ["灯塔的灯不亮"]),
        ("state=all&label=缺陷", ["吊车在雨天停转"]),
        ("milestone=77", ["吊车在雨天停转"]),
        ("assignee=lihua", ["吊车在雨天停转"]),
        ("author=@wangfang", ["吊车在雨天停转"]),
        ("type=缺陷", ["吊车在雨天停转"]),
        ("q=继电器", ["吊车在雨天停转"]),
        ("q=relay", []),
        ("q=quay&sort=oldest", ["a long talk"]),
        ("state=%00&sort=x&label=%00", []),
        ("page=99", []),
    ],
)
def test_lists_are_filtered(talk: Talk, query: str, found: list[str]) -> None:
    assert titles(page(talk, f"{REPOSITORY}/-/issues?{query}")) == found


def test_an_issue_has_all_that_was_said_in_the_order_of_time(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/issues/2")
    order = [words(html).index(part) for part in ("见图", "我来看看", "added a label", "离职前留一句")]

    assert order == sorted(order)
    assert "Saved from CODING " in words(html)
    assert '<a href="https://team.coding.net/p/shop/d/api/issues/2" rel="nofollow noopener noreferrer">' in html
    assert "吊臂" in words(html)
    assert "Has left" in words(html)
    assert "lihua@secret.example" not in html


def test_words_in_texts_lead_where_they_should(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/issues/2")

    for href, word in (
        (f"{REPOSITORY}/-/issues/5", "#5"),
        (f"{REPOSITORY}/-/changes/3", "!3"),
        (f"{REPOSITORY}/-/commit/{talk.commit}", talk.commit[:9]),
        (f"{REPOSITORY}/-/people/1", "@lihua"),
    ):
        assert re.search(rf'<a href="{re.escape(href)}"[^>]*>{re.escape(word)}</a>', html), word
    assert "#404" in html
    assert ">#404</a>" not in html


def test_a_board_that_not_everybody_sees_is_shown_to_those_who_work_there(talk: Talk) -> None:
    assert "机密的看板" not in page(talk, f"{REPOSITORY}/-/boards?page=2")
    assert "机密的看板" in page(talk, f"{REPOSITORY}/-/boards?page=2", as_owner=True)


def test_a_confidential_issue_is_not_there_for_others_and_no_text_links_to_it(talk: Talk) -> None:
    assert look(talk, f"{REPOSITORY}/-/issues/6").status == 404
    owner = page(talk, f"{REPOSITORY}/-/issues/6", as_owner=True)

    assert "Confidential" in words(owner)
    assert "relay password" in words(owner)


def test_what_is_hidden_looks_like_what_is_not_there(talk: Talk) -> None:
    assert look(talk, "/harbour/secret/-/issues").data == look(talk, "/harbour/nothing/-/issues").data
    assert look(talk, "/harbour/secret/-/issues/1").status == 404
    assert look(talk, "/harbour/secret/-/issues/1", as_owner=True).status == 200


def test_pictures_come_from_the_archive_and_nothing_else_is_shown(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/issues/2")
    [picture] = re.findall(r'<img src="(/harbour[^"]*)"', html)
    drawing = f"{REPOSITORY}/-/files/{talk.drawing}/x.svg"

    shown, stored = look(talk, picture), look(talk, drawing)

    assert (shown.status, shown.data, shown.headers["content-type"]) == (200, PICTURE, "image/png")
    assert stored.headers["content-disposition"].startswith("attachment")
    assert stored.headers["content-type"].startswith("text/plain")
    for answer in (shown, stored):
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert drawing in html
    assert "lost.log Not saved: 404" in words(html)


def test_a_file_of_nobody_and_one_of_another_repository_are_not_there(talk: Talk) -> None:
    for path in (f"files/{'0' * 64}/x", f"files/{talk.picture}", "files/../../x/y", f"files/{talk.picture}/a/b"):
        assert look(talk, f"{REPOSITORY}/-/{path}").status == 404
    assert look(talk, f"/harbour/secret/-/files/{talk.picture}/x.png", as_owner=True).status == 404


@pytest.mark.parametrize("path", HOSTILE_PAGES)
def test_nothing_that_somebody_wrote_is_anything_but_text(talk: Talk, path: str) -> None:
    html = page(talk, f"{REPOSITORY}/-/{path}", as_owner=True)

    tags = tags_of(html)

    assert [name for name, _ in tags if name in ("img", "iframe", "object", "style", "base", "meta")] == ["meta"] * 6
    assert [(dict(given)["src"] or "").partition("?")[0] for name, given in tags if name == "script"] == [
        "/-/static/matou.js"
    ]
    assert not [given for _, given in tags for name, _value in given if name.startswith("on") or name == "style"]
    addresses = [value or "" for _, given in tags for name, value in given if name in ("href", "src", "action")]
    assert not [one for one in addresses if not one.startswith(("/", "?", "#", "https://")) or one.startswith("//")]
    assert "\x1b" not in html
    assert html.count("<main") == html.count("</main>") == html.count("</html>") == 1


def test_no_link_of_an_issue_leads_nowhere(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/issues/7")
    inside = {unescape(one) for one in re.findall(r'href="(/harbour[^"#?]*)"', html)}

    assert any("/text/comment-" in one for one in inside)
    assert {one: look(talk, one).status for one in inside if look(talk, one).status >= 400} == {}


def test_an_original_elsewhere_is_no_original(talk: Talk) -> None:
    assert "https://evil.example/issues/7" not in page(talk, f"{REPOSITORY}/-/issues/7")
    assert "The original" not in page(talk, f"{REPOSITORY}/-/issues/5")


def test_a_long_talk_comes_in_pages_and_a_comment_is_found_on_its_own(talk: Talk) -> None:
    first, last = page(talk, f"{REPOSITORY}/-/issues/8"), page(talk, f"{REPOSITORY}/-/issues/8?page=3")
    found = look(talk, f"{REPOSITORY}/-/issues/8?comment=1119")

    assert first.count('class="comment') == 50
    assert "the 119th remark" in last
    assert "Page 3 of 3" in last
    assert found.status == 302
    assert found.headers["location"] == f"{REPOSITORY}/-/issues/8?page=3#comment-1119"
    assert page(talk, f"{REPOSITORY}/-/issues/8?page=77").count('class="comment') == 20


def test_a_text_that_is_longer_than_a_page_has_pages_of_its_own(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/issues/9")
    [whole] = re.findall(r'<a href="([^"]*/text/[^"]*)"', html)

    parts = [page(talk, f"{whole}?page={number}") for number in (1, 2)]

    assert "a line & <b>" in words(parts[0])
    assert parts[0] != parts[1]
    assert look(talk, f"{REPOSITORY}/-/issues/9/text/nothing").status == 404
    assert look(talk, f"{REPOSITORY}/-/issues/6/text/body").status == 404


def test_change_requests_have_their_threads_at_their_lines(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/changes/3")
    said = words(html)

    assert titles(page(talk, f"{REPOSITORY}/-/changes?state=all")) == ["重写一切", "修好吊车"]
    assert f'href="{REPOSITORY}/-/blob/{talk.commit}/src/ferry.py#L2"' in html
    assert "return &#39;boat&#39;" in html
    assert "+new line" in html
    assert "Resolved" in said
    assert "Outdated" in said
    assert said.index("为什么是船") < said.index("港口要") < said.index("旧的")
    assert "approved it" in said
    assert f"{REPOSITORY}/-/commit/{talk.commit}" in html
    assert "/commit/0000" not in html
    assert f"{REPOSITORY}/-/issues/2" in html


def test_a_project_has_issues_of_its_own_for_its_members(talk: Talk) -> None:
    assert look(talk, f"{PROJECT}/-/issues").status in (403, 404)
    html = page(talk, f"{PROJECT}/-/issues", as_owner=True, language="zh")

    assert titles(html) == ["小程序白屏"]
    assert "工单" in html
    assert "首页" in page(talk, f"{PROJECT}/-/issues/1", as_owner=True)


def test_an_unchanged_page_is_not_made_again(talk: Talk) -> None:
    path = f"{REPOSITORY}/-/issues/2"
    tag = look(talk, path).headers["etag"]

    assert look(talk, path, known=tag).status == 304
    assert look(talk, path, known=tag, as_owner=True).status == 200


@pytest.mark.parametrize("path", ["issues/0", "issues/2/x", "issues/2/text", "issues/%00", "changes/2", "issues//"])
def test_what_is_not_there_is_told_so(talk: Talk, path: str) -> None:
    assert look(talk, f"{REPOSITORY}/-/{path}").status == 404


def test_tabs_tell_what_there_is(talk: Talk) -> None:
    html = page(talk, REPOSITORY)

    assert re.search(rf'href="{REPOSITORY}/-/issues"[^>]*>Issues <span class="count">4</span>', html)
    assert f'href="{REPOSITORY}/-/changes"' in html
    assert f'{PROJECT}/-/issues"' not in page(talk, PROJECT)
    assert f'{PROJECT}/-/issues"' in page(talk, PROJECT, as_owner=True)


def test_a_file_of_a_release_is_none_of_an_issue(talk: Talk) -> None:
    answer = look(talk, f"{REPOSITORY}/-/files/{talk.asset}/x.zip")

    assert (answer.status, answer.data) == (200, ASSET)


def test_milestones_tell_how_far_they_are(talk: Talk) -> None:
    said = words(page(talk, f"{REPOSITORY}/-/milestones"))

    assert said.index("一期") < said.index("二期")
    assert "0 of 1 closed" in said
    assert titles(page(talk, f"{REPOSITORY}/-/milestones/77")) == ["吊车在雨天停转"]
    assert "<strong>done</strong>" in page(talk, f"{REPOSITORY}/-/milestones/78")
    assert titles(page(talk, f"{PROJECT}/-/milestones/iteration/1", as_owner=True)) == ["小程序白屏"]
    assert titles(page(talk, f"{PROJECT}/-/issues?iteration=1", as_owner=True)) == ["小程序白屏"]
    assert look(talk, f"{REPOSITORY}/-/milestones/79").status == 404


def test_labels_are_counted_and_boards_are_lists(talk: Talk) -> None:
    assert "缺陷 1 item" in words(page(talk, f"{REPOSITORY}/-/labels"))
    assert titles(page(talk, f"{REPOSITORY}/-/boards")) == ["吊车在雨天停转", "灯塔的灯不亮"]
    assert 'fill="#d73a4a"' in page(talk, f"{REPOSITORY}/-/labels")


def test_releases_have_files_that_download(talk: Talk) -> None:
    html = page(talk, f"{REPOSITORY}/-/releases")
    [manual] = re.findall(r'<a href="(/harbour[^"]*\.zip)"', html)

    answer = look(talk, manual)

    assert answer.data == ASSET
    assert answer.headers["content-disposition"].startswith("attachment")
    assert words(html).index("Pre-release") < words(html).index("一点零")
    assert "lost.zip Not saved" in words(html)
    assert f'href="{REPOSITORY}/-/issues/2"' in page(talk, f"{REPOSITORY}/-/releases/v1.0")
    assert "release/2.0" in words(page(talk, f"{REPOSITORY}/-/releases/release/2.0"))
    assert look(talk, f"{REPOSITORY}/-/releases/v9").status == 404


def test_people_are_told_of_as_far_as_one_may_know(talk: Talk) -> None:
    anonymous, owner = page(talk, f"{REPOSITORY}/-/people"), page(talk, f"{REPOSITORY}/-/people", as_owner=True)

    assert "王芳" in words(anonymous)
    assert "Owner" not in words(anonymous)
    assert "secret.example" not in anonymous
    assert "Owner" in words(owner)
    assert "lihua@secret.example" in owner
    assert "Issues that they opened" in words(page(talk, f"{REPOSITORY}/-/people/1"))
    assert look(talk, f"{REPOSITORY}/-/people/99").status == 404


def test_a_wiki_has_its_pages_below_one_another_and_their_versions(talk: Talk) -> None:
    outline = page(talk, f"{PROJECT}/-/wiki", as_owner=True)
    text = page(talk, f"{PROJECT}/-/wiki/1", as_owner=True)
    history = page(talk, f"{PROJECT}/-/wiki/1/history", as_owner=True)

    assert outline.index('class="depth-0"') < outline.index('class="depth-1"')
    assert "<h2>手册</h2>" in text
    assert f'href="{PROJECT}/-/issues/1"' in text
    assert "手册（旧）" in history
    assert "旧的内容" in page(talk, f"{PROJECT}/-/wiki/1/versions/1", as_owner=True)
    assert "明天" in page(talk, f"{PROJECT}/-/announcements/3", as_owner=True)
    assert "开港" in page(talk, f"{PROJECT}/-/announcements", as_owner=True)


@pytest.mark.parametrize(
    "path", ["wiki/9", "wiki/1/versions/9", "wiki/1/files/0/x", "wiki/1/2/3", "announcements/9", "boards/x"]
)
def test_what_a_wiki_has_not_is_told_so(talk: Talk, path: str) -> None:
    assert look(talk, f"{PROJECT}/-/{path}", as_owner=True).status == 404


@pytest.mark.parametrize("path", ["wiki", "announcements", "people", "milestones", "labels", "issues/1", "wiki/1"])
def test_what_was_said_in_a_project_is_for_its_members(talk: Talk, path: str) -> None:
    assert look(talk, f"{PROJECT}/-/{path}").status in (403, 404)
    assert look(talk, f"{PROJECT}/-/{path}", as_owner=True).status == 200


def test_a_search_finds_what_one_may_read_and_nothing_else(talk: Talk) -> None:
    assert titles(page(talk, "/-/search?q=api")) == ["harbour/shop/api"]
    assert titles(page(talk, "/-/search?q=secret")) == []
    assert titles(page(talk, "/-/search?q=secret", as_owner=True)) == ["harbour/secret"]
    assert titles(page(talk, "/-/search?q=hidden")) == []
    assert titles(page(talk, "/-/search?q=hidden", as_owner=True)) == ["hidden harbour"]
    assert "zanzibar" not in words(page(talk, "/-/search?q=zanzibar")).replace("Found for zanzibar", "")
    assert titles(page(talk, "/-/search?q=relay")) == []
    assert titles(page(talk, "/-/search?q=继电器")) == ["吊车在雨天停转"]


def test_code_is_found_by_its_letters_in_one_repository_and_in_all(talk: Talk) -> None:
    one, every = page(talk, f"{REPOSITORY}/-/search?q=HARBOUR:"), page(talk, "/-/search?q=class harbour&in=code")

    assert "class Harbour:" not in words(one)
    for html in (page(talk, f"{REPOSITORY}/-/search?q=harbour:"), every):
        assert "class Harbour:" in words(html)
        assert f'href="{REPOSITORY}/-/blob/HEAD/src/ferry.py#L5"' in html
    assert "Add a ferry" in words(page(talk, f"{REPOSITORY}/-/search?q=ferry&in=commits"))


@pytest.mark.parametrize(
    "typed", ["-e", "--open-files-in-pager=id", ".*", "$(id)", "'; id", "%00x", "%0Ax", "[", "x" * 999]
)
def test_what_is_searched_for_is_no_pattern_no_option_and_no_command(talk: Talk, typed: str) -> None:
    for place in ("/-/search", f"{REPOSITORY}/-/search"):
        html = page(talk, f"{place}?q={typed}")
        assert "uid=" not in html
        assert "class Harbour" not in html


def test_feeds_tell_what_the_pages_show_and_no_more(talk: Talk) -> None:
    commits = look(talk, f"{REPOSITORY}/-/commits/main.atom")
    releases = look(talk, f"{REPOSITORY}/-/releases.atom")
    events = look(talk, f"{REPOSITORY}/-/events.atom")

    for feed in (commits, releases, events):
        assert feed.status == 200
        assert feed.headers["content-type"].startswith("application/atom+xml")
        ET.fromstring(feed.data)
    assert "Add a ferry" in commits.data.decode()
    assert f"{REPOSITORY}/-/releases/release/2.0" in releases.data.decode()
    for name in ("commits/main.atom", "releases.atom", "events.atom"):
        assert look(talk, f"/harbour/secret/-/{name}").status == 404
    assert look(talk, f"{REPOSITORY}/-/commits/nothing.atom").status == 404


def test_what_was_deleted_at_the_source_is_shown_and_marked_to_members_alone(talk: Talk) -> None:
    shown, hidden = (page(talk, f"{REPOSITORY}/-/issues/5", as_owner=is_owner) for is_owner in (True, False))

    assert "收回的话" in words(shown)
    assert "Gone from the source" in words(shown)
    assert "收回的话" not in words(hidden)
    assert "0 comments" in words(hidden)
    assert look(talk, f"{REPOSITORY}/-/issues/10", as_owner=True).status == 200
    assert look(talk, f"{REPOSITORY}/-/issues/10").status == 404
    lists = [titles(page(talk, f"{REPOSITORY}/-/issues?state=closed", as_owner=is_owner)) for is_owner in (True, False)]
    assert ["删掉的工单" in found for found in lists] == [True, False]


def test_a_commit_has_what_was_said_on_it_some_at_a_time_and_at_their_lines(talk: Talk) -> None:
    address = f"{REPOSITORY}/-/commit/{talk.commit}"
    first, second = (page(talk, f"{address}{query}", as_owner=True) for query in ("", "?comments=2"))

    assert "12 comments" in words(page(talk, address))
    assert "Gone from the source" not in words(page(talk, address))
    assert "13 comments" in words(first)
    assert "对提交的第 1 条评论" in words(first)
    assert f"{REPOSITORY}/-/blob/{talk.commit}/src/ferry.py#L2" in first
    assert "Gone from the source" in words(first)
    assert f'href="{REPOSITORY}/-/issues/5"' in first
    assert 'href="?comments=2"' in first
    assert "对提交的第 13 条评论" in words(second)
    assert "对提交的第 1 条评论" not in words(second)
    for html in (first, second):
        assert "<script>alert" not in html
        assert not [name for _tag, attributes in tags_of(html) for name, _ in attributes if name.startswith("on")]

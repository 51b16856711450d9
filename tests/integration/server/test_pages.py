"""The pages: what the viewer may see, and nothing of a repository's that a browser would take for more than text."""

import re
from base64 import b64encode

import pytest
import urllib3

from matou.model.platform import Visibility
from support.git_repositories import commit_stream, fast_import, git
from support.matou_server import PASSWORD, MatouServer

HTTP = urllib3.PoolManager(retries=False)
HOSTILE = "<img src=x onerror=alert(1)>"


def look(server: MatouServer, path: str, *, as_owner: bool = False, **headers: str) -> urllib3.BaseHTTPResponse:
    basic = b64encode(f"{server.owner.name}:{PASSWORD}".encode()).decode()
    if as_owner:
        headers["Authorization"] = f"Basic {basic}"
    return HTTP.request("GET", server.url + path, headers=headers, redirect=False)


def test_a_viewer_sees_what_they_may_and_no_more(matou_server: MatouServer) -> None:
    private = matou_server.repository("seen/private")
    public = matou_server.repository("seen/public", visibility=Visibility.PUBLIC)

    anonymous = look(matou_server, "/seen").data.decode()
    owner = look(matou_server, "/seen", as_owner=True).data.decode()

    assert str(public.path) in anonymous
    assert str(private.path) not in anonymous
    assert str(private.path) in owner
    assert look(matou_server, f"/{private.path}").status == 404
    assert look(matou_server, f"/{private.path}").data == look(matou_server, "/seen/nothing").data
    assert look(matou_server, f"/{private.path}", as_owner=True).status == 200


def test_everything_that_others_wrote_is_text(matou_server: MatouServer) -> None:
    from support.deciding import describe_repository

    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    describe_repository(matou_server.forge, repository, HOSTILE)
    git_dir = matou_server.git_dir(repository)
    readme = HOSTILE.encode() + b"\n<script>\xff"
    fast_import(git_dir, commit_stream("main", {"README.md": readme}, "read me", is_root=True))
    git(git_dir, "update-ref", "refs/heads/<b>&", "refs/heads/main")
    git(git_dir, "update-ref", 'refs/tags/"onclick=', "refs/heads/main")

    page = look(matou_server, f"/{repository.path}").data.decode()

    assert "onerror=alert(1)&gt;" in page
    assert not re.search(r"<[^>]*onerror", page)
    assert re.findall(r"<script[^>]*>", page) == re.findall(r'<script src="/-/static/matou.js[^"]*" defer>', page)
    assert f"git clone {matou_server.url}/{repository.path}.git" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/-/health", 200),
        ("/-/static/style.css", 200),
        ("/nothing", 404),
        ("/nothing/at/all", 404),
        ("/a%2e%2e/%2e%2e", 404),
        ("//evil.example", 404),
        ("/a/b.git/info/refs?service=git-upload-pack", 401),
        ("/a/b.git/info/lfs/locks", 401),
        ("/open-api", 405),
        ("/?login=1", 401),
    ],
)
def test_every_answer_tells_a_browser_to_trust_it_no_further_than_it_must(
    matou_server: MatouServer, path: str, status: int
) -> None:
    answer = look(matou_server, path)

    assert answer.status == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "这里什么也没有"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en", "There is nothing here"),
        ("fr, zh-TW;q=0.5", "zh-CN", "这里什么也没有"),
        ("zh;q=0, en;q=x", "en", "There is nothing here"),
        ("", "en", "There is nothing here"),
    ],
)
def test_what_is_not_there_is_told_in_the_language_of_the_browser(
    matou_server: MatouServer, accepted: str, language: str, title: str
) -> None:
    answer = HTTP.request("GET", f"{matou_server.url}/nothing", headers={"Accept-Language": accepted})

    assert answer.status == 404
    assert f'lang="{language}">' in answer.data.decode()
    assert f"<title>{title} · Matou</title>" in answer.data.decode()
    assert "Accept-Language" in answer.headers["vary"]


def test_logging_in_leads_home_and_nowhere_else(matou_server: MatouServer) -> None:
    answer = look(matou_server, "/?login=1&redirect_to=//evil.example", as_owner=True)

    assert (answer.status, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("page", ["-1", "9999999999999999999", "a", "%00", "5"])
def test_a_page_number_that_is_none_is_no_fault(matou_server: MatouServer, page: str) -> None:
    assert look(matou_server, f"/?page={page}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_change_nothing(matou_server: MatouServer, method: str) -> None:
    assert HTTP.request(method, f"{matou_server.url}/team/ship").status == 405


@pytest.mark.parametrize("path", ["/%ff", "/a%00b", "/%ed%a0%80", "/x/%ff/-/issues"])
def test_a_path_that_no_name_has_is_not_there(matou_server: MatouServer, path: str) -> None:
    assert look(matou_server, path).status == 404


@pytest.mark.parametrize("path", ["/", "/nothing", "/-/search", "/-/sign-in", "/{}", "/{}/-/issues", "/{}/-/branches"])
def test_a_query_that_is_too_long_is_refused_and_not_repeated(matou_server: MatouServer, path: str) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    address = path.format(repository.path)

    long, short = (look(matou_server, f"{address}?q={'x' * size}&page=2") for size in (60_000, 4000))

    assert (long.status, short.status in (200, 404)) == (414, True)
    assert "x" * 100 not in long.data.decode()
    assert max(len(long.data), len(short.data)) < 50_000

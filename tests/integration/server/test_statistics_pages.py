"""Statistics as a page: who worked when, for whoever may read what is counted."""

import re
import time

from matou.model.platform import Visibility
from matou.model.repository_settings import Modules
from support.deciding import change_settings
from support.git_repositories import commit_stream, fast_import
from support.matou_server import MatouServer
from support.served_harbour import HTTP

MOST_LOOKS = 300


def counted_page(server: MatouServer, path: str) -> str:
    """The page, once nothing of it is still being counted."""
    page = ""
    for _ in range(MOST_LOOKS):
        page = HTTP.request("GET", server.url + path).data.decode()
        if 'http-equiv="refresh"' not in page:
            return page
        time.sleep(0.1)
    raise AssertionError(page)


def test_statistics_show_who_committed_in_which_week_and_hour_and_the_languages(matou_server: MatouServer) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    git_dir = matou_server.git_dir(repository)
    contents = [b"print(%d)\n" % number for number in range(4)]
    stream = (
        commit_stream("main", {"a.py": content}, "a commit", number=number, is_root=number == 0)
        for number, content in enumerate(contents)
    )
    fast_import(git_dir, b"".join(stream))

    page = counted_page(matou_server, f"/{repository.path}/-/statistics")

    assert "4 commits" in page
    assert re.search(r"<tr><td>\d{4}-\d\d-\d\d</td><td>4</td></tr>", page)
    assert page.count("<circle") == 1
    assert "Python" in page
    assert " style=" not in page
    assert (
        f'href="/{repository.path}/-/statistics"'
        in HTTP.request("GET", f"{matou_server.url}/{repository.path}").data.decode()
    )


def test_a_repository_without_a_commit_has_no_statistics_yet(matou_server: MatouServer) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)

    assert "No commit is here yet" in counted_page(matou_server, f"/{repository.path}/-/statistics")


def test_statistics_that_are_switched_off_are_refused_and_not_offered(matou_server: MatouServer) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    change_settings(matou_server.forge, repository, Modules, has_analysis=False)

    assert HTTP.request("GET", f"{matou_server.url}/{repository.path}/-/statistics").status == 403
    assert "/-/statistics" not in HTTP.request("GET", f"{matou_server.url}/{repository.path}").data.decode()


def test_what_is_hidden_has_no_statistics(matou_server: MatouServer) -> None:
    repository = matou_server.repository()

    assert HTTP.request("GET", f"{matou_server.url}/{repository.path}/-/statistics").status == 404

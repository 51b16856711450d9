"""`projects?search=`, `projects/owned|all|starred`, and a star taken away by DELETE."""

import pytest

from matou.model.platform import Visibility
from support.gitee_server import Client


@pytest.fixture
def port(gitee: Client) -> Client:
    for name, creator in (("chen/ferryman", "chen"), ("chen/diary", "chen"), ("mei/blog", "mei")):
        gitee.harbour.add_repository(name, creator=creator)
    gitee.harbour.add_repository("mei/open", creator="mei", visibility=Visibility.PUBLIC)
    for project in ("harbour%2Fferry", "chen%2Fdiary", "mei%2Fopen"):
        assert gitee.ask("POST", f"/projects/{project}/star", person="chen").status_code == 201
    return gitee


def paths(gitee: Client, path: str, person: str = "chen") -> list[str]:
    answer = gitee.ask("GET", path, person=person)
    assert answer.status_code == 200, answer.text
    return sorted(project["path_with_namespace"] for project in answer.json())


@pytest.mark.parametrize(
    ("path", "person", "found"),
    [
        ("/projects?search=FERR", "chen", ["chen/ferryman", "harbour/ferry"]),
        ("/projects?search=%25", "chen", []),
        ("/projects?search=blog", "chen", []),
        ("/projects/owned", "chen", ["chen/diary", "chen/ferryman", "harbour/ferry", "harbour/light"]),
        ("/projects/owned", "mei", ["mei/blog", "mei/open"]),
        ("/projects/owned?search=dia", "chen", ["chen/diary"]),
        ("/projects/all", "xiao", ["harbour/light", "mei/open"]),
        (
            "/projects/all",
            "root",
            ["chen/diary", "chen/ferryman", "harbour/ferry", "harbour/light", "mei/blog", "mei/open"],
        ),
        ("/projects/all?search=ope", "xiao", ["mei/open"]),
        ("/projects/starred", "chen", ["chen/diary", "harbour/ferry", "mei/open"]),
        ("/projects/starred", "mei", []),
        ("/projects/starred?search=Ferry", "chen", ["harbour/ferry"]),
        ("/projects/starred?search=diary&page=2", "chen", []),
    ],
)
def test_a_list_has_what_it_says(port: Client, path: str, person: str, found: list[str]) -> None:
    assert paths(port, path, person) == found


def test_what_was_searched_before_is_not_the_answer_to_another_search(port: Client) -> None:
    assert paths(port, "/projects?search=ferry") == ["chen/ferryman", "harbour/ferry"]
    assert paths(port, "/projects?search=diary") == ["chen/diary"]
    assert len(paths(port, "/projects")) == 4


@pytest.mark.parametrize("list_path", ["/projects", "/projects/owned", "/projects/all", "/projects/starred"])
def test_links_to_other_pages_search_too(port: Client, list_path: str) -> None:
    answer = port.ask("GET", f"{list_path}?search=e&per_page=1", person="chen")

    assert len(answer.json()) == 1
    assert f"{list_path}?search=e&page=2&per_page=1>" in answer.headers["link"]


@pytest.mark.parametrize("list_path", ["owned", "all", "starred"])
def test_a_list_needs_a_token(port: Client, list_path: str) -> None:
    assert port.ask("GET", f"/projects/{list_path}").status_code == 401


def test_a_star_is_taken_away(port: Client) -> None:
    answers = [port.ask("DELETE", "/projects/mei%2Fopen/star", person="chen") for _ in range(2)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"count": 0}), (200, {"count": 0})]
    assert paths(port, "/projects/starred") == ["chen/diary", "harbour/ferry"]
    assert port.ask("DELETE", "/projects/mei%2Fblog/star", person="chen").status_code == 404

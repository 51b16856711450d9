"""Looking for things in GitHub's words, what was done in a repository, trees and READMEs."""

from base64 import b64decode
from typing import Any

import pytest

from support.gitcode_server import Harbour
from support.github_story import CONTENT, story
from support.saved_conversation import save

API = "/github/api/v3"
LIGHT = "/repos/harbour/light"


@pytest.fixture
def light(harbour: Harbour) -> Harbour:
    repository = harbour.repository("light")
    head = harbour.git("rev-parse", "main", repository=repository).strip()
    save(harbour.forge, repository, story(head, harbour.forge.archive.blobs.put_bytes(CONTENT)))
    return harbour


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **params: Any) -> Any:
    answer = harbour.ask_site("GET", f"{API}{path}", person=person, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_items_are_looked_for_in_a_repository_or_in_all(light: Harbour) -> None:
    def numbers(q: str, **options: Any) -> list[int]:
        return [row["number"] for row in get(light, "/search/issues", q=q, **options)["items"]]

    assert numbers("repo:harbour/light is:issue is:open") == [3, 1]
    assert numbers("repo:harbour/light 修灯 is:merged") == [5]
    assert sorted(numbers("修灯")) == [5, 6]
    assert numbers("灯灭了 is:issue is:closed") == [2]
    assert numbers("repo:harbour/light is:issue is:open", person="xiao") == [1]


def test_what_is_found_is_counted_and_given_in_pages(light: Harbour) -> None:
    answer = light.ask_site("GET", f"{API}/search/issues?q=repo:harbour/light&per_page=2")

    body = answer.json()
    assert (body["total_count"], body["incomplete_results"], len(body["items"])) == (5, False, 2)
    assert 'search/issues?q=repo%3Aharbour%2Flight&per_page=2&page=2>; rel="next"' in answer.headers["link"]


@pytest.mark.parametrize("q", ["is:issue", "x author:wang", "repo:light x", "repo:harbour/light no:label"])
def test_a_search_that_cannot_be_made_is_refused(light: Harbour, q: str) -> None:
    assert get(light, "/search/issues", q=q, status=422)["message"] == "Validation Failed"


def test_repositories_and_code_are_looked_for(light: Harbour) -> None:
    found = get(light, "/search/repositories", q="ligh user:harbour")
    code = get(light, "/search/code", q="main(void) repo:harbour/light")

    assert [row["full_name"] for row in found["items"]] == ["harbour/light"]
    assert [row["path"] for row in code["items"]] == ["src/main.c"]
    assert get(light, "/search/repositories", q="ferry", person="xiao")["total_count"] == 0
    assert get(light, "/search/code", q="main repo:harbour/ferry", person="xiao", status=404)


def test_events_of_all_items_are_given_with_what_they_were_done_to(light: Harbour) -> None:
    events = get(light, f"{LIGHT}/issues/events")

    assert [(row["event"], row["issue"]["number"], row["actor"]["login"]) for row in events] == [
        ("merged", 6, "li"),
        ("merged", 5, "li"),
    ]


def test_open_issues_are_counted_for_whoever_may_read_them(light: Harbour) -> None:
    """Pull requests too, as at GitHub."""
    assert get(light, LIGHT)["open_issues_count"] == 3
    [row] = [one for one in get(light, "/orgs/harbour/repos", person="xiao") if one["name"] == "light"]
    assert row["open_issues_count"] == 2


def test_a_repository_is_found_by_its_number(light: Harbour) -> None:
    number, private = get(light, LIGHT)["id"], get(light, "/repos/harbour/ferry")["id"]

    assert get(light, f"/repositories/{number}", person=None)["full_name"] == "harbour/light"
    for unknown in (private, "999999", "x", "9" * 30):
        get(light, f"/repositories/{unknown}", person="xiao", status=404)


def test_a_tree_is_listed_whole_or_by_folder(light: Harbour) -> None:
    tree = get(light, f"{LIGHT}/git/trees/main")
    whole = get(light, f"{LIGHT}/git/trees/{tree['sha']}", recursive=1)

    assert [(row["path"], row["type"]) for row in tree["tree"]] == [
        ("README.md", "blob"),
        ("docs", "tree"),
        ("src", "tree"),
    ]
    assert [row["path"] for row in whole["tree"] if row["type"] == "blob"] == ["README.md", "docs/a/b.md", "src/main.c"]
    blob = next(row for row in whole["tree"] if row["path"] == "src/main.c")
    content = light.ask_site("GET", blob["url"].partition("example.org")[2]).json()["content"]
    assert b64decode(content) == b"int main(void);\n"


def test_the_readme_is_that_of_the_root(light: Harbour) -> None:
    row = get(light, f"{LIGHT}/readme")
    raw = light.ask_site("GET", f"{API}{LIGHT}/readme", headers={"accept": "application/vnd.github.raw"})

    assert (row["path"], b64decode(row["content"]).decode()) == ("README.md", "# 渡船\n")
    assert raw.text == "# 渡船\n"
    assert get(light, f"{LIGHT}/topics") == {"names": []}

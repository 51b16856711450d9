"""What was said around a repository, in GitHub's shapes: one space of numbers, reviews, lines."""

from typing import Any

import pytest

from support.gitcode_server import BASE, Harbour
from support.github_openapi import faults_of
from support.github_story import CONTENT, story
from support.saved_conversation import save

API = "/github/api/v3/repos/harbour/light"
LIST = {"state": "all", "sort": "created", "direction": "asc"}


@pytest.fixture
def light(harbour: Harbour) -> Harbour:
    repository = harbour.repository("light")
    head = harbour.git("rev-parse", "main", repository=repository).strip()
    save(harbour.forge, repository, story(head, harbour.forge.archive.blobs.put_bytes(CONTENT)))
    return harbour


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", f"{API}{path}", person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [row["number"] for row in rows]


@pytest.mark.parametrize(
    ("path", "described"),
    [
        ("/labels", "/labels"),
        ("/labels/%E7%BC%BA%E9%99%B7", "/labels/{name}"),
        ("/milestones?state=all", "/milestones"),
        ("/milestones/77", "/milestones/{milestone_number}"),
        ("/collaborators", "/collaborators"),
        ("/hooks", "/hooks"),
        ("/hooks/9", "/hooks/{hook_id}"),
        ("/issues?state=all", "/issues"),
        ("/issues/1", "/issues/{issue_number}"),
        ("/issues/5", "/issues/{issue_number}"),
        ("/issues/comments", "/issues/comments"),
        ("/issues/comments/5", "/issues/comments/{comment_id}"),
        ("/issues/5/comments", "/issues/{issue_number}/comments"),
        ("/issues/1/labels", "/issues/{issue_number}/labels"),
        ("/issues/5/events", "/issues/{issue_number}/events"),
        ("/pulls?state=closed", "/pulls"),
        ("/pulls/5", "/pulls/{pull_number}"),
        ("/pulls/comments", "/pulls/comments"),
        ("/pulls/comments/8", "/pulls/comments/{comment_id}"),
        ("/pulls/5/comments", "/pulls/{pull_number}/comments"),
        ("/pulls/5/commits", "/pulls/{pull_number}/commits"),
        ("/pulls/5/files", "/pulls/{pull_number}/files"),
        ("/pulls/5/reviews", "/pulls/{pull_number}/reviews"),
        ("/pulls/5/requested_reviewers", "/pulls/{pull_number}/requested_reviewers"),
        ("/releases", "/releases"),
        ("/releases/latest", "/releases/latest"),
        ("/releases/tags/v1/a", "/releases/tags/{tag}"),
        ("/releases/12", "/releases/{release_id}"),
        ("/releases/12/assets", "/releases/{release_id}/assets"),
        ("/releases/assets/30", "/releases/assets/{asset_id}"),
    ],
)
def test_an_answer_is_what_github_describes(light: Harbour, path: str, described: str) -> None:
    answer = get(light, path)

    assert answer
    assert faults_of(f"/repos/{{owner}}/{{repo}}{described}", answer) == []


def test_issues_and_change_requests_share_one_space_of_numbers(light: Harbour) -> None:
    rows = get(light, "/issues", params=LIST)

    assert numbers(rows) == [1, 2, 3, 5, 6]
    assert ["pull_request" in row for row in rows] == [False, False, False, True, True]
    assert numbers(get(light, "/pulls", params=LIST)) == [5, 6]
    assert numbers(get(light, "/issues", params={**LIST, "state": "closed"})) == [2, 5]
    assert [row["state"] for row in get(light, "/pulls", params=LIST)] == ["closed", "open"]


def test_a_number_that_changed_is_told_in_the_text_and_references_go_on_leading_there(light: Harbour) -> None:
    issue, change = get(light, "/issues/1"), get(light, "/pulls/5")
    [comment] = get(light, "/issues/1/comments")

    assert issue["body"] == "> Gitee [#I6AAA](https://gitee.com/h/l/issues/I6AAA)\n\n看 #2"
    assert change["body"] == "> Gitee `!2`\n\n修复 #1"
    assert comment["body"] == "见 #2 和 !4"
    assert comment["issue_url"] == f"{BASE}{API}/issues/1"


def test_milestones_and_iterations_are_of_one_kind(light: Harbour) -> None:
    rows = get(light, "/milestones", params={"state": "all"})

    assert [(row["number"], row["title"], row["state"]) for row in rows] == [
        (77, "一期", "closed"),
        (78, "冲刺", "open"),
    ]
    assert (rows[0]["open_issues"], rows[0]["closed_issues"]) == (1, 0)
    assert get(light, "/issues/1")["milestone"]["title"] == "一期"
    assert numbers(get(light, "/issues", params={**LIST, "milestone": "77", "labels": "缺陷"})) == [1]
    assert rows[0]["due_on"] == "2026-01-09T00:00:00Z"


def test_comments_on_no_line_are_in_one_list_of_the_repository(light: Harbour) -> None:
    rows = get(light, "/issues/comments", params={"sort": "created", "direction": "asc"})

    assert [(row["id"], row["issue_url"].rpartition("/")[2]) for row in rows] == [
        (5, "1"),
        (9, "5"),
        (12, "5"),
        (21, "6"),
    ]
    assert [row["body"] for row in rows[2:]] == ["`a.c`\n\n整个文件", "`src/main.c:3`\n\n没有了"]
    assert [row["id"] for row in get(light, "/issues/comments", params={"since": "2026-01-06T00:00:00Z"})] == [12, 21]
    assert [row["id"] for row in get(light, "/issues/5/comments")] == [9, 12]
    assert [row["id"] for row in get(light, "/pulls/comments")] == [8, 10, 11]


def test_each_comment_on_a_line_is_in_a_review_of_its_own(light: Harbour) -> None:
    """Gitea gives all that is in one review to whoever made it."""
    reviews = get(light, "/pulls/5/reviews")

    assert [(row["user"]["login"], row["state"]) for row in reviews] == [
        ("li", "COMMENTED"),
        ("li", "APPROVED"),
        ("wang", "COMMENTED"),
        ("li", "COMMENTED"),
    ]
    said = {row["id"]: [one["id"] for one in get(light, f"/pulls/5/reviews/{row['id']}/comments")] for row in reviews}
    assert sorted(said.values()) == [[], [8], [10], [11]]
    assert {one["pull_request_review_id"] for one in get(light, "/pulls/5/comments")} <= said.keys()
    assert [row["login"] for row in get(light, "/pulls/5/requested_reviewers")["users"]] == ["wang"]
    assert [(row["id"], row["state"], row["body"]) for row in get(light, "/pulls/6/reviews")] == [
        (31, "CHANGES_REQUESTED", "不行")
    ]


def test_a_line_is_where_importers_look_for_it(light: Harbour) -> None:
    """From the beginning of the hunk in the new file; below 0 it is one of the old file."""
    first, reply, old = get(light, "/pulls/5/comments")

    assert (first["path"], first["line"], first["side"], first["position"]) == ("src/main.c", 1, "RIGHT", 1)
    assert first["diff_hunk"].startswith("@@ -1 +1 @@\n")
    assert (old["line"], old["side"], old["position"], old["diff_hunk"]) == (7, "LEFT", -6, "")
    assert (first.get("in_reply_to_id"), reply["in_reply_to_id"]) == (None, 8)


def test_the_base_is_where_the_proposal_begins(light: Harbour) -> None:
    """The saved base is the head itself, as the branch has come on since: its parent is where they parted."""
    change = get(light, "/pulls/5")
    base = light.git("rev-parse", "main~1", repository=light.repository("light")).strip()

    assert change["base"]["sha"] == base
    assert (change["merged"], change["merged_at"], change["merged_by"]["login"]) == (True, "2026-01-06T12:00:00Z", "li")
    assert change["patch_url"].startswith(f"{BASE}/")
    assert change["head"]["repo"]["clone_url"].startswith(f"{BASE}/")
    assert get(light, "/pulls/6")["head"] | {"user": None} == {
        "label": "zhao:fix",
        "ref": "fix",
        "sha": "1" * 40,
        "user": None,
        "repo": None,
    }


def test_what_is_proposed_comes_from_the_code(light: Harbour) -> None:
    [commit], [file] = get(light, "/pulls/5/commits"), get(light, "/pulls/5/files")
    patch = light.ask_site("GET", f"{API}/pulls/5.patch")
    difference = light.ask_site("GET", f"{API}/pulls/5", headers={"Accept": "application/vnd.github.diff"})

    assert commit["commit"]["message"] == "fix the main thing\n\nlong story"
    assert (file["filename"], file["status"], file["additions"]) == ("src/main.c", "modified", 1)
    assert patch.text.startswith("From ")
    assert difference.text.startswith("diff --git a/src/main.c")
    assert get(light, "/pulls/6/commits") == []
    assert light.ask_site("GET", f"{API}/pulls/6.patch").status_code == 404


def test_people_of_another_platform_are_nobody_that_github_knows(light: Harbour) -> None:
    """Whoever imports links people by their number to those who sign in by GitHub."""
    user, nobody = get(light, "/issues/1")["user"], get(light, "/issues/comments/21")["user"]

    assert user["id"] >= 2**52
    assert (user["login"], nobody["login"]) == ("wang", "ghost")
    assert user["id"] == get(light, "/pulls/5")["user"]["id"]


@pytest.mark.parametrize(("person", "seen"), [(None, False), ("xiao", False), ("gu", False), ("rui", True)])
def test_what_is_confidential_is_as_if_it_were_not_there(light: Harbour, person: str | None, *, seen: bool) -> None:
    """And no other number is another one for that."""
    rows = get(light, "/issues", person=person, params=LIST)

    assert numbers(rows) == ([1, 2, 3, 5, 6] if seen else [1, 2, 5, 6])
    hidden = get(light, "/issues/3", person=person, status=200 if seen else 404)
    assert seen or hidden == get(light, "/issues/99", person=person, status=404)


def test_what_was_done_is_told_in_github_s_words(light: Harbour) -> None:
    [event] = get(light, "/issues/5/events")
    timeline = get(light, "/issues/5/timeline")

    assert (event["event"], event["actor"]["login"]) == ("merged", "li")
    assert [row["event"] for row in timeline] == ["commented", "merged", "commented"]
    assert get(light, "/issues/5/reactions") == get(light, "/issues/comments/5/reactions") == []


def test_the_files_of_a_release_are_given_to_whoever_wants_their_bytes(light: Harbour) -> None:
    """What was not saved is no file of it: an importer gives a release up over one that it cannot have."""
    [release] = get(light, "/releases")
    [asset] = release["assets"]
    path = asset["browser_download_url"].removeprefix(BASE)

    assert release["body"] == "见 #1\n\n- big.iso: https://gitee.com/big.iso"
    assert path == f"{API}/releases/download/v1/a/%E7%81%AF.svg"
    by_name = light.ask_site("GET", path, person=None)
    by_id = light.ask_site("GET", f"{API}/releases/assets/30", headers={"Accept": "application/octet-stream"})
    assert by_name.content == by_id.content == CONTENT
    assert by_id.headers["content-disposition"].startswith("attachment; ")
    assert light.ask_site("GET", f"{API}/releases/download/v1/a/x").status_code == 404


def test_lists_are_paged_by_links(light: Harbour) -> None:
    answer = light.ask_site("GET", f"{API}/issues", params={**LIST, "per_page": 2, "page": 2})

    assert numbers(answer.json()) == [3, 5]
    assert f'<{BASE}{API}/issues?direction=asc&state=all&per_page=2&page=3>; rel="next"' in answer.headers["link"]


@pytest.mark.parametrize(
    "path",
    ["/issues?state=merged", "/issues?sort=size", "/pulls?direction=up", "/milestones?state=x", "/issues?since=x"],
)
def test_what_github_would_not_take_is_refused(light: Harbour, path: str) -> None:
    assert get(light, path, status=422)["message"] == "Validation Failed"


@pytest.mark.parametrize(
    "path",
    [
        "/issues/99",
        "/pulls/1",
        "/issues/comments/8",
        "/pulls/comments/5",
        "/pulls/5/reviews/1",
        "/releases/13",
        "/releases/assets/31",
    ],
)
def test_what_is_not_there_is_404(light: Harbour, path: str) -> None:
    assert get(light, path, status=404)["message"] == "Not Found"

"""What was said around a repository, as it is served: to whom, in which order, and what of the odd is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from matou.forge.access import Scope
from matou.model.metadata import (
    Comment,
    Issue,
    Participant,
)
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour
from support.light_story import CONTENT, at, story, text
from support.saved_conversation import SavedConversation, save

LIGHT = "/repos/harbour/light"
R = "GET /repos/{owner}/{repo}"


SAID_BY_GITCODE_ALONE = tuple(
    f"{row}{name}"
    for row in ("", "[].")
    for name in ("visibility_reason", "issue_state_detail.serial", "issue_type_detail.is_system")
)
"""What we give back where it was saved, and do not make up where it was not."""


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask("GET", f"{LIGHT}{path}", person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def numbers(harbour: Harbour, path: str, **params: Any) -> list[str]:
    return [str(row["number"]) for row in get(harbour, path, params=params)]


@pytest.mark.parametrize(
    ("path", "operation", "without"),
    [
        ("/issues", "issues", SAID_BY_GITCODE_ALONE),
        ("/issues/1", "issues/{number}", SAID_BY_GITCODE_ALONE),
        ("/issues/comments", "issues/comments", ("[].target.issue.nubmer",)),
        ("/labels", "labels", ()),
        ("/milestones", "milestones", ()),
        ("/releases", "releases", ("[].prerelease is False",)),
        ("/hooks", "hooks", ()),
    ],
)
def test_an_answer_has_what_gitcode_s_description_has(
    light: Harbour, path: str, operation: str, without: tuple[str, ...]
) -> None:
    """Its own examples have null in many places where it says that there is an object."""
    found = faults(f"{R}/{operation}", get(light, path), without=without)

    assert [fault for fault in found if not fault.endswith(" is None")] == []


def test_an_issue_is_told_in_gitcode_s_words(light: Harbour) -> None:
    shown = get(light, "/issues/1")

    assert (shown["number"], shown["id"], shown["state"], shown["issue_state"]) == ("1", 151, "open", "进行中")
    assert shown["issue_type_detail"] == {"id": 4, "title": "缺陷"}
    assert [label["name"] for label in shown["labels"]] == ["缺陷", "a/b"]
    assert (shown["milestone"]["title"], shown["comments"]) == ("一期", 7)
    assert (shown["user"]["login"], shown["user"]["id"], shown["assignee"]["login"]) == ("wang", "6" * 24, "li")
    assert shown["created_at"] == "2026-01-01T20:00:00.000+08:00"
    assert shown["visibility_reason"] == "none"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["3", "2", "1"]),
        ({"state": "all"}, ["3", "2", "1"]),
        ({"state": "open"}, ["2", "1"]),
        ({"state": "closed"}, ["3"]),
        ({"sort": "updated"}, ["1", "3", "2"]),
        ({"sort": "updated", "direction": "asc"}, ["2", "3", "1"]),
        ({"order_by": "updated_at", "sort": "asc"}, ["2", "3", "1"]),
        ({"direction": "asc"}, ["1", "2", "3"]),
        ({"since": "2026-01-03T12:00:00Z"}, ["3", "1"]),
        ({"since": "2026-01-09T20:00:00 08:00"}, ["1"]),
        ({"labels": "缺陷,a/b"}, ["1"]),
        ({"labels": "缺陷,none"}, []),
        ({"creator": "LI"}, ["3", "2"]),
        ({"assignee": "li"}, ["1"]),
        ({"milestone": "一期"}, ["1"]),
        ({"milestone": "77"}, ["1"]),
        ({"milestone": "none"}, ["3", "2"]),
        ({"milestone": "no such"}, []),
        ({"search": "夜里", "state": "closed"}, ["3"]),
        ({"search": "第3天"}, ["1"]),
        ({"created_before": "2026-01-02"}, ["1"]),
        ({"page": 2, "per_page": 2}, ["1"]),
        ({"page": 9, "per_page": 2}, []),
        ({"access_token": "x" * 0, "unknown": "1"}, ["3", "2", "1"]),
    ],
)
def test_issues_are_narrowed_and_ordered_as_clients_ask(
    light: Harbour, params: dict[str, Any], expected: list[str]
) -> None:
    assert numbers(light, "/issues", **params) == expected


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/issues", {"state": "everything"}),
        ("/issues", {"sort": "popularity"}),
        ("/issues", {"direction": "up"}),
        ("/issues", {"since": "yesterday"}),
        ("/issues", {"assignee": "none"}),
        ("/issues", {"page": "x"}),
        ("/issues", {"search": "\0"}),
        ("/issues/comments", {"sort": "length"}),
        ("/pulls", {"state": "progressing"}),
        ("/pulls/4/comments", {"comment_type": "both"}),
        ("/milestones", {"state": "some"}),
        ("/releases", {"direction": "sideways"}),
    ],
)
def test_what_cannot_be_meant_is_400_with_a_sentence(light: Harbour, path: str, params: dict[str, str]) -> None:
    assert get(light, path, status=400, params=params)["error_message"]


@pytest.mark.parametrize(
    "path",
    [
        *("/issues/9", "/issues/0", "/issues/%F0%9F%90%8D", "/issues/1%00", "/issues/" + "1" * 400),
        *("/issues/comments/9", "/pulls/9", "/pulls/1", "/pulls/comments/9", "/pulls/5/merge", "/pulls/5/files"),
        *("/labels/none", "/milestones/9", "/releases/v9", "/releases/tags/v1", "/hooks/1"),
        *("/releases/v2/attach_files/x/download", "/releases/v1%2F%CE%B2/attach_files/lost.zip/download"),
    ],
)
def test_what_is_not_there_is_404(light: Harbour, path: str) -> None:
    assert get(light, path, status=404)["error_code"] == 404


def test_pages_are_counted(light: Harbour) -> None:
    answer = light.ask("GET", f"{LIGHT}/issues/1/comments", params={"per_page": 3, "page": 3})

    assert [row["id"] for row in answer.json()] == [108]
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("7", "3")


def test_comments_are_of_one_issue_of_all_or_one_alone(light: Harbour) -> None:
    assert [row["id"] for row in get(light, "/issues/1/comments", params={"order": "desc"})][:2] == [108, 107]
    assert [row["id"] for row in get(light, "/issues/comments")] == [102, 200, *range(103, 109)]
    assert get(light, "/issues/comments/200")["target"]["issue"]["number"] == "2"


@pytest.mark.parametrize("person", [None, "xiao", "gu"])
def test_what_is_confidential_is_not_there_for_whoever_has_no_role(light: Harbour, person: str | None) -> None:
    def shown(path: str, **options: Any) -> Any:
        return get(light, path, person=person, **options)

    assert [row["number"] for row in shown("/issues")] == ["3", "1"]
    assert 200 not in [row["id"] for row in shown("/issues/comments")]
    assert shown("/issues/2", status=404) | {"trace_id": ""} == shown("/issues/9", status=404) | {
        "trace_id": "",
        "error_message": shown("/issues/2", status=404)["error_message"],
        "message": shown("/issues/2", status=404)["message"],
    }
    shown("/issues/2/comments", status=404)
    shown("/issues/comments/200", status=404)
    assert shown("/milestones/77")["open_issues"] == 1


@pytest.mark.parametrize("person", ["rui", "dora", "mei", "chen", "root"])
def test_what_is_confidential_is_there_for_whoever_has(light: Harbour, person: str) -> None:
    get(light, "/issues", person=None)

    assert [row["number"] for row in get(light, "/issues", person=person)] == ["3", "2", "1"]


@pytest.mark.parametrize(("person", "seen"), [("chen", True), ("root", True), ("mei", False), (None, False)])
def test_e_mail_addresses_are_for_owners(light: Harbour, person: str | None, *, seen: bool) -> None:
    get(light, "/issues/1", person="mei" if seen else "chen")

    answer = light.ask("GET", f"{LIGHT}/issues/1", person=person)

    assert ("wang@example.org" in answer.text) is seen
    assert ("email" in answer.json()["owner"]) is seen


@pytest.mark.parametrize(
    ("person", "status"), [("chen", 200), ("root", 200), ("mei", 403), ("rui", 403), ("xiao", 403), (None, 401)]
)
def test_webhooks_are_for_owners(light: Harbour, person: str | None, status: int) -> None:
    assert light.ask("GET", f"{LIGHT}/hooks", person=person).status_code == status
    assert light.ask("GET", f"{LIGHT}/hooks/9", person=person).status_code == status


@pytest.mark.parametrize("path", ["/issues", "/issues/1", "/pulls", "/labels", "/releases", "/issues/comments"])
def test_of_a_private_repository_nothing_is_told_to_strangers(harbour: Harbour, path: str) -> None:
    save(harbour.forge, harbour.repository("ferry"), story({"head": "1" * 40, "base": "2" * 40}, "0" * 64))
    ferry = f"/repos/harbour/ferry{path}"

    assert harbour.ask("GET", ferry, person="rui").status_code == 200
    assert harbour.ask("GET", ferry, person="xiao").status_code == 404
    assert harbour.ask("GET", ferry, person=None).status_code in (401, 404)
    assert harbour.ask("GET", ferry, person="gu").status_code == 403
    assert harbour.ask("GET", ferry, token=harbour.token("rui", frozenset({Scope.USER_READ}))).status_code == 403


def test_a_pull_request_tells_who_reviewed_it(light: Harbour) -> None:
    [merged] = get(light, "/pulls", params={"state": "merged"})
    whole = get(light, "/pulls/4")

    # By the description a list has their names alone: `gc`, `ag` and go-gitcode read it only with objects.
    assert (merged["number"], merged["assignees"]) == (4, whole["assignees"])
    assert [(who["login"], who["accept"]) for who in whole["assignees"]] == [("wang", True)]
    assert get(light, "/pulls/4/merge") == {"message": "Pull Request has been merged"}
    assert [label["name"] for label in get(light, "/pulls/4/labels")] == ["缺陷"]
    assert [log["content"] for log in get(light, "/pulls/4/operate_logs")] == ["合并"]
    assert get(light, "/pulls/4/issues") == []


def test_pull_requests_are_counted_by_state(light: Harbour) -> None:
    counted = get(light, "/pulls", params={"only_count": "true", "state": "closed"})

    assert counted == {"all": 2, "opened": 1, "merged": 1, "closed": 0, "locked": 0}


def test_what_was_done_to_an_issue_is_for_whoever_reads_it(light: Harbour) -> None:
    def logs(number: str, person: str | None, **params: str) -> httpx.Response:
        path = f"/repos/harbour/issues/{number}/operate_logs"
        return light.ask("GET", path, person=person, params={"repo": "light", **params})

    assert [row["content"] for row in logs("1", None).raise_for_status().json()] == ["贴上标签"]
    assert logs("1", None, repo="ferry").status_code == 404
    assert logs("1", None, repo="../light").status_code == 404
    assert logs("2", "xiao").status_code == 404
    assert logs("2", "chen").json() == logs("3", None).json() == []
    assert light.ask("GET", "/repos/harbour/issues/1/operate_logs").status_code == 400


def test_pull_requests_are_narrowed(light: Harbour) -> None:
    assert numbers(light, "/pulls", head="harbour:fix") == ["4"]
    assert numbers(light, "/pulls", base="main", state="open") == ["5"]
    assert numbers(light, "/pulls", reviewer="wang", direction="asc") == ["4", "5"]
    assert numbers(light, "/pulls", milestone_number="77") == []
    assert numbers(light, "/pulls", merged_after="2026-01-05") == ["4"]


def test_the_commits_and_files_of_a_pull_request_come_from_the_code(light: Harbour) -> None:
    assert [row["commit"]["message"] for row in get(light, "/pulls/4/commits")] == ["fix the main thing\n\nlong story"]
    [file] = get(light, "/pulls/4/files")
    assert (file["filename"], file["patch"]["diff"]) == ("src/main.c", "@@ -1 +1 @@\n-int main;\n+int main(void);\n")


def test_what_a_pull_request_changes_is_told_line_by_line_and_as_text(light: Harbour) -> None:
    told = get(light, "/pulls/4/files.json")
    [file] = told["diffs"]
    text = light.ask("GET", f"{LIGHT}/pulls/4/diff")

    assert (told["count"], told["added_lines"], told["remove_lines"]) == (1, 1, 1)
    assert (file["new_path"], file["statistic"]["type"], file["statistic"]["view"]) == (
        "src/main.c",
        "text_type",
        False,
    )
    assert [(line.get("type"), line["line_content"]) for line in file["content"]["text"]] == [
        ("match", "@@ -1 +1 @@"),
        ("old", "int main;"),
        ("new", "int main(void);"),
    ]
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text.startswith("diff --git a/src/main.c b/src/main.c\n")
    assert light.ask("GET", f"{LIGHT}/pulls/5/diff").status_code == 404


def test_a_label_and_a_release_are_found_whatever_their_names(light: Harbour) -> None:
    assert get(light, "/labels/a%2Fb")["color"] == "#ffffff"
    assert get(light, "/releases/tags/v1%2F%CE%B2") == get(light, "/releases/v1%2F%CE%B2")
    assert get(light, "/releases/latest")["tag_name"] == "v2"
    assert [row["tag_name"] for row in get(light, "/releases")] == ["v3", "v2", "v1/β"]
    assert [row["title"] for row in get(light, "/milestones", params={"state": "all"})] == ["一期", "二期"]


def test_a_release_s_file_is_sent_as_an_attachment(light: Harbour) -> None:
    release = get(light, "/releases/v1%2F%CE%B2")
    here, lost = (one["browser_download_url"] for one in release["assets"])
    assert lost == "https://gitcode.com/lost.zip"

    answer = light.ask_site("GET", here.removeprefix("http://code.example.org"), person=None)

    assert answer.content == CONTENT
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_release_s_file_that_is_damaged_is_not_sent(light: Harbour) -> None:
    path = light.forge.archive.blob_file(next(light.forge.archive.blobs.iterate()))
    path.chmod(0o644)
    path.write_bytes(CONTENT[::-1])

    answer = light.ask("GET", f"{LIGHT}/releases/v1%2F%CE%B2/attach_files/手册 <1>.html/download")

    assert answer.status_code == 500
    assert CONTENT[::-1] not in answer.content


def test_a_search_finds_what_one_may_read(light: Harbour) -> None:
    def found(person: str, **params: str) -> list[str]:
        return [row["number"] for row in light.ask("GET", "/search/issues", person=person, params=params).json()]

    assert found("chen", q="灯不亮") == ["1"]
    assert found("chen", q="hidden words") == ["2"]
    assert found("xiao", q="hidden words") == []
    assert found("chen", q="灯不亮", repo="harbour/ferry") == []
    assert found("chen", q="夜里", state="closed", repo="harbour/light") == ["3"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/issues"), ("PATCH", "/issues/1"), ("POST", "/pulls"), ("PUT", "/pulls/4/merge"), ("POST", "/labels")],
)
def test_what_was_saved_is_not_written_to(light: Harbour, method: str, path: str) -> None:
    answer = light.ask(method, f"{LIGHT}{path}", json={"title": "x"})

    assert answer.status_code == 405
    assert "GET" in answer.json()["error_message"]


def test_where_nothing_was_saved_lists_are_empty(harbour: Harbour) -> None:
    for path in ("/issues", "/pulls", "/labels", "/milestones", "/releases", "/issues/comments", "/hooks"):
        assert get(harbour, path) == []
    get(harbour, "/releases/latest", status=404)


def test_what_another_platform_told_besides_is_not_told_as_gitcode_s(harbour: Harbour) -> None:
    said = story({"head": "1" * 40, "base": "2" * 40}, "0" * 64)
    save(harbour.forge, harbour.repository("light"), replace(said, platform="coding"))

    shown = get(harbour, "/issues/1")

    assert "owner" not in shown
    assert shown["title"] == "灯不亮"


def test_replies_that_reply_to_one_another_are_all_shown(light: Harbour) -> None:
    """As whoever writes an archive by hand may have it: circles, ids that stand twice, a thousand one below another."""
    said = SavedConversation("gitcode")
    circle = [replied("1", "2"), replied("2", "1"), replied("3", "3")]
    twice = [replied("4", None), replied("5", "4"), replied("4", "5")]
    deep = [replied("10", None), *(replied(str(number), str(number - 1)) for number in range(11, 1200))]
    for number, comments in (("8", circle), ("9", twice), ("10", deep)):
        base = story({"head": "1" * 40, "base": "2" * 40}, "ab" * 32).changes["5"]
        said.changes[number] = replace(base, number=number, id=f"8{number}", comments=tuple(comments))
    save(light.forge, light.repository("light"), said, run=2)

    for number, comments in (("8", circle), ("9", twice), ("10", deep)):
        rows = get(light, f"/pulls/{number}/comments", params={"per_page": 100})
        bodies = [one["body"] for row in rows for one in (row, *row["reply"])]
        assert sorted(bodies) == sorted(one.text.body for one in comments)


def replied(comment_id: str, to: str | None) -> Comment:
    return Comment(id=comment_id, reply_to=to, by="li", at=at(2), text=text(f"{comment_id} to {to}"))


@pytest.mark.parametrize("year", [1, 9999])
def test_the_first_and_the_last_hours_of_all_years_are_served(light: Harbour, year: int) -> None:
    edge = datetime.min.replace(tzinfo=UTC) if year == 1 else datetime.max.replace(tzinfo=UTC)
    said = SavedConversation("gitcode")
    said.issues["9"] = Issue(number="9", id="9", title="t", by="li", at=edge, updated_at=edge, state="open")
    save(light.forge, light.repository("light"), said, run=2)

    assert get(light, "/issues/9")["created_at"].startswith(f"{year:04d}-")
    assert "9" in numbers(light, "/issues")


def test_no_way_to_reach_somebody_is_told_to_those_who_may_not_know(light: Harbour) -> None:
    """Whatever the platform calls it, and wherever it stands."""
    ways = {name: f"{name}@reach" for name in ("email", "enterprise_email", "author_email", "wechat", "mobile_phone")}
    said = SavedConversation("gitcode")
    said.people["wang"] = Participant(login="wang", name="王海", extra={"userPhoneNumber": "1@reach", **ways})
    said.issues["9"] = Issue(
        number="9",
        title="t",
        by="wang",
        at=at(2),
        state="open",
        extra={"owner": ways, "list": [{"x": ways}], "kept": 1},
    )
    save(light.forge, light.repository("light"), said, run=2)

    shown = get(light, "/issues/9", person="xiao")

    assert "@reach" not in json.dumps(shown)
    assert shown["kept"] == 1
    assert json.dumps(get(light, "/issues/9")).count("@reach") == 3 * len(ways)


@pytest.mark.parametrize("path", ["/issues", "/pulls"])
def test_labels_by_the_thousand_are_no_work(light: Harbour, path: str) -> None:
    """Each was a look of its own into the table: two thousand kept the server busy for half a minute, for anybody."""
    assert get(light, path, params={"labels": ",".join(["缺陷"] * 2000)}) != []
    assert get(light, path, params={"labels": ",".join(f"x{number}" for number in range(100))}) == []
    refused = get(light, path, params={"labels": ",".join(f"x{number}" for number in range(3000))}, status=400)
    assert "labels" in str(refused)

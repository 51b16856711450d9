"""What was said around a repository, in the shapes of Gitee's API v5, and to whom."""

from dataclasses import replace
from typing import Any

import pytest

from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    Milestone,
    Participant,
    ProtectionRule,
    ReleaseAsset,
    Reviewer,
    ReviewThread,
    SavedRelease,
    TimelineEvent,
    Webhook,
    WorkflowStatus,
)
from support.gitcode_server import Harbour
from support.gitee_swagger import fields_of
from support.saved_conversation import NOON, SavedConversation, save

BASE = "/gitee/api/v5/repos/harbour/light"
CONTENT = b"<svg onload=alert(1)>"


def at(day: int) -> Any:
    return NOON.replace(day=day)


def text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def issue(number: str, group: Any, state: Any, **values: Any) -> Issue:
    made = Issue(number=number, id="7", title=number, by="17", at=at(1), updated_at=at(2), state=state)
    return replace(made, status=WorkflowStatus(id="3", name="状态", group=group), **values)


def story(commits: tuple[str, str], asset: str) -> SavedConversation:
    said = SavedConversation("gitee")
    said.people = {"17": Participant(id="17", login="wang", name="王海", email="wang@example.org")}
    said.tables = {
        "label": (LabelDefinition(name="缺陷", id="7", color="d73a4a"),),
        "milestone": (Milestone(number="77", title="一期", state="open", kind="milestone"),),
        "hook": (Webhook(id="9", url="[withheld]", events=("push",)),),
        "member": (MemberGrant(person="17", role="developer"),),
        "protection": (
            ProtectionRule(pattern="main", target="branch"),
            ProtectionRule(pattern="next", target="branch", gone_in=3),
        ),
    }
    said.issues = {
        "I6A": issue("I6A", "todo", "open", labels=("缺陷",), comments=(Comment(id="5", by="17", text=text("好")),)),
        "I6B": issue("I6B", "doing", "open"),
        "I6C": issue("I6C", "rejected", "closed"),
        "I6D": issue("I6D", "done", "closed", confidential=True, milestone="77"),
    }
    place = DiffPosition(path="a.c", as_given={"path": "a.c", "position": 3, "commit_id": commits[0]})
    said.changes = {
        "4": ChangeRequest(
            number="4",
            id="704",
            title="修灯",
            by="17",
            at=at(4),
            state="merged",
            head=ChangeHead(branch="fix", commit=commits[0]),
            base=ChangeBase(branch="main", commit=commits[1]),
            reviewers=(Reviewer(by="17", role="tester", state="approved"),),
            threads=(
                ReviewThread(
                    id="8", path="a.c", position=place, comments=(Comment(id="8", at=at(4), text=text("这里")),)
                ),
            ),
            comments=(Comment(id="9", at=at(5), text=text("整体")),),
            events=(TimelineEvent(id="1", kind="other", at=at(4), data={}, text="合并"),),
        )
    }
    there = ReleaseAsset(id="30", name="图.svg", url="https://gitee.com/x", sha256=asset, size=len(CONTENT))
    said.releases = {
        "v1": SavedRelease(tag="v1", id="12", name="一", at=at(6), draft=False, prerelease=False, assets=(there,))
    }
    return said


@pytest.fixture
def light(harbour: Harbour) -> Harbour:
    repository = harbour.repository("light")
    head, base = (harbour.git("rev-parse", name, repository=repository).strip() for name in ("main", "main~1"))
    save(harbour.forge, repository, story((head, base), harbour.forge.archive.blobs.put_bytes(CONTENT)))
    return harbour


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", f"{BASE}{path}", person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


@pytest.mark.parametrize(
    ("path", "definition", "without"),
    [
        ("/issues/I6A", "Issue", {"depth", "parent_id", "scheduled_time", "program"}),
        ("/issues/comments/5", "Note", {"source"}),
        ("/pulls/4", "PullRequest", {"assignees_number", "testers_number", "statuses_url"}),
        ("/pulls/comments/8", "PullRequestComments", set()),
        ("/milestones/77", "Milestone", set()),
        ("/labels/%E7%BC%BA%E9%99%B7", "Label", {"created_at", "updated_at"}),
        ("/releases/12", "Release", set()),
        ("/hooks/9", "Hook", set()),
    ],
)
def test_an_answer_has_every_field_of_the_vendor_s_description(
    light: Harbour, path: str, definition: str, without: set[str]
) -> None:
    """But those that are given back only where they were saved."""
    assert set(fields_of(definition)) - set(get(light, path)) == without


def test_the_commits_and_files_of_a_pull_request_come_from_the_code(light: Harbour) -> None:
    [commit], [file] = get(light, "/pulls/4/commits"), get(light, "/pulls/4/files")

    assert commit["commit"]["message"] == "fix the main thing\n\nlong story"
    assert (file["filename"], file["status"], file["additions"]) == ("src/main.c", "modified", "1")
    assert "+int main(void);" in file["patch"]["diff"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", {"I6A": "open"}),
        ("open", {"I6A": "open"}),
        ("progressing", {"I6B": "progressing"}),
        ("closed", {"I6D": "closed"}),
        ("rejected", {"I6C": "rejected"}),
        ("all", {"I6A": "open", "I6B": "progressing", "I6C": "rejected", "I6D": "closed"}),
    ],
)
def test_the_four_states_of_gitee_are_told_apart(light: Harbour, state: str, expected: dict[str, str]) -> None:
    assert {row["number"]: row["state"] for row in get(light, "/issues", params={"state": state})} == expected


def test_comments_on_lines_stand_where_gitee_put_them(light: Harbour) -> None:
    on_line, on_all = get(light, "/pulls/4/comments")

    assert (on_line["path"], on_line["position"], on_line["comment_type"]) == ("a.c", 3, "diff_comment")
    assert (on_all["path"], on_all["comment_type"]) == (None, "pr_comment")
    assert [row["id"] for row in get(light, "/pulls/comments")] == [8, 9]
    assert on_all["pull_request_url"].endswith("/gitee/api/v5/repos/harbour/light/pulls/4")


def test_a_pull_request_that_is_merged_is_204_as_at_gitee(light: Harbour) -> None:
    assert get(light, "/pulls/4/merge", status=204) is None
    assert get(light, "/pulls/5/merge", status=404)["message"]
    assert [who["accept"] for who in get(light, "/pulls/4")["testers"]] == [True]
    assert [log["content"] for log in get(light, "/pulls/4/operate_logs")] == ["合并"]


def test_a_release_is_known_by_its_id_and_its_files_by_theirs(light: Harbour) -> None:
    [file] = get(light, "/releases/12/attach_files")
    assert get(light, "/releases/tags/v1")["id"] == get(light, "/releases/latest")["id"] == 12
    assert (file["id"], file["size"]) == (30, len(CONTENT))
    assert get(light, "/releases/12/attach_files/30") == file

    answer = light.ask_site("GET", file["browser_download_url"].removeprefix("http://code.example.org"), person=None)

    assert answer.content == CONTENT
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/issues/I6Z", "/releases/v1", "/releases/12/attach_files/31", "/releases/12/attach_files/31/download"]
)
def test_what_is_not_there_is_404_with_a_message(light: Harbour, path: str) -> None:
    assert list(get(light, path, status=404)) == ["message"]


@pytest.mark.parametrize(("person", "seen"), [(None, False), ("xiao", False), ("gu", False), ("rui", True)])
def test_what_is_confidential_is_for_whoever_has_a_role(light: Harbour, person: str | None, *, seen: bool) -> None:
    found = {row["number"] for row in get(light, "/issues", person=person, params={"state": "all"})}

    assert ("I6D" in found) is seen
    get(light, "/issues/I6D", person=person, status=200 if seen else 404)


@pytest.mark.parametrize(("person", "status"), [(None, 401), ("xiao", 403), ("mei", 403), ("chen", 200)])
def test_webhooks_and_e_mail_addresses_are_for_owners(light: Harbour, person: str | None, status: int) -> None:
    get(light, "/hooks", person=person, status=status)

    shown = get(light, "/issues/I6A", person=person)

    assert ("email" in shown["user"]) is (status == 200)


def test_of_a_private_repository_nothing_is_told_to_strangers(harbour: Harbour) -> None:
    save(harbour.forge, harbour.repository("ferry"), story(("1" * 40, "2" * 40), "0" * 64))
    ferry = "/gitee/api/v5/repos/harbour/ferry/issues"

    assert harbour.ask_site("GET", ferry, person="rui").status_code == 200
    hidden, missing = (
        harbour.ask_site("GET", path, person="xiao") for path in (ferry, ferry.replace("ferry", "nothing"))
    )
    assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json())
    assert hidden.json() == {"message": "404 Project Not Found"}


def test_what_was_saved_is_not_written_to(light: Harbour) -> None:
    answer = light.ask_site("POST", f"{BASE}/issues/I6A/comments", json={"body": "x"})

    assert answer.status_code == 405
    assert "GET" in answer.json()["message"]


def test_pages_are_counted(light: Harbour) -> None:
    answer = light.ask_site("GET", f"{BASE}/issues", params={"state": "all", "per_page": 3, "page": 2})

    assert len(answer.json()) == 1
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("4", "2")


def test_who_worked_on_it_at_the_platform_is_told_to_members(light: Harbour) -> None:
    [member] = get(light, "/collaborators", person="gu")

    assert set(fields_of("ProjectMember")) <= set(member)
    assert (member["login"], member["permissions"]) == ("wang", {"pull": True, "push": True, "admin": False})
    assert "email" not in member
    assert get(light, "/collaborators", person="xiao", status=403)["message"]


def test_who_may_not_read_conversations_is_told_who_has_a_role_here(light: Harbour) -> None:
    private = "/gitee/api/v5/repos/harbour/ferry/collaborators"

    rows = light.ask_site("GET", private, person="gu").json()

    assert {row["login"] for row in rows} == {"chen", "mei", "dora", "rui", "gu"}
    assert all(set(fields_of("ProjectMember")) <= set(row) for row in rows)


def test_a_branch_is_protected_that_was_so_at_the_platform(light: Harbour) -> None:
    light.git("branch", "next", "main", repository=light.repository("light"))

    shown = {row["name"]: row["protected"] for row in get(light, "/branches", person=None)}

    assert shown == {"main": True, "next": False}
    assert get(light, "/branches/main")["protected"] is True

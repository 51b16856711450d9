"""What is asked of a GitLab for a migration: code, and what people said about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, NotFound, Refused
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.http.tokens import BadCredential
from matou.model.fidelity import KeptTrait, MigratedKind
from matou.model.metadata_targets import (
    ImportedComment,
    ImportedIssue,
    ItemAddress,
    ItemEdit,
    ItemKind,
    NewChangeRequest,
    NewFile,
    NewIssue,
    NewLabel,
    NewLineComment,
    NewMilestone,
    NewTargetRelease,
)
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository
from matou.platforms.base.errors import MadeInPart, NotOffered, PlatformFailed
from matou.platforms.base.metadata_target import IssueImporter
from matou.platforms.gitlab import PLATFORM
from matou.platforms.gitlab.metadata_target import GitLabMetadataTarget
from matou.platforms.gitlab.quick_actions import as_given, harmless
from matou.platforms.gitlab.target import GitLabTarget, fault_of_name
from support.gitlab_source import TOKEN
from support.gitlab_target import WrittenGitLab, running_written_gitlab
from support.recording_server import json_reply
from support.steered_clock import SteeredClock
from support.written_conversation import WrittenConversation, small_story

ISSUE, CHANGE = ItemAddress(ItemKind.ISSUE, "1"), ItemAddress(ItemKind.CHANGE, "1")
THEN = datetime(2023, 3, 1, 2, 0, tzinfo=UTC)


def now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def gitlab() -> Iterator[WrittenGitLab]:
    with running_written_gitlab() as gitlab:
        yield gitlab
        assert gitlab.odd == [], "nothing is sent that GitLab would pass over"


@pytest.fixture
def session(gitlab: WrittenGitLab) -> Iterator[Session]:
    patience = RetryPolicy(attempts=2, first_wait=timedelta(seconds=1))
    with Session(named=[gitlab.url], clock=SteeredClock().clock, patience=patience) as session:
        yield session


@pytest.fixture
def code(session: Session, gitlab: WrittenGitLab) -> GitLabTarget:
    return GitLabTarget(session, gitlab.url, Secret(TOKEN), now=now)


@pytest.fixture
def target(session: Session, gitlab: WrittenGitLab, code: GitLabTarget) -> GitLabMetadataTarget:
    [crane] = code.repositories("harbour/yard")
    return GitLabMetadataTarget(session, gitlab.url, Secret(TOKEN), crane, now=now)


def issue(title: str = "吊车停转", **more: object) -> NewIssue:
    return NewIssue(title=title, text="> 张三\n\n停了\n<!-- matou:x:issue:7 -->", **more)  # type: ignore[arg-type]


def file_of(tmp_path: Path, name: str, content: bytes, type_: str) -> NewFile:
    path = tmp_path / "blob"
    path.write_bytes(content)
    return NewFile(name=name, path=path, size_bytes=len(content), type=type_)


class TestCode:
    def test_whose_a_token_is(self, code: GitLabTarget, session: Session, gitlab: WrittenGitLab) -> None:
        assert code.login() == "captain"
        assert PLATFORM.whoami(session, gitlab.url, Secret(TOKEN), now=now) == "captain"
        with pytest.raises(Refused):
            PLATFORM.whoami(session, gitlab.url, Secret("n0t-good"), now=now)

    @pytest.mark.parametrize(
        ("scopes", "missing"), [(["api"], []), (["read_api", "write_repository"], ["api"]), (None, [])]
    )
    def test_what_a_personal_token_may_is_known_beforehand(
        self, code: GitLabTarget, gitlab: WrittenGitLab, scopes: list[str] | None, missing: list[str]
    ) -> None:
        gitlab.scopes = scopes

        assert list(code.missing_scopes({Visibility.PRIVATE}, has_conversation=False)) == missing

    def test_a_project_is_made_in_a_group_within_a_group_and_found(self, code: GitLabTarget) -> None:
        made = code.create(NewTargetRepository("harbour/yard", "boat", "船", Visibility.INTERNAL))

        assert (made.namespace, made.name, made.visibility) == ("harbour/yard", "boat", Visibility.INTERNAL)
        assert made.clone_url.endswith("/harbour/yard/boat.git")
        assert [one.name for one in code.repositories("harbour/yard")] == ["crane", "boat"]

    def test_projects_of_groups_within_are_no_others(self, code: GitLabTarget, gitlab: WrittenGitLab) -> None:
        gitlab.project("buoy", gitlab.namespace("harbour/yard/east"))

        assert [one.name for one in code.repositories("harbour/yard")] == ["crane"]

    def test_a_name_that_is_taken_is_a_conflict(self, code: GitLabTarget, gitlab: WrittenGitLab) -> None:
        taken = {"message": {"path": ["has already been taken"], "name": ["has already been taken"]}}
        gitlab.failures["/projects"] = json_reply(taken, 400)

        with pytest.raises(Conflict, match="path has already been taken"):
            code.create(NewTargetRepository("harbour/yard", "crane", "", Visibility.PRIVATE))

    def test_a_group_is_made_with_those_that_it_is_to_be_within(
        self, code: GitLabTarget, gitlab: WrittenGitLab
    ) -> None:
        with pytest.raises(NotFound):
            list(code.repositories("quay/north/pier"))

        code.create_namespace("quay/north/pier")

        assert [one["full_path"] for one in gitlab.namespaces[1:]] == ["quay", "quay/north", "quay/north/pier"]
        assert {body["visibility"] for body in gitlab.sent("POST", "/groups")} == {"private"}

    def test_gitlab_com_makes_no_outermost_group_by_its_api(self, session: Session) -> None:
        target = GitLabTarget(session, "https://gitlab.com/api/v4", Secret(TOKEN), now=now)

        assert target.fault_of_new_namespace("quay") == "gitlab.com's API makes groups within groups only"
        assert target.fault_of_new_namespace("quay/north") is None
        assert Visibility.INTERNAL not in target.rules.visibilities

    @pytest.mark.parametrize("name", ["a--b", "-a", "a.", "a_.b", "a.git", "码头", ""])
    def test_names_that_it_takes_for_none(self, name: str, code: GitLabTarget) -> None:
        assert fault_of_name(name) is not None
        assert fault_of_name(code.rules.fitted(name)) is None

    def test_branch_and_visibility_are_set(self, code: GitLabTarget, gitlab: WrittenGitLab) -> None:
        [crane] = code.repositories("harbour/yard")

        code.set_default_branch(crane, "主干")
        code.set_visibility(crane, Visibility.PUBLIC)

        assert gitlab.sent("PUT", "/projects/5000") == [{"default_branch": "主干"}, {"visibility": "public"}]


class TestTalk:
    def test_labels_and_milestones_are_made_and_found(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        target.add_label(NewLabel(name="缺陷", color="d73a4a", description="坏了"))
        made = target.add_milestone(NewMilestone(title="一期", text="先做", due="2023-06-30T00:00:00Z", is_closed=True))

        assert list(target.labels()) == ["缺陷"]
        assert list(target.milestones()) == [made]
        assert gitlab.rows("labels")[0]["color"] == "#d73a4a"
        assert gitlab.rows("milestones")[0]["due_date"] == "2023-06-30"
        assert gitlab.sent("PUT", f"/milestones/{made.id}") == [{"state_event": "close"}]

    def test_a_label_that_is_there_is_a_conflict(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        gitlab.failures["/labels"] = json_reply({"message": "Label already exists"}, 409)

        with pytest.raises(Conflict):
            target.add_label(NewLabel(name="缺陷", color="d73a4a"))

    def test_an_issue_is_made_and_read_back_as_it_was_written(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        made = target.add_issue(issue(labels=("缺陷", "紧急"), milestone="901", assignees=("li-na", "nobody")))

        row = gitlab.rows("issues")[0]
        assert (made.number, made.text, made.is_closed) == ("1", issue().text, False)
        assert (row["labels"], row["milestone_id"], row["assignee_ids"]) == ("缺陷,紧急", 901, [23])
        assert list(target.items(ItemKind.ISSUE)) == [made]
        assert list(target.items(ItemKind.CHANGE)) == []

    def test_a_change_request_is_made_between_two_branches(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        change = NewChangeRequest(title="修好", text="好了", head="mend", base="main", is_draft=True)

        made = target.add_change_request(change)

        row = gitlab.rows("merge_requests")[0]
        assert (row["title"], row["source_branch"], row["target_branch"]) == ("Draft: 修好", "mend", "main")
        assert made.title == "修好"

    def test_an_edit_sends_what_it_names(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        target.add_change_request(NewChangeRequest(title="修好", text="好了", head="mend", base="main"))

        target.edit_item(ISSUE, ItemEdit(text="新", labels=(), assignees=("li-na",), is_closed=True))
        target.edit_item(CHANGE, ItemEdit(title="新", milestone="901"))

        [sent] = gitlab.sent("PUT", "/issues/1")
        assert sent == {"description": "新", "labels": "", "assignee_ids": [23], "state_event": "close"}
        assert gitlab.sent("PUT", "/merge_requests/1") == [{"title": "新", "milestone_id": 901}]

    def test_a_draft_whose_text_changes_stays_a_draft(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        target.add_change_request(NewChangeRequest(title="修好", text="见 #9", head="mend", base="main", is_draft=True))

        target.edit_item(CHANGE, ItemEdit(title="修好", text="见 #7"))

        assert gitlab.rows("merge_requests")[0]["title"] == "Draft: 修好"
        assert [one.title for one in target.items(ItemKind.CHANGE)] == ["修好"]

    def test_an_issue_whose_title_only_begins_as_one_of_a_draft_is_shown_as_it_is(
        self, target: GitLabMetadataTarget
    ) -> None:
        target.add_issue(issue("Draft: 章程"))

        assert [one.title for one in target.items(ItemKind.ISSUE)] == ["Draft: 章程"]

    def test_what_the_server_wrote_is_no_comment(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        made = target.add_comment(ISSUE, "我来看看")
        gitlab.rows("issues/1/discussions").append(
            {"id": "x", "individual_note": True, "notes": [{"id": 1, "body": "closed", "system": True}]}
        )

        assert list(target.comments(ISSUE)) == [made]
        target.edit_comment(ISSUE, made.id, "看过了")
        assert gitlab.sent("PUT", f"/notes/{made.id}") == [{"body": "看过了"}]

    def test_a_comment_on_a_line_stands_in_the_newest_difference_and_can_be_answered(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        comment = NewLineComment(text="why?", path="b.c", old_path="a.c", commit="c" * 40, line=7, is_old_side=True)

        made = target.add_line_comment("1", comment)
        answer = target.add_answer("1", made.thread, "so")
        assert list(target.comments(CHANGE)) == [made, answer]

        [body] = gitlab.sent("POST", "/merge_requests/1/discussions")
        assert body["position"] == {
            "position_type": "text",
            "base_sha": "b" * 40,
            "start_sha": "5" * 40,
            "head_sha": "f" * 40,
            "old_path": "a.c",
            "new_path": "b.c",
            "old_line": 7,
        }
        assert (answer.thread, answer.text) == (made.thread, "so")
        assert gitlab.sent("POST", f"/discussions/{made.thread}/notes") == [{"body": "so"}]

    def test_a_line_that_is_not_there_is_refused(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        gitlab.failures["/discussions"] = json_reply({"message": "400 Bad request - Note {:line_code=>…}"}, 400)

        with pytest.raises(PlatformFailed, match="line_code"):
            target.add_line_comment("1", NewLineComment(text="?", path="b", old_path="b", commit="c" * 40, line=7))

    def test_a_release_has_its_files_as_a_package_that_it_links_to(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab, tmp_path: Path
    ) -> None:
        made = target.add_release(NewTargetRelease(tag="release/2.0", name="二点零", text="新", target="c" * 40))

        target.add_asset(made, file_of(tmp_path, "吊车手册.zip", b"PK", "application/zip"))
        target.add_asset(made, file_of(tmp_path, "crane-2.0.zip", b"PK2", "application/zip"))
        target.edit_release(made, "更新")

        named, plain = gitlab.files
        assert named.startswith("packages/generic/release-files/release-2.0/file-")
        assert plain == "packages/generic/release-files/release-2.0/crane-2.0.zip"
        assert list(gitlab.files.values()) == [b"PK", b"PK2"]
        links = gitlab.rows("releases/release/2.0/assets/links")
        assert [link["name"] for link in links] == ["吊车手册.zip", "crane-2.0.zip"]
        assert links[1]["url"] == f"{gitlab.url}/projects/5000/{plain}"
        assert [one.tag for one in target.releases()] == ["release/2.0"]

    def test_a_picture_is_uploaded_and_named_by_a_whole_address(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab, tmp_path: Path
    ) -> None:
        url = target.upload(file_of(tmp_path, "吊\r\n车.png", b"\x89PNG", "image/png"), None)

        assert url == f"{gitlab.server.url}/harbour/yard/crane/uploads/{'a' * 32}/crane.png"
        body = gitlab.files["uploads"]
        assert body.count(b"\r\n\r\n") == 1, "a name makes no line of its own"
        assert b"\x89PNG" in body

    def test_a_file_that_is_refused_is_told_as_everything_else(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab, tmp_path: Path
    ) -> None:
        made = target.add_release(NewTargetRelease(tag="v1", name="v1", text="", target="c" * 40))
        gitlab.server.handler = lambda _: json_reply({"message": "401 Unauthorized"}, 401)
        picture = file_of(tmp_path, "a.png", b"\x89PNG", "image/png")

        with pytest.raises(BadCredential) as of_release:
            target.add_asset(made, picture)
        with pytest.raises(BadCredential) as of_text:
            target.upload(picture, None)

        assert str(of_release.value) == str(of_text.value)
        assert TOKEN not in repr(of_release.value)

    def test_an_owner_writes_an_issue_with_its_times(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        assert isinstance(target, IssueImporter)
        said = (ImportedComment(text="一", created_at=THEN + timedelta(hours=1)),)
        old = ImportedIssue(title="旧", text="很久了", created_at=THEN, is_closed=True, closed_at=THEN, comments=said)

        made = target.import_issue(old)

        assert (made.number, made.is_closed) == ("1", True)
        assert gitlab.rows("issues")[0]["created_at"] == "2023-03-01T02:00:00Z"
        assert gitlab.sent("POST", "/issues/1/notes") == [{"body": "一", "created_at": "2023-03-01T03:00:00Z"}]
        assert gitlab.sent("PUT", "/issues/1") == [{"state_event": "close", "updated_at": "2023-03-01T02:00:00Z"}]

    def test_nobody_else_may_and_then_nothing_is_written(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        gitlab.level = 40

        with pytest.raises(NotOffered):
            target.import_issue(ImportedIssue(title="旧", text="", created_at=THEN))

        assert gitlab.rows("issues") == []

    def test_an_owner_writes_an_issue_under_its_number(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        """Without what would have to stand in between."""
        made = [target.import_issue(ImportedIssue(title="旧", text="", created_at=THEN, number=n)) for n in (2, 7)]
        following = target.add_issue(issue())

        assert target.sets_numbers
        assert [one.number for one in (*made, following)] == ["2", "7", "8"]

    def test_a_number_that_somebody_else_has_is_not_taken_from_them(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        target.add_issue(issue())

        made = target.import_issue(ImportedIssue(title="旧", text="", created_at=THEN, number=1))

        assert made.number == "2"
        assert gitlab.rows("issues")[1]["created_at"] == "2023-03-01T02:00:00Z"

    def test_an_administrator_writes_as_those_who_own_the_project(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab
    ) -> None:
        """Anybody else would lose the number and the time, of which GitLab says nothing."""
        gitlab.level, gitlab.is_admin, gitlab.levels = 0, True, {"li-na": 50, "wang-hai": 30}
        said = tuple(ImportedComment(text="一", created_at=THEN, author=name) for name in ("li-na", "wang-hai", None))

        for number, author in ((4, "li-na"), (5, "wang-hai"), (6, "nobody"), (7, "a b\r\nX: y")):
            target.import_issue(
                ImportedIssue(title="旧", text="", created_at=THEN, number=number, author=author, comments=said)
            )

        rows = gitlab.rows("issues")
        assert [(row["iid"], row["author"]) for row in rows] == [(4, "li-na"), *((n, "captain") for n in (5, 6, 7))]
        assert {row["created_at"] for row in rows} == {"2023-03-01T02:00:00Z"}
        named = [one.headers.get("sudo") for one in gitlab.server.requests if one.path.endswith("/issues/4/notes")]
        assert named == ["li-na", None, None]
        assert {name: str(reason) for name, reason in target.unwritten_authors.items()} == {
            "wang-hai": "that account is no owner of the project, and number and time would be lost",
            **dict.fromkeys(("nobody", "a b\r\nX: y"), "there is no such account, or it may not see the project"),
        }

    @pytest.mark.parametrize("level", [40, 50])
    def test_a_token_without_that_scope_writes_as_itself(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab, level: int
    ) -> None:
        gitlab.level, gitlab.is_admin, gitlab.has_sudo, gitlab.levels = level, True, False, {"li-na": 50}

        target.import_issue(ImportedIssue(title="旧", text="", created_at=THEN, number=4, author="li-na"))

        assert [(row["iid"], row["author"]) for row in gitlab.rows("issues")] == [(4, "captain")]
        assert "sudo" in str(target.unwritten_authors["li-na"])

    def test_a_release_keeps_its_day(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        target.add_release(NewTargetRelease(tag="v1", name="v1", text="一", target="c" * 40, released_at=THEN))

        assert gitlab.rows("releases")[0]["released_at"] == "2023-03-01T02:00:00Z"

    @pytest.mark.parametrize(
        ("namespace", "level", "is_admin", "keeps"),
        [
            ("harbour/yard", 50, False, True),
            ("harbour/yard", 40, False, False),
            ("harbour/yard", 40, True, True),
            ("captain", 0, False, True),
        ],
    )
    def test_a_plan_says_what_this_token_will_keep(
        self, gitlab: WrittenGitLab, session: Session, namespace: str, level: int, *, is_admin: bool, keeps: bool
    ) -> None:
        gitlab.level, gitlab.is_admin = level, is_admin
        support = PLATFORM.metadata_target
        assert support is not None
        assert support.foreseen is not None

        table = support.foreseen(session, gitlab.url, Secret(TOKEN), namespace, now=now)

        assert (KeptTrait.NUMBER in table[MigratedKind.ISSUE].keeps) is keeps

    def test_an_issue_whose_comment_fails_was_made(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        gitlab.failures["/notes"] = json_reply({"message": "Note is too long"}, 400)
        said = (ImportedComment(text="一", created_at=THEN),)

        with pytest.raises(MadeInPart):
            target.import_issue(ImportedIssue(title="旧", text="", created_at=THEN, comments=said))


class TestConversation:
    """The engine that writes to every target, and a GitLab."""

    def contents(self, gitlab: WrittenGitLab) -> dict[str, int]:
        return {name: len(rows) for name, rows in gitlab.lists.items() if rows}

    def test_a_bit_of_everything_is_written_once(
        self, target: GitLabMetadataTarget, gitlab: WrittenGitLab, tmp_path: Path
    ) -> None:
        anything: Any = target
        written = WrittenConversation(tmp_path / "first", anything)
        small_story(written)

        report = written.write()

        first = self.contents(gitlab)
        assert report.problems == []
        assert (first["issues"], first["merge_requests"], first["releases"], first["labels"]) == (3, 1, 1, 1)
        assert [row["iid"] for row in gitlab.rows("issues")] == [1, 3, 4], "without what would keep a number"
        assert f"/crane/uploads/{'a' * 32}/crane.png)" in gitlab.rows("issues")[0]["description"]
        written.write()
        assert self.contents(gitlab) == first
        again = WrittenConversation(tmp_path / "second", anything)
        small_story(again)
        again.write()
        assert self.contents(gitlab) == first, "whose map is lost finds all by what stands in the texts"


class TestQuickActions:
    @pytest.mark.parametrize(
        "text",
        ["/close", "先看\n/assign @li-na\n再说", "  /label ~缺陷", "/CLOSE ", "/weight 3\r\n/close", "/a_later_one x"],
    )
    def test_a_line_that_would_be_carried_out_is_only_read(self, text: str) -> None:
        lines = harmless(text).splitlines()

        assert not any(line.lstrip(" \t").startswith("/") for line in lines)
        assert as_given(harmless(text)) == text

    @pytest.mark.parametrize("text", ["", "/usr/bin/crane", "see /close", "// comment", "/7", "a/b"])
    def test_other_lines_stay_as_they_are(self, text: str) -> None:
        assert harmless(text) == text == as_given(text)

    def test_all_that_is_written_goes_that_way(self, target: GitLabMetadataTarget, gitlab: WrittenGitLab) -> None:
        action = "/close\n/assign me"
        target.add_issue(NewIssue(title="t", text=action))
        target.add_change_request(NewChangeRequest(title="t", text=action, head="a", base="b"))
        target.edit_item(ISSUE, ItemEdit(text=action))
        target.add_comment(ISSUE, action)
        target.add_line_comment("1", NewLineComment(text=action, path="b", old_path="b", commit="c" * 40, line=7))
        target.add_answer("1", "d1", action)
        target.edit_comment(ISSUE, "7", action)
        target.add_milestone(NewMilestone(title="t", text=action))
        release = target.add_release(NewTargetRelease(tag="v1", name="v1", text=action, target="c" * 40))
        target.edit_release(release, action)

        written = [request.body.decode() for request in gitlab.server.requests if request.method != "GET"]
        assert len(written) == 10
        assert not [body for body in written if '"/close' in body]
        assert [one.text for one in target.items(ItemKind.ISSUE)] == [action]

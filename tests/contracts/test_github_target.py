"""What is asked of GitHub for a migration, held to its own description: what people said about the code."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, MatouError, Refused, TryLater, UnknownShape
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.fidelity import COMMITTED, KeptTrait, MigratedKind, MigrationMethod
from matou.model.metadata_targets import (
    FileDelivery,
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
from matou.model.targets import TargetRepository
from matou.platforms.base.errors import MadeInPart, NotOffered
from matou.platforms.base.metadata_target import IssueImporter
from matou.platforms.github import PLATFORM
from matou.platforms.github.issue_import import TooMuchToImport
from matou.platforms.github.metadata_target import GitHubMetadataTarget
from matou.platforms.github.upload_address import upload_address
from support.github_writer import REPOSITORY, TOKEN, UPLOADS, Answering, GitHubWriter, failure, running_github
from support.recording_server import Reply, SeenRequest, json_reply
from support.steered_clock import SteeredClock

HEAD = "7f9d2c6a1b3e4f5061728394a5b6c7d8e9f00112"
R = "/repos/{owner}/{repo}"
BEGAN = datetime(2019, 3, 4, 13, 6, 7, tzinfo=timezone(timedelta(hours=8)))


def now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def github() -> Iterator[GitHubWriter]:
    with running_github() as account:
        yield account
        assert account.faults == []


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def session(github: GitHubWriter, clock: SteeredClock) -> Iterator[Session]:
    patience = RetryPolicy(attempts=3, first_wait=timedelta(seconds=1))
    with Session(named=[github.server.url], clock=clock.clock, patience=patience) as session:
        yield session


@pytest.fixture
def quay(github: GitHubWriter) -> TargetRepository:
    address = f"{github.server.url}/{REPOSITORY}.git"
    return TargetRepository(REPOSITORY, "harbour", "quay", address, Visibility.PRIVATE)


@pytest.fixture
def target(session: Session, github: GitHubWriter, quay: TargetRepository) -> GitHubMetadataTarget:
    return GitHubMetadataTarget(session, github.url, Secret(TOKEN), quay, now=now)


def issue(title: str = "the crane is stuck", **more: object) -> NewIssue:
    return NewIssue(title=title, text="> 张三\n\nit is", **more)  # type: ignore[arg-type]


def change(**more: object) -> NewChangeRequest:
    return NewChangeRequest(title="mend it", text="mended", head="mend", base="main", **more)  # type: ignore[arg-type]


def line_comment(path: str = "quay.py", **more: object) -> NewLineComment:
    return NewLineComment(text="why?", path=path, old_path=path, commit=HEAD, line=7, **more)  # type: ignore[arg-type]


def imported(**more: object) -> ImportedIssue:
    return ImportedIssue(title="old", text="of then", created_at=BEGAN, **more)  # type: ignore[arg-type]


def asset(tmp_path: Path, name: str, content: bytes = b"tar") -> NewFile:
    path = tmp_path / "blob"
    path.write_bytes(content)
    return NewFile(name=name, path=path, size_bytes=len(content), type="application/octet-stream")


def refusing(end: str, reply: Reply) -> Answering:
    def answer(request: SeenRequest) -> Reply | None:
        return reply if f"{request.method} {request.path}".endswith(end) else None

    return answer


class TestWriting:
    def test_labels_and_milestones(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        target.add_label(NewLabel(name="紧急", color="aabbcc", description="x" * 200))
        made = target.add_milestone(NewMilestone(title="v1", text="first", due="2024-08-01", is_closed=True))

        assert list(target.labels()) == ["紧急"]
        assert list(target.milestones()) == [made]
        assert len(github.labels[0]["description"]) == 100
        assert (github.milestones[0]["due_on"], github.milestones[0]["state"]) == ("2024-08-01T12:00:00Z", "closed")
        with pytest.raises(Conflict):
            target.add_label(NewLabel(name="紧急", color="aabbcc"))
        with pytest.raises(Conflict):
            target.add_milestone(NewMilestone(title="v1"))

    def test_an_issue_and_a_change_request_are_never_taken_for_one_another(
        self, target: GitHubMetadataTarget, github: GitHubWriter
    ) -> None:
        milestone = target.add_milestone(NewMilestone(title="v1")).id
        one = target.add_issue(issue(labels=("bug",), milestone=milestone, assignees=("li-si",)))
        two = target.add_change_request(change(labels=("bug",), milestone=milestone, assignees=("li-si",)))

        assert [found.number for found in target.items(ItemKind.ISSUE)] == [one.number] == ["1"]
        assert [found.number for found in target.items(ItemKind.CHANGE)] == [two.number] == ["2"]
        assert github.items[1]["assignees_seen"]["milestone"] == 1
        assert (github.items[2]["labels_seen"], github.items[2]["milestone_seen"]) == (["bug"], 1)
        assert (one.url, two.url) == tuple(
            f"{github.server.url}/{REPOSITORY}/{page}" for page in ("issues/1", "pull/2")
        )

    def test_an_item_is_edited_and_closed(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        address = ItemAddress(ItemKind.ISSUE, target.add_issue(issue()).number)
        edit = ItemEdit(text="other", labels=("later",), milestone="3", assignees=("li-si",))
        target.edit_item(address, edit)
        target.edit_item(address, ItemEdit(is_closed=True))

        [there] = target.items(ItemKind.ISSUE)
        assert (there.text, there.title, there.is_closed) == ("other", "the crane is stuck", True)
        assert (github.items[1]["labels_seen"], github.items[1]["milestone_seen"]) == (["later"], 3)
        assert github.items[1]["assignees_seen"] == ["li-si"]
        with pytest.raises(UnknownShape):
            target.edit_item(address, ItemEdit(milestone="v1"))

    def test_one_that_was_made_without_its_labels_is_not_taken_for_refused(
        self, target: GitHubMetadataTarget, github: GitHubWriter
    ) -> None:
        github.trouble = lambda request: failure(403, "no right") if request.method == "PATCH" else None

        with pytest.raises(MadeInPart, match="no right"):
            target.add_change_request(change(labels=("bug",)))

        assert len(github.pulls) == 1

    def test_a_draft_is_ready_where_there_are_none(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        message = "Draft pull requests are not supported in this repository."
        fault = failure(422, "Validation Failed", message)
        github.trouble = lambda request: fault if b'"draft":true' in request.body else None

        target.add_change_request(change(is_draft=True))

        assert [pull["draft"] for pull in github.pulls.values()] == [False]

    def test_another_fault_of_a_draft_is_one(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        target.add_change_request(change(is_draft=True))

        with pytest.raises(Conflict, match="already exists for harbour:mend"):
            target.add_change_request(change(is_draft=True))
        assert [pull["draft"] for pull in github.pulls.values()] == [True]

    @pytest.mark.parametrize(("is_old_side", "side"), [(False, "RIGHT"), (True, "LEFT")])
    def test_comments_on_lines_and_below(
        self, target: GitHubMetadataTarget, github: GitHubWriter, is_old_side: bool, side: str
    ) -> None:
        number = target.add_change_request(change()).number
        address = ItemAddress(ItemKind.CHANGE, number)
        below = target.add_comment(address, "below")
        on_line = target.add_line_comment(number, line_comment(is_old_side=is_old_side, first_line=5))
        answer = target.add_answer(number, on_line.thread, "because")
        target.edit_comment(address, below.id, "beneath")
        target.edit_comment(address, answer.id, "for")

        there = {one.id: one for one in target.comments(address)}
        assert {one.id: one for one in target.comments_on_all()} == there
        assert [one.text for one in there.values()] == ["beneath", "why?", "for"]
        assert there.keys() == {below.id, on_line.id, answer.id}
        assert there[answer.id].thread == on_line.thread
        [row, _] = github.line_comments[int(number)]
        assert (row["side"], row["start_side"], row["start_line"], row["line"]) == (side, side, 5, 7)
        assert row["commit_id"] == HEAD

    def test_one_line_has_no_beginning_of_its_own(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        number = target.add_change_request(change()).number

        target.add_line_comment(number, line_comment(first_line=7))

        assert "start_line" not in github.line_comments[int(number)][0]

    def test_a_line_that_github_does_not_find(self, target: GitHubMetadataTarget) -> None:
        number = target.add_change_request(change()).number

        with pytest.raises(MatouError, match="diff is missing") as refusal:
            target.add_line_comment(number, line_comment("elsewhere.py"))

        assert not isinstance(refusal.value, TryLater)

    def test_a_release_and_its_files_with_their_true_names(
        self, target: GitHubMetadataTarget, github: GitHubWriter, tmp_path: Path
    ) -> None:
        release = NewTargetRelease(tag="v1.0", name="一", text="first", target=HEAD, is_draft=True)
        made = target.add_release(release)
        target.add_asset(made, asset(tmp_path, "码头 1.tar", b"tar" * 1000))
        target.edit_release(made, "the first")

        [there] = target.releases()
        assert (there.tag, there.text, there.assets) == ("v1.0", "the first", ("码头 1.tar",))
        assert github.uploaded == {"码头 1.tar": b"tar" * 1000}
        assert github.releases[int(made.id)]["draft"] is target.rules.has_release_drafts is True
        [sent] = [one for one in github.server.requests if one.path.startswith(UPLOADS)]
        assert sent.headers["authorization"] == f"Bearer {TOKEN}"
        with pytest.raises(Conflict):
            target.add_release(release)
        with pytest.raises(Conflict):
            target.add_asset(made, asset(tmp_path, "码头 1.tar"))

    def test_what_a_broken_upload_left_is_cleared_away(
        self, target: GitHubMetadataTarget, github: GitHubWriter, tmp_path: Path
    ) -> None:
        made = target.add_release(NewTargetRelease(tag="v1", name="v1", text="t", target=HEAD))
        target.add_asset(made, asset(tmp_path, "a.tar", b"a"))
        github.releases[int(made.id)]["assets"][0]["state"] = "open"
        assert next(iter(target.releases())).assets == ()

        target.add_asset(made, asset(tmp_path, "a.tar", b"whole"))

        assert next(iter(target.releases())).assets == ("a.tar",)
        assert github.uploaded["a.tar"] == b"whole"

    def test_files_of_texts_are_committed_beside(
        self, target: GitHubMetadataTarget, tmp_path: Path, quay: TargetRepository, github: GitHubWriter
    ) -> None:
        assert target.rules.file_delivery is FileDelivery.COMMITTED
        assert (
            target.address_of_committed(quay, "main", "files/码 1.png")
            == f"{github.server.url}/{REPOSITORY}/raw/main/files/%E7%A0%81%201.png"
        )
        with pytest.raises(NotOffered):
            target.upload(asset(tmp_path, "a.png"), None)


class TestImport:
    def test_an_issue_arrives_whole_with_its_times(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        comments = (ImportedComment(text="first", created_at=BEGAN), ImportedComment(text="second", created_at=BEGAN))
        closed_at = BEGAN + timedelta(days=1)

        made = target.import_issue(
            imported(comments=comments, is_closed=True, closed_at=closed_at, labels=("bug",), milestone="1")
        )

        assert isinstance(target, IssueImporter)
        assert (made.number, made.is_closed) == ("1", True)
        [there] = target.items(ItemKind.ISSUE)
        assert (there.text, there.is_closed) == ("of then", True)
        [sent] = [body["body"] for body in github.imports.values()]
        assert sent["issue"]["created_at"] == "2019-03-04T05:06:07Z"
        assert sent["issue"]["closed_at"] == "2019-03-05T05:06:07Z"
        assert [one.text for one in target.comments(ItemAddress(ItemKind.ISSUE, "1"))] == ["first", "second"]
        begun = next(one for one in github.server.requests if one.method == "POST")
        assert begun.headers["accept"] == "application/vnd.github.golden-comet-preview+json"

    def test_one_after_another_gets_numbers_in_order(self, target: GitHubMetadataTarget) -> None:
        assert [target.import_issue(imported()).number for _ in range(3)] == ["1", "2", "3"]

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_where_nothing_is_imported_that_is_said(
        self, target: GitHubMetadataTarget, github: GitHubWriter, status: int
    ) -> None:
        github.trouble = refusing("/import/issues", failure(status, "Must have admin rights to Repository."))

        with pytest.raises(NotOffered, match="admin rights"):
            target.import_issue(imported())

    def test_what_failed_says_why(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        fault = {"location": "/issue/due_on", "resource": "Issue", "field": "due_on", "value": "", "code": "invalid"}
        github.imports_as = {"status": "failed", "errors": [fault]}

        with pytest.raises(MatouError, match="/issue/due_on invalid") as failed:
            target.import_issue(imported())

        assert not isinstance(failed.value, TryLater | NotOffered)

    def test_one_that_never_ends_is_not_begun_again(
        self, target: GitHubMetadataTarget, github: GitHubWriter, clock: SteeredClock
    ) -> None:
        github.waits = 10_000

        with pytest.raises(MadeInPart):
            target.import_issue(imported())

        assert len(github.imports) == 1
        assert 590 < clock.seconds < 630

    def test_trouble_while_it_is_waited_for_is_waited_out(
        self, target: GitHubMetadataTarget, github: GitHubWriter
    ) -> None:
        busy = iter([Reply(502), Reply(429, headers={"Retry-After": "3"}), *[Reply(503)] * 3])
        github.trouble = lambda request: next(busy, None) if request.method == "GET" else None

        assert target.import_issue(imported()).number == "1"
        assert len(github.imports) == 1

    def test_more_than_a_request_holds_is_not_sent(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        comment = ImportedComment(text="x" * 60_000, created_at=BEGAN)

        with pytest.raises(TooMuchToImport):
            target.import_issue(imported(comments=(comment,) * 20))

        assert github.made() == []

    @pytest.mark.parametrize(
        "answer",
        [
            {"status": "imported"},
            {"status": "imported", "issue_url": "https://x.example/issues/seven"},
            {"status": "what"},
            {"issue_url": "x"},
        ],
    )
    def test_an_answer_that_says_no_number(
        self, target: GitHubMetadataTarget, github: GitHubWriter, answer: dict[str, str]
    ) -> None:
        github.trouble = lambda request: json_reply({"id": 1, **answer}) if request.method == "GET" else None

        with pytest.raises(UnknownShape):
            target.import_issue(imported())


class TestTrouble:
    @pytest.mark.parametrize(
        "operation", ["issues", "issues/{issue_number}/comments", "pulls/{pull_number}/comments", "releases", "pulls"]
    )
    def test_what_may_have_been_made_is_not_asked_for_twice(
        self, target: GitHubMetadataTarget, github: GitHubWriter, operation: str
    ) -> None:
        number = target.add_change_request(change()).number
        github.server.requests.clear()
        github.lost = {f"POST {R}/{operation}"}
        writes: dict[str, Callable[[], object]] = {
            "issues": lambda: target.add_issue(issue()),
            "issues/{issue_number}/comments": lambda: target.add_comment(ItemAddress(ItemKind.CHANGE, number), "one"),
            "pulls/{pull_number}/comments": lambda: target.add_line_comment(number, line_comment()),
            "releases": lambda: target.add_release(NewTargetRelease(tag="v1", name="v1", text="t", target=HEAD)),
            "pulls": lambda: target.add_change_request(
                NewChangeRequest(title="x", text="y", head="other", base="main")
            ),
        }

        with pytest.raises(TryLater):
            writes[operation]()

        assert len(github.made()) == 1

    @pytest.mark.parametrize(
        ("reply", "seconds"),
        [
            (Reply(429, headers={"Retry-After": "17"}), 17),
            (Reply(403, b'{"message":"You have exceeded a secondary rate limit"}', {"Retry-After": "60"}), 60),
        ],
    )
    def test_a_limit_says_how_long_to_wait(
        self, target: GitHubMetadataTarget, github: GitHubWriter, reply: Reply, seconds: int
    ) -> None:
        github.trouble = refusing("/issues", reply)

        with pytest.raises(TryLater) as busy:
            target.add_issue(issue())

        assert busy.value.wait == timedelta(seconds=seconds)
        assert len(github.made()) == 1

    def test_half_an_answer_is_no_answer(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        half = Reply(201, b'{"number":1,"ti', {"Content-Type": "application/json"})
        github.trouble = refusing("/issues", half)

        with pytest.raises(TryLater):
            target.add_issue(issue())

        assert len(github.made()) == 1

    def test_a_token_that_may_not(self, target: GitHubMetadataTarget, github: GitHubWriter) -> None:
        github.trouble = refusing("/labels", failure(403, "Resource not accessible by personal access token"))

        with pytest.raises(Refused, match="not accessible"):
            target.add_label(NewLabel(name="x", color="aabbcc"))

    def test_an_upload_that_is_refused_is_told_as_everything_else(
        self, target: GitHubMetadataTarget, github: GitHubWriter, tmp_path: Path
    ) -> None:
        made = target.add_release(NewTargetRelease(tag="v1", name="v1", text="t", target=HEAD))
        github.trouble = refusing("/assets", failure(401, "Bad credentials"))

        with pytest.raises(Refused, match="Bad credentials") as refusal:
            target.add_asset(made, asset(tmp_path, "a"))

        assert TOKEN not in repr(refusal.value)

    @pytest.mark.parametrize("number", ["", "..", "."])
    def test_a_number_never_leads_out_of_the_repository(self, target: GitHubMetadataTarget, number: str) -> None:
        with pytest.raises(MatouError):
            list(target.comments(ItemAddress(ItemKind.ISSUE, number)))


@pytest.mark.parametrize(
    ("api", "uploads"),
    [
        ("https://api.github.com", "https://uploads.github.com"),
        ("https://api.github.com/", "https://uploads.github.com"),
        ("https://api.harbour.ghe.com", "https://uploads.harbour.ghe.com"),
        ("https://git.example.org/api/v3", "https://git.example.org/api/uploads"),
        ("http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/uploads"),
    ],
)
def test_files_of_releases_go_to_a_place_that_no_answer_chose(api: str, uploads: str) -> None:
    assert upload_address(api) == uploads


def test_the_table_of_what_is_carried_is_true_to_the_rules(target: GitHubMetadataTarget) -> None:
    table = PLATFORM.methods[MigrationMethod.REST]

    assert (table[MigratedKind.ATTACHMENT] is COMMITTED) is (target.rules.file_delivery is FileDelivery.COMMITTED)
    for kind in (MigratedKind.ISSUE, MigratedKind.COMMENT, MigratedKind.CLOSED_CHANGE):
        assert KeptTrait.TIME in table[kind].keeps
    assert KeptTrait.TIME not in table[MigratedKind.OPEN_CHANGE].keeps
    assert target.rules.has_assets is table[MigratedKind.ASSET].arrives
    assert target.rules.has_line_comments is table[MigratedKind.LINE_COMMENT].arrives
    assert target.rules.has_milestones is table[MigratedKind.MILESTONE].arrives
    assert PLATFORM.metadata_target is not None
    assert PLATFORM.metadata_target.writes_per_hour == 500

"""What is asked of CODING to write what people said, held to the vendor's document."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, MatouError, Refused, TryLater, UnknownShape
from matou.http.addresses import AddressRefused
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.fidelity import CarriedForm, MigratedKind, MigrationMethod
from matou.model.metadata_targets import (
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
    TargetRelease,
)
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.errors import MadeInPart, NotOffered
from matou.platforms.base.metadata_target import WikiWriting
from matou.platforms.coding import PLATFORM
from matou.platforms.coding.metadata_target import CodingMetadataTarget
from support.coding_writer import DEPOT, DEPOT_ID, PROJECT, TOKEN, CodingWriter, refusal, running_coding_writer
from support.recording_server import Reply, json_reply
from support.steered_clock import SteeredClock

HEAD = "7f9d2c6a1b3e4f5061728394a5b6c7d8e9f00112"


def now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def coding() -> Iterator[CodingWriter]:
    with running_coding_writer() as project:
        yield project
        assert project.faults == []


@pytest.fixture
def session(coding: CodingWriter) -> Iterator[Session]:
    patience = RetryPolicy(attempts=3, first_wait=timedelta(seconds=1))
    named = [coding.server.url, coding.storage.url]
    with Session(named=named, clock=SteeredClock().clock, patience=patience) as session:
        yield session


@pytest.fixture
def target(session: Session, coding: CodingWriter) -> CodingMetadataTarget:
    address = f"{coding.server.url}/acme/{PROJECT}/{DEPOT}.git"
    quay = TargetRepository(str(DEPOT_ID), f"acme/{PROJECT}", DEPOT, address, Visibility.PRIVATE)
    return CodingMetadataTarget(session, coding.url, Secret(TOKEN), quay, now=now)


def issue(title: str = "the crane is stuck", **more: object) -> NewIssue:
    return NewIssue(title=title, text="> 张三\n\nit is", **more)  # type: ignore[arg-type]


def change(title: str = "mend it") -> NewChangeRequest:
    return NewChangeRequest(title=title, text="mended", head="mend", base="main", labels=("bug",))


def release(tag: str = "v1.0") -> NewTargetRelease:
    return NewTargetRelease(tag=tag, name="一", text="first", target=HEAD, is_prerelease=True)


def file_of(tmp_path: Path, name: str, type_: str) -> NewFile:
    path = tmp_path / "blob"
    path.write_bytes(b"bytes")
    return NewFile(name=name, path=path, size_bytes=5, type=type_)


def refusing(action: str, reply: Reply) -> Callable[[str, dict[str, object]], Reply | None]:
    return lambda requests_seen, _parameters: reply if requests_seen == action else None


def test_labels_belong_to_the_project(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    target.add_label(NewLabel(name="紧急", color="aabbcc"))

    assert list(target.labels()) == ["紧急"]
    assert coding.labels[0]["Color"] == "#aabbcc"
    with pytest.raises(Conflict):
        target.add_label(NewLabel(name="紧急", color="aabbcc"))


def test_a_milestone_is_an_iteration_and_one_that_is_closed_was_begun(
    target: CodingMetadataTarget, coding: CodingWriter
) -> None:
    closed = target.add_milestone(NewMilestone(title="v1", text="first", due="2024-08-01", is_closed=True))
    opened = target.add_milestone(NewMilestone(title="v2"))

    assert list(target.milestones()) == [closed, opened]
    assert [one["Status"] for one in coding.iterations] == ["COMPLETED", "WAIT_PROCESS"]
    days = [
        requests_seen["EndAt"] for action, requests_seen in coding.requests_seen if action == "ModifyIterationStatus"
    ]
    assert days == ["2024-08-01"] * 2


def test_one_that_could_not_be_closed_is_not_made_again(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    coding.trouble = refusing("ModifyIterationStatus", refusal("FailedOperation", "no"))

    with pytest.raises(MadeInPart):
        target.add_milestone(NewMilestone(title="v1", is_closed=True))

    assert coding.made().count("CreateIteration") == 1


def test_an_issue_is_written_edited_closed_and_read_back(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    for name in ("bug", "later"):
        target.add_label(NewLabel(name=name, color="aabbcc"))
    milestone = target.add_milestone(NewMilestone(title="v1")).id
    made = target.add_issue(issue(labels=("bug",), milestone=milestone))
    address = ItemAddress(ItemKind.ISSUE, made.number)

    target.edit_item(address, ItemEdit(is_closed=True))
    target.edit_item(address, ItemEdit(text="other", title="it", labels=("later",)))

    [there] = target.items(ItemKind.ISSUE)
    assert (there.number, there.title, there.text, there.is_closed) == (made.number, "it", "other", True)
    assert [one["Name"] for one in coding.issues[int(made.number)]["Labels"]] == ["later"]
    [(_, requests_seen)] = [one for one in coding.requests_seen if one[0] == "CreateIssue"]
    assert (requests_seen["Type"], requests_seen["IterationCode"]) == ("MISSION", int(milestone))
    target.edit_item(address, ItemEdit(is_closed=False))
    assert not next(iter(target.items(ItemKind.ISSUE))).is_closed


def test_labels_can_be_taken_away(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    target.add_label(NewLabel(name="bug", color="aabbcc"))
    made = target.add_issue(issue(labels=("bug",)))

    target.edit_item(ItemAddress(ItemKind.ISSUE, made.number), ItemEdit(labels=()))

    assert coding.issues[int(made.number)]["Labels"] == []


def test_a_comment_that_coding_does_not_tell_of_is_found(target: CodingMetadataTarget) -> None:
    address = ItemAddress(ItemKind.ISSUE, target.add_issue(issue()).number)
    first = target.add_comment(address, "one\n")
    second = target.add_comment(address, "two")
    target.edit_comment(address, first.id, "once")

    assert [(one.id, one.text) for one in target.comments(address)] == [(first.id, "once"), (second.id, "two")]


def test_a_merge_request_its_notes_and_its_end(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    made = target.add_change_request(change())
    address = ItemAddress(ItemKind.CHANGE, made.number)
    note = target.add_comment(address, "why?")
    target.edit_item(address, ItemEdit(title="mend", text="done"))
    target.edit_item(address, ItemEdit(is_closed=True))

    [there] = target.items(ItemKind.CHANGE)
    assert (there.number, there.title, there.text, there.is_closed) == ("1", "mend", "done", True)
    assert [(one.id, one.text) for one in target.comments(address)] == [(note.id, "why?")]
    assert (coding.merges[1]["SourceBranch"], coding.merges[1]["TargetBranch"]) == ("mend", "main")
    with pytest.raises(Refused):
        target.edit_item(address, ItemEdit(is_closed=False))
    with pytest.raises(NotOffered):
        target.edit_comment(address, note.id, "whence?")


def test_lines_and_files_of_releases_are_not_offered(target: CodingMetadataTarget, tmp_path: Path) -> None:
    line = NewLineComment(text="x", path="a", old_path="a", commit=HEAD, line=1)
    table = PLATFORM.methods[MigrationMethod.REST]

    assert not target.rules.has_line_comments
    assert table[MigratedKind.LINE_COMMENT].form is CarriedForm.TEXT
    with pytest.raises(NotOffered):
        target.add_line_comment("1", line)
    with pytest.raises(NotOffered):
        target.add_answer("1", "2", "x")
    assert not target.rules.has_assets
    assert not table[MigratedKind.ASSET].arrives
    with pytest.raises(NotOffered):
        target.add_asset(TargetRelease(id="1", tag="v1", name="", text=""), file_of(tmp_path, "a", "text/plain"))
    assert table[MigratedKind.PROJECT_WIKI].arrives is isinstance(target, WikiWriting)
    assert not table[MigratedKind.ASSIGNEE].arrives


def test_a_release_that_coding_does_not_tell_of_is_found(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    made = target.add_release(release())
    target.edit_release(made, "the first")

    [there] = target.releases()
    assert (there.id, there.tag, there.name, there.text) == (made.id, "v1.0", "一", "the first")
    assert (coding.releases[0]["CommitSha"], coding.releases[0]["Pre"]) == (HEAD, True)
    with pytest.raises(Conflict):
        target.add_release(release())


@pytest.mark.parametrize(
    ("name", "type_", "end"), [("码头.png", "image/png", "imagePreview"), ("log 1.txt", "text/plain", "download")]
)
def test_a_file_is_put_where_coding_says_with_its_signature_and_without_the_token(
    target: CodingMetadataTarget, coding: CodingWriter, tmp_path: Path, name: str, type_: str, end: str
) -> None:
    address = target.upload(file_of(tmp_path, name, type_), None)

    [number] = coding.files
    assert address == f"https://acme.coding.net/api/project/12/files/{number}/{end}"
    [(path, sent)] = coding.stored.items()
    assert path.endswith(name)
    assert sent.body == b"bytes"
    assert sent.headers["authorization"] == "q-sign-algorithm=sha1&q-ak=x"
    assert sent.headers["x-cos-security-token"] == "t0k"
    assert "?" not in sent.target


@pytest.mark.parametrize(
    "place",
    [
        {"UploadLink": "file:///etc/passwd", "Headers": "{}"},
        {"UploadLink": "http://[::1", "Headers": "{}"},
        {"UploadLink": "https://storage.example/x", "Headers": "[]"},
        {"UploadLink": "https://storage.example/x", "Headers": '{"a": "b\\r\\nHost: c"}'},
    ],
)
def test_a_place_that_nothing_is_sent_to(
    target: CodingMetadataTarget, coding: CodingWriter, tmp_path: Path, place: dict[str, str]
) -> None:
    data = {"StorageKey": "k", "AuthToken": "s3cr3tAuth", **place}
    coding.trouble = refusing("DescribePreSignUploadUrl", json_reply({"Response": {"Data": data, "RequestId": "r"}}))

    with pytest.raises((AddressRefused, UnknownShape)) as refused:
        target.upload(file_of(tmp_path, "a.png", "image/png"), None)

    assert "s3cr3tAuth" not in str(refused.value)
    assert "CreateFile" not in coding.made()


@pytest.mark.parametrize(
    "action",
    ["CreateIssue", "CreateIssueComment", "CreateGitMergeRequest", "CreateMergeRequestNote", "CreateGitRelease"],
)
@pytest.mark.parametrize("reply", [None, refusal("RequestLimitExceeded", "slow"), Reply(502)])
def test_what_may_have_been_made_is_not_asked_for_twice(
    target: CodingMetadataTarget, coding: CodingWriter, action: str, reply: Reply | None
) -> None:
    number = target.add_issue(issue("first")).number
    change_number = target.add_change_request(change("first")).number
    coding.requests_seen.clear()
    if reply is None:
        coding.lost = {action}
    else:
        coding.trouble = refusing(action, reply)
    writes: dict[str, Callable[[], object]] = {
        "CreateIssue": lambda: target.add_issue(issue()),
        "CreateIssueComment": lambda: target.add_comment(ItemAddress(ItemKind.ISSUE, number), "one"),
        "CreateGitMergeRequest": lambda: target.add_change_request(change()),
        "CreateMergeRequestNote": lambda: target.add_comment(ItemAddress(ItemKind.CHANGE, change_number), "one"),
        "CreateGitRelease": lambda: target.add_release(release()),
    }

    with pytest.raises(TryLater):
        writes[action]()

    assert coding.made() == [action]


def test_a_token_without_the_scope(target: CodingMetadataTarget, coding: CodingWriter) -> None:
    message = "The current scope does not support access to this API"
    coding.trouble = refusing("CreateIssue", refusal("OperationDenied", message))

    with pytest.raises(Refused):
        target.add_issue(issue())


@pytest.mark.parametrize("number", ["", "..", "7/8", "七"])
def test_a_number_that_is_none_is_not_asked_about(
    target: CodingMetadataTarget, coding: CodingWriter, number: str
) -> None:
    with pytest.raises(MatouError):
        list(target.comments(ItemAddress(ItemKind.ISSUE, number)))

    assert coding.requests_seen == []

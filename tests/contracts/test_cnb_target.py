"""What is asked of CNB for a migration, held to its own description: code, and what people said about it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.http.addresses import AddressRefused
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.fidelity import MigratedKind, MigrationMethod
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
)
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.base.errors import MadeInPart, NotOffered
from matou.platforms.cnb import PLATFORM
from matou.platforms.cnb.metadata_target import CnbMetadataTarget
from matou.platforms.cnb.target import CNB_RULES, CnbTarget
from support.cnb_account import NAMESPACE, REPOSITORY, TOKEN, Answering, CnbAccount, failure, running_cnb
from support.recording_server import Reply, SeenRequest, json_reply
from support.steered_clock import SteeredClock

HEAD = "7f9d2c6a1b3e4f5061728394a5b6c7d8e9f00112"


def now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def cnb() -> Iterator[CnbAccount]:
    with running_cnb() as account:
        yield account
        assert account.faults == []


@pytest.fixture
def session(cnb: CnbAccount) -> Iterator[Session]:
    patience = RetryPolicy(attempts=3, first_wait=timedelta(seconds=1))
    named = [cnb.server.url, cnb.storage.url]
    with Session(named=named, clock=SteeredClock().clock, patience=patience) as session:
        yield session


@pytest.fixture
def code(session: Session, cnb: CnbAccount) -> CnbTarget:
    return CnbTarget(session, cnb.server.url, Secret(TOKEN), now=now)


@pytest.fixture
def quay(cnb: CnbAccount) -> TargetRepository:
    return TargetRepository(REPOSITORY, NAMESPACE, "quay", f"{cnb.server.url}/{REPOSITORY}", Visibility.PRIVATE)


@pytest.fixture
def target(session: Session, cnb: CnbAccount, quay: TargetRepository) -> CnbMetadataTarget:
    return CnbMetadataTarget(session, cnb.server.url, Secret(TOKEN), quay, now=now)


def issue(title: str = "the crane is stuck", **more: object) -> NewIssue:
    return NewIssue(title=title, text="> 张三\n\nit is\n<!-- matou:x:issue:7 -->", **more)  # type: ignore[arg-type]


def change(**more: object) -> NewChangeRequest:
    return NewChangeRequest(title="mend it", text="mended", head="mend", base="main", **more)  # type: ignore[arg-type]


def line_comment(path: str = "quay.py", **more: object) -> NewLineComment:
    return NewLineComment(text="why?", path=path, old_path="crane.py", commit=HEAD, line=7, **more)  # type: ignore[arg-type]


def file_of(tmp_path: Path, name: str, content: bytes, type_: str) -> NewFile:
    path = tmp_path / "blob"
    path.write_bytes(content)
    return NewFile(name=name, path=path, size_bytes=len(content), type=type_)


def refusing(operation: str, reply: Reply) -> Answering:
    def answer(request: SeenRequest) -> Reply | None:
        return reply if f"{request.method} {request.path}".endswith(operation) else None

    return answer


class TestCode:
    def test_whose_a_token_is(self, code: CnbTarget, session: Session, cnb: CnbAccount) -> None:
        assert code.login() == "zhang-san"
        assert PLATFORM.whoami(session, cnb.server.url, Secret(TOKEN), now=now) == "zhang-san"
        with pytest.raises(Refused):
            PLATFORM.whoami(session, cnb.server.url, Secret("n0t-good"), now=now)

    def test_git_is_told_the_token_under_the_name_that_all_have(self, code: CnbTarget) -> None:
        credential = code.git_credential()

        assert (credential.user, credential.password) == ("cnb", Secret(TOKEN))
        assert PLATFORM.git_credential("zhang-san", Secret(TOKEN)) == credential

    def test_a_repository_is_made_and_found(self, code: CnbTarget, cnb: CnbAccount) -> None:
        made = code.create(NewTargetRepository(NAMESPACE, "crane", " 起重机 ", Visibility.INTERNAL))

        assert (made.id, made.name, made.visibility) == (f"{NAMESPACE}/crane", "crane", Visibility.PRIVATE)
        assert made.clone_url == f"{cnb.server.url}/{NAMESPACE}/crane"
        assert cnb.repositories[made.id]["description"] == "起重机"
        assert made in list(code.repositories(NAMESPACE))

    def test_one_that_is_there_is_a_conflict_and_is_not_made_again(self, code: CnbTarget, cnb: CnbAccount) -> None:
        with pytest.raises(Conflict, match="repository exists"):
            code.create(NewTargetRepository(NAMESPACE, "quay", "", Visibility.PUBLIC))

        assert cnb.made() == [f"POST /{NAMESPACE}/-/repos"]

    def test_repositories_of_organizations_below_are_not_its_own(self, code: CnbTarget, cnb: CnbAccount) -> None:
        cnb.repository(f"{NAMESPACE}/inner/skiff")

        assert [one.name for one in code.repositories(NAMESPACE)] == ["quay"]
        assert [one.name for one in code.repositories("harbour")] == []
        with pytest.raises(NotFound):
            list(code.repositories("elsewhere"))

    def test_more_than_a_page_of_them_is_read_whole(self, code: CnbTarget, cnb: CnbAccount) -> None:
        for number in range(150):
            cnb.repository(f"{NAMESPACE}/boat-{number}")

        assert len(list(code.repositories(NAMESPACE))) == 151

    @pytest.mark.parametrize(
        ("level", "visibility"),
        [("Private", Visibility.PRIVATE), ("Secret", Visibility.PRIVATE), ("Public", Visibility.PUBLIC)],
    )
    def test_who_may_see_it(self, code: CnbTarget, cnb: CnbAccount, level: str, visibility: Visibility) -> None:
        cnb.repositories[REPOSITORY]["visibility_level"] = level

        assert next(iter(code.repositories(NAMESPACE))).visibility is visibility

    def test_nothing_is_sent_where_nobody_knows_who_may_see_it(self, code: CnbTarget, cnb: CnbAccount) -> None:
        del cnb.repositories[REPOSITORY]["visibility_level"]

        with pytest.raises(UnknownShape, match="visibility_level"):
            list(code.repositories(NAMESPACE))

    def test_the_token_is_not_taken_to_an_address_of_somebody_else(self, code: CnbTarget, cnb: CnbAccount) -> None:
        cnb.repositories[REPOSITORY]["web_url"] = "https://elsewhere.example/harbour/docks/quay"

        with pytest.raises(AddressRefused):
            list(code.repositories(NAMESPACE))

    def test_organizations_are_made_from_the_outermost_one(self, code: CnbTarget, cnb: CnbAccount) -> None:
        code.create_namespace("harbour/north/pier")

        assert {"harbour/north", "harbour/north/pier"} <= cnb.groups
        with pytest.raises(Conflict):
            code.create_namespace("harbour/north")

    @pytest.mark.parametrize("namespace", ["harbour/-pier", "harbour/码头", "x" * 51, "harbour//pier", "pier_"])
    def test_a_name_that_no_organization_may_have(self, code: CnbTarget, namespace: str) -> None:
        assert code.fault_of_new_namespace(namespace) is not None
        assert code.fault_of_new_namespace("harbour/north.pier_2") is None

    def test_visibility_is_set_and_a_default_branch_is_not(
        self, code: CnbTarget, cnb: CnbAccount, quay: TargetRepository
    ) -> None:
        code.set_visibility(quay, Visibility.PUBLIC)

        assert cnb.repositories[REPOSITORY]["visibility_level"] == "Public"
        with pytest.raises(NotOffered):
            code.set_default_branch(quay, "main")

    def test_a_plan_warns_of_files_that_must_be_lfs_objects(self, code: CnbTarget, session: Session) -> None:
        home = CnbTarget(session, "https://api.cnb.cool", Secret(TOKEN), now=now)

        assert home.rules == CNB_RULES
        assert home.rules.capacity.file_bytes == 256 * 1024**2
        assert code.rules.capacity.file_bytes is None


class TestWriting:
    def test_labels(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        target.add_label(NewLabel(name="milestone/v1", color="aabbcc", description="码"))

        assert list(target.labels()) == ["milestone/v1"]
        assert (cnb.labels[0]["color"], cnb.labels[0]["description"]) == ("aabbcc", "码")
        with pytest.raises(Conflict):
            target.add_label(NewLabel(name="milestone/v1", color="aabbcc"))

    def test_milestones_are_none(self, target: CnbMetadataTarget) -> None:
        assert not target.rules.has_milestones
        assert list(target.milestones()) == []
        with pytest.raises(NotOffered):
            target.add_milestone(NewMilestone(title="v1"))

    def test_an_issue_is_written_edited_closed_and_read_back(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        made = target.add_issue(issue(labels=("bug",), assignees=("zhang-san",)))
        address = ItemAddress(ItemKind.ISSUE, made.number)
        target.edit_item(address, ItemEdit(is_closed=True))
        target.edit_item(address, ItemEdit(text="other", labels=("later", "紧急")))
        open_one = target.add_issue(issue("open"))

        there = {one.number: one for one in target.items(ItemKind.ISSUE)}

        assert there.keys() == {"1", "2"}
        assert (there["1"].text, there["1"].is_closed, there["1"].title) == ("other", True, made.title)
        assert (there["2"].text, there["2"].is_closed) == (open_one.text, False)
        assert there["1"].url == f"{cnb.server.url}/{REPOSITORY}/-/issues/1"
        assert [one["name"] for one in cnb.items["1"]["labels"]] == ["later", "紧急"]
        assert list(target.items(ItemKind.CHANGE)) == []

    def test_comments_are_written_read_and_changed(self, target: CnbMetadataTarget) -> None:
        address = ItemAddress(ItemKind.ISSUE, target.add_issue(issue()).number)
        first = target.add_comment(address, "one")
        target.add_comment(address, "two")
        target.edit_comment(address, first.id, "once")

        assert [one.text for one in target.comments(address)] == ["once", "two"]

    def test_a_change_request_gets_its_labels_and_people(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        made = target.add_change_request(change(labels=("bug",)))
        target.edit_item(ItemAddress(ItemKind.CHANGE, made.number), ItemEdit(assignees=("li-si",)))

        [there] = target.items(ItemKind.CHANGE)
        assert (there.number, there.text, there.is_closed) == (made.number, "mended", False)
        assert cnb.items[made.number]["labels"] == [{"name": "bug"}]
        assert cnb.items[made.number]["assignees_seen"] == ["li-si"]
        assert list(target.items(ItemKind.ISSUE)) == []

    def test_one_that_was_made_without_its_labels_is_not_taken_for_refused(
        self, target: CnbMetadataTarget, cnb: CnbAccount
    ) -> None:
        cnb.trouble = refusing("/labels", failure(403, 7, "no scope"))

        with pytest.raises(MadeInPart, match="no scope"):
            target.add_change_request(change(labels=("bug",)))

        assert len(list(target.items(ItemKind.CHANGE))) == 1

    @pytest.mark.parametrize(("is_old_side", "path", "side"), [(False, "quay.py", "right"), (True, "crane.py", "left")])
    def test_a_comment_on_lines_and_an_answer_to_it(
        self, target: CnbMetadataTarget, cnb: CnbAccount, is_old_side: bool, path: str, side: str
    ) -> None:
        number = target.add_change_request(change()).number
        address = ItemAddress(ItemKind.CHANGE, number)

        made = target.add_line_comment(number, line_comment(is_old_side=is_old_side, first_line=5))
        answer = target.add_answer(number, made.thread, "because")

        [review] = cnb.reviews[number]
        written = review["comments"][0]
        assert (written["path"], written["start_line"], written["end_line"]) == (path, 5, 7)
        assert (written["start_side"], written["end_side"], written["subject_type"]) == (side, side, "line")
        assert review["comments"][1]["reply_to_comment_id"] == written["id"]
        there = list(target.comments(address))
        assert [(one.id, one.text) for one in there] == [(made.id, "why?"), (answer.id, "because")]
        assert {one.thread for one in there} == {made.thread}
        with pytest.raises(NotOffered):
            target.edit_comment(address, made.id, "whence?")

    def test_a_line_that_cnb_does_not_find(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        number = target.add_change_request(change()).number

        with pytest.raises(MatouError, match="line not found") as refusal:
            target.add_line_comment(number, line_comment("elsewhere.py"))

        assert not isinstance(refusal.value, TryLater)
        assert cnb.reviews == {}

    def test_a_release_with_a_file_in_three_steps(
        self, target: CnbMetadataTarget, cnb: CnbAccount, tmp_path: Path
    ) -> None:
        release = NewTargetRelease(tag="v1.0", name="一", text="first", target=HEAD, is_prerelease=True)
        made = target.add_release(release)
        target.add_asset(made, file_of(tmp_path, "quay 1.tar", b"tar" * 100_000, "application/octet-stream"))
        target.edit_release(made, "the first")

        [there] = target.releases()
        assert (there.tag, there.name, there.text, there.assets) == ("v1.0", "一", "the first", ("quay 1.tar",))
        assert cnb.stored[f"/release/{made.id}/quay 1.tar"] == b"tar" * 100_000
        assert cnb.releases[made.id]["tag_commitish"] == HEAD
        assert cnb.server.requests[-3].target.endswith("ttl=0")
        with pytest.raises(Conflict):
            target.add_release(release)

    def test_pictures_and_files_have_addresses_of_the_repository(
        self, target: CnbMetadataTarget, cnb: CnbAccount, tmp_path: Path
    ) -> None:
        picture = target.upload(file_of(tmp_path, "码头.png", b"\x89PNG", "image/png"), None)
        text = target.upload(file_of(tmp_path, "log.txt", b"log", "text/plain"), None)

        assert picture.startswith(f"{cnb.server.url}/{REPOSITORY}/-/imgs/")
        assert text.startswith(f"{cnb.server.url}/{REPOSITORY}/-/files/")
        assert list(cnb.stored.values()) == [b"\x89PNG", b"log"]
        assert cnb.storage.requests[0].headers["x-cos-forbid-overwrite"] == "true"


class TestTrouble:
    @pytest.mark.parametrize(
        "operation",
        [
            "POST /{repo}/-/issues",
            "POST /{repo}/-/issues/{number}/comments",
            "POST /{repo}/-/pulls/{number}/reviews",
            "POST /{repo}/-/releases",
        ],
    )
    def test_what_may_have_been_made_is_not_asked_for_twice(
        self, target: CnbMetadataTarget, cnb: CnbAccount, operation: str
    ) -> None:
        number = target.add_change_request(change()).number
        address = ItemAddress(ItemKind.ISSUE, target.add_issue(issue("first")).number)
        cnb.server.requests.clear()
        cnb.lost = {operation}
        writes: dict[str, Callable[[], object]] = {
            "POST /{repo}/-/issues": lambda: target.add_issue(issue()),
            "POST /{repo}/-/issues/{number}/comments": lambda: target.add_comment(address, "one"),
            "POST /{repo}/-/pulls/{number}/reviews": lambda: target.add_line_comment(number, line_comment()),
            "POST /{repo}/-/releases": lambda: target.add_release(
                NewTargetRelease(tag="v1", name="v1", text="t", target=HEAD)
            ),
        }

        with pytest.raises(TryLater):
            writes[operation]()

        assert len(cnb.made()) == 1

    def test_a_limit_says_how_long_to_wait(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        cnb.trouble = refusing("/issues", Reply(429, b'{"errcode":8,"errmsg":"slow"}', {"Retry-After": "17"}))

        with pytest.raises(TryLater) as busy:
            target.add_issue(issue())

        assert busy.value.wait == timedelta(seconds=17)
        assert len(cnb.made()) == 1

    def test_half_an_answer_is_no_answer(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        half = Reply(201, b'{"number":"1","ti', {"Content-Type": "application/json"})
        cnb.trouble = refusing("/issues", half)

        with pytest.raises(TryLater):
            target.add_issue(issue())

        assert len(cnb.made()) == 1

    def test_a_token_without_the_scope(self, target: CnbMetadataTarget, cnb: CnbAccount) -> None:
        cnb.trouble = refusing("/issues", failure(403, 7, "insufficient scope: repo-notes:rw"))

        with pytest.raises(Refused, match="repo-notes:rw"):
            target.add_issue(issue())

    @pytest.mark.parametrize(
        "verify_url", ["https://elsewhere.example/confirm", "//elsewhere.example/x", "http:///x", "gopher://x/"]
    )
    def test_nobody_else_is_told_the_token_when_an_upload_is_confirmed(
        self, target: CnbMetadataTarget, cnb: CnbAccount, tmp_path: Path, verify_url: str
    ) -> None:
        made = target.add_release(NewTargetRelease(tag="v1", name="v1", text="t", target=HEAD))
        named = {"upload_url": f"{cnb.storage.url}/x", "verify_url": verify_url}
        cnb.trouble = refusing("/asset-upload-url", json_reply(named))

        with pytest.raises(MatouError):
            target.add_asset(made, file_of(tmp_path, "a", b"a", "text/plain"))

        assert not any("confirm" in request.path for request in cnb.storage.requests)

    @pytest.mark.parametrize("path", ["//elsewhere.example/x", "/../x", "x", "/a\nb", "javascript:alert(1)"])
    def test_an_address_for_a_text_is_one_of_the_repository(
        self, target: CnbMetadataTarget, cnb: CnbAccount, tmp_path: Path, path: str
    ) -> None:
        named = {"upload_url": f"{cnb.storage.url}/x", "assets": {"path": path}}
        cnb.trouble = refusing("/upload/imgs", json_reply(named))

        with pytest.raises(UnknownShape):
            target.upload(file_of(tmp_path, "a.png", b"a", "image/png"), None)

    @pytest.mark.parametrize("number", ["", "..", "."])
    def test_a_number_never_leads_out_of_the_repository(self, target: CnbMetadataTarget, number: str) -> None:
        with pytest.raises(MatouError):
            list(target.comments(ItemAddress(ItemKind.ISSUE, number)))


def test_the_table_of_what_is_carried_is_true_to_the_rules(target: CnbMetadataTarget) -> None:
    table = PLATFORM.methods[MigrationMethod.REST]

    assert table.keys() == set(MigratedKind)
    assert table[MigratedKind.MILESTONE].note is not None
    assert table[MigratedKind.ATTACHMENT].arrives
    assert target.rules.has_assets is table[MigratedKind.ASSET].arrives
    assert target.rules.has_line_comments is table[MigratedKind.LINE_COMMENT].arrives

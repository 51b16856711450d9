"""A migration brings what was said to where it brought the code."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integration.transfer.moved_archives import Port, port
from integration.transfer.saved_archives import git, make_repository
from matou.errors import Refused, TryLater
from matou.http.rate_limit import RateLimiter
from matou.http.tokens import BadCredential
from matou.model.fidelity import MigratedKind
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.registry import title_of
from matou.transfer.common.transports import TargetTransports
from matou.transfer.migrate.command import MigrationOptions, migrate
from matou.transfer.migrate.conversation.conversations import ConversationWriting
from matou.transfer.migrate.conversation.migration import ConversationOptions
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.page import write_page
from matou.transfer.migrate.report import MigrationReport, MoveOutcome
from support.archive_with_metadata import ArchiveWithMetadata
from support.fake_metadata_target import SEQUENTIAL, FakeMetadataTarget
from support.written_conversation import change, issue, wanted_by_default

__all__ = ["port"]


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    source = make_repository(tmp_path / "api")
    git(source, "branch", "-f", "topic", "HEAD~0")
    saved = ArchiveWithMetadata(tmp_path / "archive")
    saved.add_code("harbour/api", source)
    return saved


def moved(
    port: Port, saved: ArchiveWithMetadata, targets: dict[str, FakeMetadataTarget], **chosen: Any
) -> MigrationReport:
    def open_target(repository: TargetRepository) -> FakeMetadataTarget:
        return targets.setdefault(repository.name, FakeMetadataTarget())

    writing = ConversationWriting(
        open=open_target,
        rules=SEQUENTIAL,
        platform="matou",
        url=port.url,
        writer=OnceWriter(RateLimiter(monotonic=lambda: 0.0), lambda _seconds: None),
        options=ConversationOptions(wants=wanted_by_default, language="en"),
        platform_title=title_of,
        now=lambda: datetime.now(UTC),
    )
    options = MigrationOptions(port.name, **chosen)
    return migrate(saved.archive, port.target(), TargetTransports(port.session), options, writing=writing)


def test_it_comes_after_the_code_and_finds_its_branches_there(port: Port, saved: ArchiveWithMetadata) -> None:
    saved.run({"harbour/api": [(ISSUE, issue("1")), (CHANGE, change("2", "open"))]})
    targets: dict[str, FakeMetadataTarget] = {}

    report = moved(port, saved, targets)
    again = moved(port, saved, targets)

    assert report.everything_is_moved
    assert [address.kind for address in targets["api"].found] == ["issue", "change"]
    conversation = report.repositories[0].conversation
    assert conversation is not None
    assert conversation.written == {"issue": 1, "change": 1}
    assert [one.outcome for one in again.repositories] == [MoveOutcome.UNCHANGED]


def test_what_is_not_there_makes_it_incomplete(port: Port, saved: ArchiveWithMetadata) -> None:
    def refuse(_name: str, _number: int) -> None:
        raise Refused("not for this token")

    saved.run({"harbour/api": [(ISSUE, issue("1"))]})
    report = moved(port, saved, {"api": FakeMetadataTarget(before=refuse)})

    assert [one.outcome for one in report.repositories] == [MoveOutcome.INCOMPLETE]
    assert not report.everything_is_moved


def test_what_arrived_before_it_was_cut_off_is_counted_as_what_it_is(port: Port, saved: ArchiveWithMetadata) -> None:
    def be_busy(name: str, _number: int) -> None:
        if name == "add_change":
            raise TryLater("come back later")

    saved.run({"harbour/api": [(CHANGE, change("1")), (CHANGE, change("2", "open"))]})
    report = moved(port, saved, {"api": FakeMetadataTarget(before=be_busy)})

    rows = {row.kind: (row.held, row.arrived) for row in report.carried}
    assert rows[MigratedKind.CLOSED_CHANGE] == (1, 1)
    assert rows[MigratedKind.OPEN_CHANGE] == (1, 0)


def test_objects_of_lfs_that_were_not_sent_are_not_counted_as_arrived(port: Port, saved: ArchiveWithMetadata) -> None:
    saved.add_lfs("harbour/api", {"ab" * 32: 5})
    saved.run({"harbour/api": [(ISSUE, issue("1"))]})

    report = moved(port, saved, {})

    assert [one.outcome for one in report.repositories] == [MoveOutcome.INCOMPLETE]
    rows = {row.kind: (row.held, row.arrived) for row in report.carried}
    assert rows[MigratedKind.LFS] == (1, 0)
    assert rows[MigratedKind.ISSUE] == (1, 1)


def test_a_token_that_is_no_longer_good_is_told(port: Port, saved: ArchiveWithMetadata) -> None:
    def refuse(_name: str, _number: int) -> None:
        raise BadCredential("no such token")

    saved.run({"harbour/api": [(ISSUE, issue("1"))]})
    report = moved(port, saved, {"api": FakeMetadataTarget(before=refuse)})

    assert [str(problem) for one in report.repositories for problem in one.problems] == ["no such token"]


def test_a_projects_issues_go_to_one_repository_of_it(port: Port, saved: ArchiveWithMetadata) -> None:
    saved.run({"harbour/api": [(CHANGE, change("1"))]}, {"harbour": [(ISSUE, issue("1")), (ISSUE, issue("2"))]})
    targets: dict[str, FakeMetadataTarget] = {}

    report = moved(port, saved, targets)

    titles = [one.item.title for one in targets["api"].found.values()]
    assert titles == ["第 1 个", "第 2 个", "改动 1"]
    arrived = {kind: count for one in report.repositories for kind, count in one.arrived.items() if count}
    assert (arrived[MigratedKind.PROJECT_ISSUE], arrived.get(MigratedKind.ISSUE)) == (2, None)


def test_a_projects_issues_do_not_go_where_more_than_its_members_see_them(
    port: Port, saved: ArchiveWithMetadata
) -> None:
    saved.run({"harbour/api": [(ISSUE, issue("1"))]})
    targets: dict[str, FakeMetadataTarget] = {}
    moved(port, saved, targets)
    target = port.target()
    [there] = target.repositories(port.name)
    target.set_visibility(there, Visibility.PUBLIC)
    saved.run({}, {"harbour": [(ISSUE, issue("2"))]})

    report = moved(port, saved, targets)

    assert [one.item.title for one in targets["api"].found.values()] == ["第 1 个"]
    conversation = report.repositories[0].conversation
    assert conversation is not None
    assert list(conversation.lost.values()) == [1]


def test_the_page_that_is_kept_says_what_of_it_is_not_there(port: Port, saved: ArchiveWithMetadata) -> None:
    def refuse_to_close(name: str, _number: int) -> None:
        if name == "edit_item":
            raise Refused("nobody closes anything here")

    gone = replace(issue("2"), gone_in=1)
    saved.run({"harbour/api": [(ISSUE, replace(issue("1"), state="closed")), (ISSUE, gone)]})
    report = moved(port, saved, {"api": FakeMetadataTarget(before=refuse_to_close)})

    page = write_page(saved.archive, report, datetime(2026, 11, 30, tzinfo=UTC)).read_text(encoding="utf-8")

    assert "  * \\#1: nobody closes anything here\n" in page
    assert "  * 1 × it was deleted at the source, and stays in the archive alone\n" in page


def test_a_projects_issues_stay_where_a_run_that_moved_less_has_put_them(
    port: Port, saved: ArchiveWithMetadata, tmp_path: Path
) -> None:
    saved.add_code("harbour/quay", make_repository(tmp_path / "quay"))
    saved.run({"harbour/api": [(ISSUE, issue("1"))]}, {"harbour": [(ISSUE, replace(issue("1"), title="项目的"))]})
    targets: dict[str, FakeMetadataTarget] = {}
    moved(port, saved, targets, include=("harbour/quay",))

    report = moved(port, saved, targets)

    titles = {name: [one.item.title for one in target.found.values()] for name, target in targets.items()}
    assert titles == {"quay": ["项目的"], "api": ["第 1 个"]}
    notes = [str(note) for one in report.repositories if one.conversation for note in one.conversation.notes]
    assert [note for note in notes if "already" in note] != []


def test_a_dry_run_says_how_much_it_is_and_writes_nothing(port: Port, saved: ArchiveWithMetadata) -> None:
    saved.run({"harbour/api": [(ISSUE, replace(issue("1"), state="closed"))]})
    targets: dict[str, FakeMetadataTarget] = {}

    report = moved(port, saved, targets, dry_run=True)

    assert targets == {}
    assert report.repositories[0].held[MigratedKind.ISSUE] == 1

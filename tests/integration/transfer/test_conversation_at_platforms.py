"""A small conversation written to each platform's own API: once, with nothing lost that its table promises."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.metadata_target import MetadataTarget
from matou.platforms.registry import PLATFORMS
from matou.transfer.migrate.conversation.written_map import FOLDER
from support import cnb_account, coding_writer, github_writer
from support.fake_metadata_target import FakeMetadataTarget
from support.recording_server import RecordingServer
from support.steered_clock import SteeredClock
from support.written_conversation import WrittenConversation, small_story


@dataclass(frozen=True)
class Stage:
    """Attributes:
    made: what was written there, request by request.
    lost: takes the name of what is done and not answered.
    """

    name: str
    server: RecordingServer
    storage: RecordingServer
    url: str
    token: str
    repository: TargetRepository
    made: Callable[[], list[str]]
    lost: set[str]
    faults: list[str]
    shown: Callable[[], dict[str, int]]


@contextmanager
def cnb() -> Iterator[Stage]:
    with cnb_account.running_cnb() as one:
        path = cnb_account.REPOSITORY
        there = TargetRepository(path, "harbour/docks", "quay", f"{one.server.url}/{path}", Visibility.PRIVATE)

        def shown() -> dict[str, int]:
            kinds = [row["kind"] for row in one.items.values()]
            return {
                "issues": kinds.count("issue"),
                "changes": kinds.count("pull"),
                "comments": sum(map(len, one.comments.values())),
                "on lines": sum(len(review["comments"]) for rows in one.reviews.values() for review in rows),
                "releases": len(one.releases),
                "assets": sum(len(row["assets"]) for row in one.releases.values()),
                "pictures": sum("/imgs/" in stored for stored in one.stored),
            }

        yield Stage(
            "cnb",
            one.server,
            one.storage,
            one.server.url,
            cnb_account.TOKEN,
            there,
            one.made,
            one.lost,
            one.faults,
            shown,
        )


@contextmanager
def github() -> Iterator[Stage]:
    with github_writer.running_github() as one:
        path = github_writer.REPOSITORY
        there = TargetRepository(path, "harbour", "quay", f"{one.server.url}/{path}.git", Visibility.PRIVATE)

        def shown() -> dict[str, int]:
            return {
                "issues": len(one.items) - len(one.pulls),
                "changes": len(one.pulls),
                "comments": sum(map(len, one.comments.values())),
                "on lines": sum(map(len, one.line_comments.values())),
                "releases": len(one.releases),
                "assets": len(one.uploaded),
                "pictures": 0,
            }

        yield Stage(
            "github", one.server, one.server, one.url, github_writer.TOKEN, there, one.made, one.lost, one.faults, shown
        )


@contextmanager
def coding() -> Iterator[Stage]:
    with coding_writer.running_coding_writer() as one:
        number, project, name = coding_writer.DEPOT_ID, coding_writer.PROJECT, coding_writer.DEPOT
        address = f"{one.server.url}/acme/{project}/{name}.git"
        there = TargetRepository(str(number), f"acme/{project}", name, address, Visibility.PRIVATE)

        def shown() -> dict[str, int]:
            return {
                "issues": len(one.issues),
                "changes": len(one.merges),
                "comments": sum(map(len, [*one.comments.values(), *one.notes.values()])),
                "on lines": 0,
                "releases": len(one.releases),
                "assets": 0,
                "pictures": len(one.files),
            }

        yield Stage(
            "coding",
            one.server,
            one.storage,
            one.url,
            coding_writer.TOKEN,
            there,
            one.made,
            one.lost,
            one.faults,
            shown,
        )


@pytest.fixture(params=[cnb, github, coding], ids=["cnb", "github", "coding"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with request.param() as stage:
        yield stage
        assert stage.faults == []


@pytest.fixture
def target(stage: Stage) -> Iterator[MetadataTarget]:
    platform = PLATFORMS[stage.name]
    assert platform.metadata_target is not None
    named = [stage.server.url, stage.storage.url]
    with Session(named=named, clock=SteeredClock().clock) as session:
        yield platform.metadata_target.open(
            session, stage.url, Secret(stage.token), stage.repository, now=lambda: datetime(2026, 11, 30, tzinfo=UTC)
        )


@pytest.fixture
def written(tmp_path: Path) -> WrittenConversation:
    written = WrittenConversation(tmp_path, FakeMetadataTarget())
    small_story(written)
    return written


EXPECTED = {
    "cnb": {"comments": 4, "on lines": 2, "assets": 1, "pictures": 1},
    "github": {"comments": 4, "on lines": 2, "assets": 1, "pictures": 0},
    "coding": {"comments": 6, "on lines": 0, "assets": 0, "pictures": 1},
}
"""Six things were said on items; one was on a line of a merged request, and is a comment on an issue now."""


def test_all_that_was_said_arrives(stage: Stage, target: MetadataTarget, written: WrittenConversation) -> None:
    report = written.write(target)

    assert report.problems == []
    assert stage.shown() == {"issues": 3, "changes": 1, "releases": 1, **EXPECTED[stage.name]}
    assert report.verified == 4


def test_nothing_is_written_twice(stage: Stage, target: MetadataTarget, written: WrittenConversation) -> None:
    written.write(target)
    before, shown = len(stage.made()), stage.shown()

    report = written.write(target)

    assert stage.made()[before:] == []
    assert stage.shown() == shown
    assert report.problems == []


def test_a_map_that_was_lost_is_found_again_by_markers(
    stage: Stage, target: MetadataTarget, written: WrittenConversation
) -> None:
    written.write(target)
    shown = stage.shown()
    shutil.rmtree(written.saved.archive.root / FOLDER)

    report = written.write(target)

    assert {name: count for name, count in stage.shown().items() if name != "pictures"} == {
        name: count for name, count in shown.items() if name != "pictures"
    }
    assert report.problems == []

"""What each platform's reader gives goes through the machinery: saved, unchanged, and read again from the records."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import KindState, ReadState
from matou.archive.metadata import open_metadata
from matou.concurrency import CancellationToken
from matou.credentials import Secret
from matou.http.session import Session
from matou.model.names import RepositoryPath
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import wants_by_default
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.platforms.base.source import RecordSink
from matou.platforms.registry import PLATFORMS, SOURCES
from matou.transfer.backup.metadata.file_fetcher import FileFetcher, FileSource
from matou.transfer.backup.metadata.replay import RecordedFiles
from matou.transfer.backup.metadata.saver import MetadataSaver, MetadataSaving
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import MetadataOwner
from matou.transfer.backup.report import SILENCE
from matou.transfer.backup.staging import MirrorPublisher
from support import coding_source, gitcode_source, gitee_source, github_source
from support.carried_page import assert_as_the_guide_says
from support.coding_story import tell_story
from support.gitcode_conversation import running_gitcode_conversation
from support.gitee_conversation import running_gitee_conversation
from support.github_conversation import running_github_conversation
from support.steered_clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from matou.model.platform import Record

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = RepositoryPath.parse("harbour/crane")
MOST_REQUESTS = 2
"""For a kind in which nothing has changed."""
REQUESTS_OF_TABLES = {"setting": 6, "protection": 3}
"""What has no "since" and is in several lists: CODING's custom fields by type of issue; branches, who may, and tags."""


@dataclass
class Account:
    platform: str
    token: str
    server: Any
    session: Session

    def save(
        self,
        root: Path,
        *,
        run: int,
        before: Sequence[MetadataSaving] = (),
        record: RecordSink,
        answers: Answers | None = None,
    ) -> list[MetadataSaving]:
        """Of the repository, and of its namespace where issues belong to that."""
        archive = Archive.open_or_create(root, now=NOW, identifier=UUID(int=7))
        support = PLATFORMS[self.platform].metadata
        assert support is not None
        opened = support.open(
            self.session, self.url, Secret(self.token), record, now=lambda: NOW, wants=wants_by_default, answers=answers
        )
        files: FileSource = FileFetcher(self.session, archive.blobs, self.url, record, lambda: NOW)
        saver = MetadataSaver(
            archive=archive,
            source=opened,
            files=files if answers is None else RecordedFiles(answers, archive.blobs),
            selection=KindSelection(),
            platform=self.platform,
            host="example",
            run=run,
            began_at=NOW,
            dead_since=None,
            cancellation=CancellationToken(),
            on_progress=SILENCE.reading,
            publisher=MirrorPublisher(archive),
        )
        listed = SOURCES[self.platform](self.session, self.url, Secret(self.token), lambda _: None, now=lambda: NOW)
        namespaces = {namespace.id: namespace for namespace in listed.namespaces()}
        [repository] = listed.repositories()
        self.server.requests_seen.clear()
        states = [saved.state for saved in before] or [None, None]
        namespace = namespaces[repository.namespace_id]
        owner = MetadataOwner(id=repository.id, place=PLACE, called="harbour/crane")
        saved = [saver.of_repository(repository, namespace, owner, states[0])]
        if self.platform in ISSUES_OF_NAMESPACES:
            owner = MetadataOwner(id=namespace.id, place=PLACE.namespace, called="harbour")
            saved.append(saver.of_namespace(namespace, owner, states[1]))
        saver.publisher.publish_all()
        return saved

    @property
    def url(self) -> str:
        url: str = self.server.url
        return url


@contextmanager
def running_coding_story() -> Iterator[coding_source.CodingSource]:
    with coding_source.running_coding_source() as source:
        tell_story(source)
        yield source


ISSUES_OF_NAMESPACES = frozenset({"coding"})

RUNNING: dict[str, tuple[Callable[[], AbstractContextManager[Any]], str]] = {
    "coding": (running_coding_story, coding_source.TOKEN),
    "gitee": (running_gitee_conversation, gitee_source.TOKEN),
    "gitcode": (running_gitcode_conversation, gitcode_source.TOKEN),
    "github": (running_github_conversation, github_source.TOKEN),
}


@pytest.fixture(params=RUNNING)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    running, token = RUNNING[request.param]
    with running() as server, Session(named=[server.url], clock=SYSTEM_CLOCK) as session:
        yield Account(request.param, token, server, session)


def test_an_account_is_saved_and_then_unchanged(account: Account, tmp_path: Path) -> None:
    first = account.save(tmp_path / "a", run=1, record=lambda _: None)
    second = account.save(tmp_path / "a", run=2, before=first, record=lambda _: None)

    assert [str(what) + ": " + str(fault) for saved in first + second for what, fault in saved.problems] == []
    assert {name for name, kind in kinds_of(first).items() if kind.items} >= {"issue", "change", "release", "label"}
    assert [saved.state and saved.state.commit for saved in second] == [
        saved.state and saved.state.commit for saved in first
    ]
    walked = [name for name, kind in kinds_of(second).items() if kind.state is ReadState.COMPLETE]
    assert len(account.server.requests_seen) <= sum(REQUESTS_OF_TABLES.get(name, MOST_REQUESTS) for name in walked)


def test_what_the_guide_says_of_a_source_is_what_is_saved_of_it(account: Account, tmp_path: Path) -> None:
    account.save(tmp_path / "a", run=1, record=lambda _: None)

    archive = Archive.open(tmp_path / "a")
    namespace = archive.metadata(PLACE.namespace)
    trees = [open_metadata(path) for path in (archive.metadata(PLACE), namespace) if path.is_dir()]
    assert_as_the_guide_says(account.platform, trees[0], trees[1:])


def test_it_is_the_same_from_the_records(account: Account, tmp_path: Path) -> None:
    records: list[Record] = []
    saved = account.save(tmp_path / "a", run=1, record=records.append)

    with RecordedAnswers(records) as answers:
        again = account.save(tmp_path / "b", run=1, record=lambda _: None, answers=answers)

    assert [one.state for one in again] == [one.state for one in saved]


def kinds_of(savings: Sequence[MetadataSaving]) -> dict[str, KindState]:
    return {name: kind for saved in savings if saved.state for name, kind in saved.state.kinds.items()}

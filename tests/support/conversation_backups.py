"""Backups of what was said at a fake Gitee or GitCode, by the machinery of a backup without its code."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState
from matou.archive.metadata import MetadataTree, open_metadata
from matou.archive.metadata.reader import main_commit
from matou.concurrency import CancellationToken
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import ObjectId, RepositoryPath
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.metadata import MetadataSource
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.platforms.gitcode.metadata_source import GitCodeMetadataSource
from matou.platforms.gitcode.source import GitCodeSource
from matou.platforms.gitee.metadata_source import GiteeMetadataSource
from matou.platforms.gitee.source import GiteeSource
from matou.transfer.backup.metadata.file_fetcher import FileFetcher, FileSource
from matou.transfer.backup.metadata.replay import RecordedFiles
from matou.transfer.backup.metadata.saver import MetadataSaver, MetadataSaving
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import MetadataOwner
from matou.transfer.backup.staging import MirrorPublisher
from support import gitcode_source, gitee_source
from support.gitcode_conversation import running_gitcode_conversation
from support.gitee_conversation import running_gitee_conversation
from support.steered_clock import SYSTEM_CLOCK
from support.v5_account import V5Account

Platform = tuple[Callable[[], AbstractContextManager[Any]], Any, Any, str]

PLATFORMS: dict[str, Platform] = {
    "gitee": (running_gitee_conversation, GiteeMetadataSource, GiteeSource, gitee_source.TOKEN),
    "gitcode": (running_gitcode_conversation, GitCodeMetadataSource, GitCodeSource, gitcode_source.TOKEN),
}

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = RepositoryPath.parse("captain/harbour/crane")
OWNER = MetadataOwner(id="5000", place=PLACE, called="harbour/crane")

V = TypeVar("V", bound=MetadataValue)


class OpenSource(Protocol):
    def __call__(self, session: Session, url: str, token: Secret, record: Any, /, **more: Any) -> MetadataSource: ...


@dataclass
class ConversationBackups:
    """Runs over one account into one archive."""

    archive: Archive
    account: V5Account
    session: Session
    open: OpenSource
    token: str
    listed: Callable[[], tuple[RemoteRepository, RemoteNamespace]]
    run: int = 0
    state: MetadataState | None = None
    records: list[Record] = field(default_factory=list)

    def back_up(self, **selection: Any) -> MetadataSaving:
        """What was requested of the API stands in `requests` after it."""
        self.run += 1
        self.records.clear()
        repository, namespace = self.listed()
        self.account.requests_seen.clear()
        limit = selection.get("largest_file_bytes")
        url, record = self.account.url, self.records.append
        files = FileFetcher(self.session, self.archive.blobs, url, record, lambda: BEGAN, limit)
        wants = KindSelection(**selection).wants
        saved = self._save(self._source(wants=wants), files, self.archive, repository, namespace, selection, self.state)
        self.state = saved.state
        return saved

    @property
    def requests(self) -> list[str]:
        """Below the repository's path, without the bytes of files."""
        paths = (one.path.removeprefix("/repos/harbour/crane/") for one in self.account.requests_seen)
        return [path for path in paths if not path.endswith("/download")]

    def rebuilt(self, archive: Archive) -> ObjectId | None:
        """The commit that the records of the last run alone give, in another archive, with nobody to ask."""
        repository, namespace = self.listed()
        with RecordedAnswers(self.records) as answers:
            files = RecordedFiles(answers, self.archive.blobs)
            self._save(self._source(answers=answers), files, archive, repository, namespace, {}, None)
        return main_commit(archive.metadata(PLACE))

    @property
    def commit(self) -> ObjectId | None:
        return main_commit(self.archive.metadata(PLACE))

    @property
    def tree(self) -> MetadataTree:
        """What is saved around the repository."""
        return open_metadata(self.archive.metadata(PLACE))

    def find(self, kind: MetadataKind, key: str, as_: type[V]) -> V:
        value = open_metadata(self.archive.metadata(PLACE)).item(kind, key)
        assert isinstance(value, as_)
        return value

    def kind(self, name: str) -> Any:
        assert self.state is not None
        return self.state.kinds[name]

    def _source(self, **more: Any) -> MetadataSource:
        record = self.records.append if "answers" not in more else lambda _: None
        return self.open(self.session, self.account.url, Secret(self.token), record, now=lambda: BEGAN, **more)

    def _save(
        self,
        source: MetadataSource,
        files: FileSource,
        archive: Archive,
        repository: RemoteRepository,
        namespace: RemoteNamespace,
        selection: dict[str, Any],
        before: MetadataState | None,
    ) -> MetadataSaving:
        return MetadataSaver(
            archive=archive,
            source=source,
            files=files,
            selection=KindSelection(**selection),
            platform="gitee",
            host="gitee.example",
            run=self.run,
            began_at=BEGAN + timedelta(days=self.run),
            dead_since=None,
            cancellation=CancellationToken(),
            on_progress=lambda called, kind, count: None,
            publisher=MirrorPublisher(archive),
        ).of_repository(repository, namespace, OWNER, before)


@contextmanager
def backups_of(name: str, account: Any, root: Path) -> Iterator[ConversationBackups]:
    """Of an account at one of `PLATFORMS`."""
    _, open_source, listing, token = PLATFORMS[name]
    archive = Archive.open_or_create(root, now=BEGAN, identifier=UUID(int=7))
    patience = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1))
    with Session(named=[account.url], clock=SYSTEM_CLOCK, patience=patience) as session:

        def listed() -> tuple[RemoteRepository, RemoteNamespace]:
            source = listing(session, account.url, Secret(token), record=lambda _: None, now=lambda: BEGAN)
            [repository] = source.repositories()
            [namespace] = [one for one in source.namespaces() if one.id == repository.namespace_id]
            return repository, namespace

        yield ConversationBackups(archive, account, session, open_source, token, listed)

"""What a target shows to be there after an import: read by the platform's own reader, as a backup would read it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from matou.archive.layout import Archive
from matou.archive.metadata import MetadataTree, main_commit, open_metadata
from matou.concurrency import CancellationToken
from matou.errors import MatouError
from matou.model.names import RepositoryPath
from matou.model.platform import RemoteRepository, VersionControl
from matou.model.targets import TargetRepository
from matou.platforms.base.metadata import MetadataSource
from matou.transfer.backup.metadata.file_fetcher import FetchedFile
from matou.transfer.backup.metadata.saver import MetadataSaver
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import MetadataOwner
from matou.transfer.backup.staging import MirrorPublisher

_PLACE: Final = RepositoryPath.parse("target/namespace/repository")
_SELECTION: Final = KindSelection(only=("issues", "changes", "releases"))


class _NoFiles:
    """The selection asks for none."""

    def fetch(self, *_: object) -> FetchedFile:
        return FetchedFile()


@dataclass(frozen=True, slots=True)
class TargetReader:
    """Reads what people said at a target back into the form in which it is saved.

    Attributes:
        source: the account at the target, to read from.
    """

    source: MetadataSource
    platform: str
    host: str
    now: Callable[[], datetime]

    @contextmanager
    def read(self, repository: TargetRepository) -> Iterator[tuple[MetadataTree | None, tuple[MatouError, ...]]]:
        """All that is there, which is gone when the context is left, and what could not be read.

        Raises:
            MatouError: it cannot be read at all.
        """
        with TemporaryDirectory(prefix="matou-proof-", ignore_cleanup_errors=True) as folder:
            archive = Archive.open_or_create(Path(folder) / "read-back", now=self.now(), identifier=uuid4())
            faults = self._save(archive, repository)
            git_dir = archive.metadata(_PLACE)
            has_any = git_dir.is_dir() and main_commit(git_dir) is not None
            yield open_metadata(git_dir) if has_any else None, faults

    def _save(self, archive: Archive, repository: TargetRepository) -> tuple[MatouError, ...]:
        publisher = MirrorPublisher(archive)
        saver = MetadataSaver(
            archive=archive,
            source=self.source,
            files=_NoFiles(),
            selection=_SELECTION,
            platform=self.platform,
            host=self.host,
            run=1,
            began_at=self.now(),
            dead_since=None,
            cancellation=CancellationToken(),
            on_progress=lambda called, kind, count: None,  # noqa: ARG005 - nobody watches
            publisher=publisher,
        )
        owner = MetadataOwner(id=repository.id, place=_PLACE, called=f"{repository.namespace}/{repository.name}")
        saved = saver.of_repository(_as_remote(repository), None, owner, None)
        return tuple(fault for _, fault in saved.problems)


def _as_remote(repository: TargetRepository) -> RemoteRepository:
    return RemoteRepository(
        id=repository.id,
        namespace_id=repository.namespace,
        name=repository.name,
        description="",
        clone_url=repository.clone_url,
        version_control=VersionControl.GIT,
        created_at=None,
        last_push_at=None,
        default_branch=None,
        visibility=repository.visibility,
    )

"""Who saves the repositories of a backup, where its own process does not."""

from collections.abc import Iterator
from contextlib import contextmanager

from matou.cli.config import ConfiguredSource
from matou.cli.privacy import keep_private
from matou.jobs.opening import queue_of_folder
from matou.settings import Settings
from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers
from matou.wiring import open_or_create_archive


@contextmanager
def workers_of(source: ConfiguredSource, name: str) -> Iterator[RepositoryWorkers]:
    """Those of the archive's queue; the archive is made where there is none, for them to begin with."""
    keep_private(source.to)
    archive = open_or_create_archive(source.to)
    with queue_of_folder(Settings.of_process().database_url or archive.database) as queue:
        yield RepositoryWorkers(queue, name, source.url)

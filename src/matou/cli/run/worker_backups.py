"""How a worker reaches a source of its file, to save repositories of a backup."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.archive.known_answers import AnswerCache
from matou.archive.layout import Archive
from matou.cli.config import ConfiguredSource
from matou.cli.source_requests import configured_requests, with_token_of
from matou.credentials import Secret
from matou.errors import NotFound
from matou.git.process.run import Limits
from matou.platforms.registry import PLATFORMS
from matou.settings import Settings
from matou.transfer.backup.by_workers.orders import WorkOrder, WorkResult
from matou.transfer.backup.by_workers.saving import WorkerAccess
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.run import AT_REQUEST
from matou.wiring import as_backed_up, git_and_metadata, http_address, now, source_opener


@dataclass(frozen=True, slots=True)
class ConfiguredReach:
    """By a file of sources, as this machine has it, and what is kept on it: no credential comes with a job."""

    archive: Archive
    configuration: Path
    settings: Settings

    def __call__(self, name: str, url: str, order: WorkOrder, save: Callable[[WorkerAccess], WorkResult]) -> WorkResult:
        source = self._source(name, url)

        def save_with(token: Secret) -> WorkResult:
            with self._reached(source, token, self._options(order)) as access:
                return save(access)

        return with_token_of(source, self.settings, save_with)

    @contextmanager
    def _reached(self, source: ConfiguredSource, token: Secret, options: BackupOptions) -> Iterator[WorkerAccess]:
        platform, url, settings = source.platform, source.url, self.settings
        options = as_backed_up(platform, options)
        at_once = AT_REQUEST + options.jobs
        with PLATFORMS[platform].open_session(http_address(url), settings, now=now, connections=at_once) as session:
            opener = source_opener(platform, session, url, token, source.repositories, options.metadata.lists)
            connections, metadata = git_and_metadata(platform, session, url, token, self.archive, options, settings)
            with AnswerCache(self.archive, own=token) as known:
                session.known_answers = known
                yield WorkerAccess(opener, connections, options, metadata, token, now)

    def _options(self, order: WorkOrder) -> BackupOptions:
        return BackupOptions(
            jobs=order.jobs,
            limits=Limits(memory_bytes=self.settings.git_memory_bytes),
            metadata=order.selection,
            network=self.settings.network,
        )

    def _source(self, name: str, url: str) -> ConfiguredSource:
        """Raises NotFound where the file says something else than that of whoever enqueued the job."""
        for request in configured_requests(self.configuration, self.settings, [name]):
            source = request.find()
            if source.url == url and source.to.resolve() == self.archive.root.resolve():
                return source
        raise NotFound(
            "{path} has no source {name} at {url} that goes into {archive}",
            path=self.configuration,
            name=repr(name)[:200],
            url=repr(url)[:200],
            archive=self.archive.root,
            advice="Workers and whoever starts the backup need the same file.",
        )

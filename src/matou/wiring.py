"""Puts the objects together: the only module that knows them all. What a command does not need is not imported."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from matou.archive.layout import Archive
from matou.errors import MatouError
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.credentials import Secret
    from matou.forge.forge import Forge
    from matou.http.session import Session, WaitListener
    from matou.transfer.backup.options import BackupOptions
    from matou.transfer.backup.report import BackupReport, ProgressListener
    from matou.transfer.backup.source import RecordSink, Source
    from matou.transfer.migrate.command import MigrationOptions
    from matou.transfer.migrate.report import MigrationReport
    from matou.transfer.migrate.report import Progress as MigrationProgress
    from matou.transfer.migrate.targets import MigrationTarget


def now() -> datetime:
    """The clock of the process; everything below is given it."""
    return datetime.now(UTC)


def open_archive(root: Path) -> Archive:
    """Raises NotAnArchive."""
    return Archive.open(root.expanduser())


def open_or_create_archive(root: Path) -> Archive:
    return Archive.open_or_create(root.expanduser(), now=now(), identifier=uuid4())


@contextmanager
def open_forge(
    root: Path,
    settings: Settings,
    *,
    loopback: bool = False,
    anonymous_reads_backups: bool = False,
    on_problem: Callable[[MatouError], None] | None = None,
) -> Iterator["Forge"]:
    """The hosting server's use cases over an archive, which is made where there is none, its index up to date.

    Args:
        on_problem: told what of the backups could not be indexed; without it, that is logged.
    """
    from matou.db.engine import open_database
    from matou.forge.forge import Forge
    from matou.forge.maintenance.move_recovery import finish_moves
    from matou.forge.maintenance.reindex import ensure_indexed
    from matou.git.process.version import require_git

    require_git()
    archive = open_or_create_archive(root)
    database = open_database(settings.database_url or archive.database)
    try:
        forge = Forge(
            database,
            archive,
            now,
            loopback=loopback,
            anonymous_reads_backups=anonymous_reads_backups,
            imports_may_reach_private=settings.imports_may_reach_private,
            network=settings.network,
            checks_pushes_strictly=settings.checks_pushes_strictly,
        )
        finish_moves(forge)
        index = ensure_indexed(forge)
        for problem in index.problems if index else ():
            (on_problem or _log_problem)(problem)
        yield forge
    finally:
        database.close()


def _log_problem(problem: MatouError) -> None:
    import structlog

    structlog.get_logger().warning("backup_not_indexed", problem=str(problem))


def _coding(session: "Session", url: str, token: "Secret", record: "RecordSink") -> "Source":
    from matou.platforms.coding.source import CodingClient

    return CodingClient(session, url, token, record=record, now=now)


def _coding_session(url: str, settings: Settings, *, connections: int, on_wait: "WaitListener | None") -> "Session":
    from matou.http.rate_limit import RateLimit
    from matou.http.session import open_session

    pace = RateLimit(PER_SECOND, BURST)
    return open_session(url, settings, now=now, pace=pace, connections=connections, on_wait=on_wait)


def _gitcode(session: "Session", url: str, token: "Secret", record: "RecordSink") -> "Source":
    from matou.platforms.gitcode.source import GitCodeSource

    return GitCodeSource(session, url, token, record=record, now=now)


def _gitcode_session(url: str, settings: Settings, *, connections: int, on_wait: "WaitListener | None") -> "Session":
    from matou.platforms.gitcode.client import gitcode_session

    return gitcode_session(url, settings, now=now, connections=connections, on_wait=on_wait)


def _gitee(session: "Session", url: str, token: "Secret", record: "RecordSink") -> "Source":
    from matou.platforms.gitee.source import GiteeSource

    return GiteeSource(session, url, token, record=record, now=now)


def _gitee_session(url: str, settings: Settings, *, connections: int, on_wait: "WaitListener | None") -> "Session":
    from matou.platforms.gitee.client import gitee_session

    return gitee_session(url, settings, now=now, connections=connections, on_wait=on_wait)


class OpenSession(Protocol):
    def __call__(
        self, url: str, settings: Settings, *, connections: int, on_wait: "WaitListener | None"
    ) -> "Session": ...


@dataclass(frozen=True, slots=True)
class Platform:
    """How a platform is reached, and how it is read."""

    session: OpenSession
    source: Callable[["Session", str, "Secret", "RecordSink"], "Source"]


BURST, PER_SECOND = 20, 10
"""RequestCounter at once and a second, for each action: together no more than CODING's limit in any one second (30)."""

PLATFORMS: Mapping[str, Platform] = {
    "coding": Platform(_coding_session, _coding),
    "gitcode": Platform(_gitcode_session, _gitcode),
    "gitee": Platform(_gitee_session, _gitee),
}
"""The platforms that can be read, by the name that a person types."""


def back_up(
    platform: str,
    url: str,
    token: "Secret",
    to: Path,
    options: "BackupOptions",
    *,
    settings: Settings,
    progress: "ProgressListener",
    on_wait: "WaitListener | None" = None,
) -> "BackupReport":
    """Save what a token can see into an archive; see `transfer.backup`. A dry run makes none where there is none.

    Args:
        on_wait: told of each request that is repeated; without it, that is logged.
    """
    from matou.git.process.version import require_git
    from matou.transfer.backup.command import backup
    from matou.transfer.backup.run import ASKING
    from matou.transfer.backup.transports import HttpTransports

    archive = _archive_if_any(to)
    # Asking git its version is a process, of which a run that finds nothing new needs none; an archive that has runs
    # was made with a git that would do.
    if archive is None or not any(archive.run_numbers()):
        require_git()
    reached = PLATFORMS[platform]
    with reached.session(url, settings, connections=ASKING + options.jobs, on_wait=on_wait) as session:
        open_source = partial(reached.source, session, url, token)
        if archive is None and not options.dry_run:
            archive = open_or_create_archive(to)
        connections = HttpTransports(session)
        return backup(open_source, archive, connections, options, now=now, progress=progress)


def _archive_if_any(root: Path) -> Archive | None:
    from matou.archive.layout import NotAnArchive

    try:
        return open_archive(root)
    except NotAnArchive:
        return None


def _to_coding(session: "Session", url: str, token: "Secret") -> "MigrationTarget":
    from matou.platforms.coding.target import CodingTarget

    return CodingTarget(session, url, token, now=now)


def _to_gitcode(session: "Session", url: str, token: "Secret") -> "MigrationTarget":
    from matou.platforms.gitcode.target import GitCodeTarget

    return GitCodeTarget(session, url, token, now=now)


def _to_gitee(session: "Session", url: str, token: "Secret") -> "MigrationTarget":
    from matou.platforms.gitee.target import GiteeTarget

    return GiteeTarget(session, url, token, now=now)


def _to_matou(session: "Session", url: str, token: "Secret") -> "MigrationTarget":
    from matou.model.targets import MATOU_RULES
    from matou.platforms.coding.target import MatouProjects
    from matou.platforms.gitcode.client import API, api_address
    from matou.platforms.gitcode.target import GitCodeTarget

    projects = MatouProjects(session, api_address(url).removesuffix(API), token, now=now)
    return GitCodeTarget(session, url, token, now=now, platform="matou", rules=MATOU_RULES, namespaces=projects)


@dataclass(frozen=True, slots=True)
class TargetPlatform:
    """How a platform is reached, and how it is written to."""

    session: OpenSession
    target: Callable[["Session", str, "Secret"], "MigrationTarget"]


TARGETS: Mapping[str, TargetPlatform] = {
    "coding": TargetPlatform(_coding_session, _to_coding),
    "gitcode": TargetPlatform(_gitcode_session, _to_gitcode),
    "gitee": TargetPlatform(_gitee_session, _to_gitee),
    "matou": TargetPlatform(_gitcode_session, _to_matou),
}
"""The platforms that can be moved to, by the name that a person types."""


def migrate(
    platform: str,
    url: str,
    token: "Secret",
    archive: Path,
    options: "MigrationOptions",
    *,
    settings: Settings,
    progress: "MigrationProgress",
    on_wait: "WaitListener | None" = None,
) -> "MigrationReport":
    """Bring what an archive holds to a platform; see `transfer.migrate`."""
    from matou.transfer.migrate.command import migrate as migrate_archive
    from matou.transfer.migrate.targets import TargetTransports

    opened = open_archive(archive)
    reached = TARGETS[platform]
    with reached.session(url, settings, connections=2 * options.jobs, on_wait=on_wait) as session:
        connections = TargetTransports(session)
        return migrate_archive(opened, reached.target(session, url, token), connections, options, progress=progress)

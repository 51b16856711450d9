"""Puts the objects together; it names no platform. What a command does not need is not imported."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from matou.archive.layout import Archive, ArchiveBucket
from matou.credentials import credential_in
from matou.errors import Invalid, MatouError
from matou.model.fidelity import MigrationMethod
from matou.platforms.registry import (
    PLATFORMS,
    SOURCES,
    TARGETS,
    require_importer,
    require_lists,
    require_metadata_target,
    title_of,
)
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.archive.attachment import Attached
    from matou.archive.blob_links import BlobLinks
    from matou.archive.manifest import SourceLine
    from matou.archive.repository_cache import RepositoryCache
    from matou.credentials import Secret
    from matou.db.engine import Database
    from matou.forge.forge import Forge
    from matou.forge.repositories.bucket_repositories import BucketRepositories
    from matou.git.process.run import Limits
    from matou.http.retry import WaitListener
    from matou.http.session import Session
    from matou.model.metadata.kinds import MetadataKind
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.metadata import MetadataSource
    from matou.platforms.base.source import RecordSink, Source
    from matou.storage.bucket_addresses import BucketKeys, KeyFinder
    from matou.storage.buckets import BucketStore
    from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers
    from matou.transfer.backup.metadata.rebuild import RebuiltMetadata
    from matou.transfer.backup.metadata.run import MetadataAccess
    from matou.transfer.backup.options import BackupOptions
    from matou.transfer.backup.report import BackupReport, ProgressListener
    from matou.transfer.common.transports import SourceTransports
    from matou.transfer.migrate.command import MigrationOptions, PlanListener
    from matou.transfer.migrate.conversation.conversations import ConversationWriting
    from matou.transfer.migrate.pull.mover import Pulling
    from matou.transfer.migrate.pull.served import ServedArchive
    from matou.transfer.migrate.report import MigrationReport
    from matou.transfer.migrate.report import Progress as MigrationProgress
    from matou.transfer.room.prune import PruneReport


BUCKET_PATIENCE = timedelta(seconds=8)
"""For what somebody waits for; the next request asks again."""

now = partial(datetime.now, UTC)
"""The clock of the process; everything below is given it."""


def open_archive(root: Path, *, in_bucket: bool = False) -> Archive:
    """Raises NotAnArchive; InBucket unless the caller knows what to do with an archive in a bucket."""
    return Archive.open(root.expanduser(), in_bucket=in_bucket)


def open_or_create_archive(root: Path, *, in_bucket: bool = False) -> Archive:
    return Archive.open_or_create(root.expanduser(), now=now(), identifier=uuid4(), in_bucket=in_bucket)


def with_bucket(archive: Archive, settings: Settings, keys: "KeyFinder | None" = None) -> Archive:
    """The archive with the bucket that its folder names opened, if it names one. Nothing is asked of it yet."""
    named = archive.identity.bucket
    return archive if named is None else replace(archive, bucket=open_named_bucket(named, settings, keys))


def attach_archive(root: Path, named: ArchiveBucket, settings: Settings, keys: "KeyFinder | None" = None) -> "Attached":
    """Make a folder one that serves an archive in a bucket; see `archive.attachment.attach`."""
    from matou.archive.attachment import attach

    return attach(root.expanduser(), named, open_named_bucket(named, settings, keys), now=now(), identifier=uuid4())


def open_named_bucket(
    named: ArchiveBucket,
    settings: Settings,
    keys: "KeyFinder | None" = None,
    *,
    patience: timedelta = BUCKET_PATIENCE,
) -> "BucketStore":
    from matou.storage.bucket_addresses import open_bucket, read_bucket_address

    address = read_bucket_address(named.address, endpoint=named.endpoint, addressing=named.addressing or None)
    return open_bucket(
        address,
        environment=settings.environment,
        authorities=settings.authorities,
        patience=patience,
        keys=keys,
    )


def _with_contents(archive: Archive, database: "Database") -> Archive:
    """What was saved there; nothing of it is brought yet."""
    if archive.bucket is None:
        return archive
    from matou.archive.bucket_contents import BucketContents

    return replace(archive, contents=BucketContents(database, archive.bucket, _repository_cache(archive), archive.root))


def _repository_cache(archive: Archive) -> "RepositoryCache":
    from matou.archive.cache import repositories_folder
    from matou.archive.repository_cache import RepositoryCache

    named = archive.identity.bucket
    # What was there before the archive was moved is not ours to take away.
    blobs = None if named is not None and named.has_original else archive.files.root
    return RepositoryCache(repositories_folder(archive), blobs=blobs, staging=archive.staging, now=now)


def _blob_links(archive: Archive, settings: Settings, keys: "KeyFinder | None") -> "BlobLinks | None":
    named = archive.identity.bucket
    if named is None or settings.bucket_links is None:
        return None
    from msgspec.structs import replace as with_values

    from matou.archive.blob_links import BlobLinks

    # Clients reach the bucket by another name than we do, and it is the same one with the same keys.
    kept = None if keys is None else partial(_keys_of, keys, named)
    linked = with_values(named, endpoint=settings.bucket_links or named.endpoint)
    return BlobLinks(open_named_bucket(linked, settings, kept))


def _keys_of(keys: "KeyFinder", named: ArchiveBucket, _address: object) -> "BucketKeys | None":
    from matou.storage.bucket_addresses import read_bucket_address

    return keys(read_bucket_address(named.address, endpoint=named.endpoint))


def _bucket_repositories(archive: Archive, database: "Database") -> "BucketRepositories | None":
    if archive.bucket is None or archive.identity.bucket is None:
        return None
    from matou.forge.repositories.bucket_repositories import BucketRepositories

    cache = _repository_cache(archive)
    return BucketRepositories(database, archive.bucket, cache, now, archive.identity.bucket.cache_bytes)


@contextmanager
def open_to_read(root: Path, settings: Settings, bucket_keys: "KeyFinder | None" = None) -> Iterator[Archive]:
    """An archive of which nothing is changed, in a folder or in a bucket. Raises NotAnArchive."""
    archive = with_bucket(open_archive(root, in_bucket=True), settings, bucket_keys)
    if archive.bucket is None:
        yield archive
        return
    from matou.db.engine import open_database

    with closing(open_database(settings.database_url or archive.database)) as database:
        opened = _bucket_repositories(archive, database)
        if opened is not None:
            opened.require_own_database()
        archive = _with_contents(archive, database)
        if archive.contents is not None:
            archive.contents.bring_files()
        yield archive
        if opened is not None:
            opened.shrink()


@contextmanager
def open_forge(
    root: Path,
    settings: Settings,
    *,
    loopback: bool = False,
    anonymous_reads_backups: bool = False,
    asks_bucket: bool = True,
    bucket_keys: "KeyFinder | None" = None,
    on_problem: Callable[[MatouError], None] | None = None,
) -> Iterator["Forge"]:
    """The hosting server's use cases over an archive, which is made where there is none, its index up to date.

    Args:
        asks_bucket: whether the bucket, if there is one, belongs to the database. What speaks to a bucket has native
            threads from the first request on, and whoever is to be forked can have none.
        bucket_keys: asked for those of a bucket, where the environment has none.
        on_problem: told what of the backups could not be indexed; without it, that is logged.
    """
    from matou.archive.lock import used_by_server
    from matou.db.archive_location import LocationState, written_at
    from matou.db.engine import open_database
    from matou.forge.forge import Forge
    from matou.forge.maintenance.move_recovery import finish_moves
    from matou.git.process.version import require_git

    require_git()
    archive = with_bucket(open_or_create_archive(root, in_bucket=True), settings, bucket_keys)
    here = LocationState.FOLDER if archive.bucket is None else LocationState.BUCKET
    with used_by_server(archive.root), closing(open_database(settings.database_url or archive.database)) as opened:
        database = written_at(opened, here)
        bucket = _bucket_repositories(archive, database)
        archive = _with_contents(archive, database)
        forge = Forge(
            database,
            archive,
            now,
            loopback=loopback,
            anonymous_reads_backups=anonymous_reads_backups,
            imports_may_reach_private=settings.imports_may_reach_private,
            network=settings.network,
            checks_pushes_strictly=settings.checks_pushes_strictly,
            bucket=bucket,
            blob_links=_blob_links(archive, settings, bucket_keys),
        )
        finish_moves(forge)
        if bucket is None or asks_bucket:
            bring_up_to_date(forge, on_problem)
        yield forge


def bring_up_to_date(forge: "Forge", on_problem: Callable[[MatouError], None] | None = None) -> None:
    """Index what backups have brought, of a bucket's archive once that is here. Raises ForeignDatabase."""
    from matou.forge.maintenance.reindex import ensure_indexed

    if forge.bucket is not None:
        forge.bucket.require_own_database()
    if forge.archive.contents is not None:
        forge.archive.contents.bring_files()
    index = ensure_indexed(forge)
    for problem in index.problems if index else ():
        (on_problem or _log_problem)(problem)


def _log_problem(problem: MatouError) -> None:
    import structlog

    structlog.get_logger().warning("backup_not_indexed", problem=str(problem))


def back_up(
    platform: str,
    url: str,
    token: "Secret",
    to: Path,
    options: "BackupOptions",
    *,
    settings: Settings,
    progress: "ProgressListener",
    repositories: Sequence[str] = (),
    on_wait: "WaitListener | None" = None,
    workers: "RepositoryWorkers | None" = None,
) -> "BackupReport":
    """Save what a token can see into an archive; see `transfer.backup`. A dry run makes none where there is none.

    Args:
        token: an empty one where there is none, and none is needed.
        repositories: their addresses, where the platform lists none; `url` is their server's, and the token may be
            `NAME:PASSWORD`.
        on_wait: told of each request that is repeated; without it, that is logged.
    """
    from matou.archive.known_answers import AnswerCache
    from matou.git.process.version import require_git
    from matou.transfer.backup.command import backup
    from matou.transfer.backup.run import AT_REQUEST

    archive = open_archive_if_any(to)
    options = as_backed_up(platform, options)
    # Asking git its version is a process; an archive that has runs was made with a git that would do.
    if archive is None or not any(archive.run_numbers()):
        require_git()
    with PLATFORMS[platform].open_session(
        http_address(url), settings, now=now, connections=AT_REQUEST + options.jobs, on_wait=on_wait
    ) as session:
        open_source = source_opener(platform, session, url, token, repositories, options.metadata.lists)
        if archive is None and not options.dry_run:
            archive = open_or_create_archive(to)
        connections, metadata = git_and_metadata(platform, session, url, token, archive, options, settings)
        with AnswerCache(archive, own=token) if archive and not options.dry_run else nullcontext() as known:
            session.known_answers = known
            ways = open_source, archive, connections, options
            return backup(*ways, now=now, metadata=metadata, progress=progress, workers=workers)


def as_backed_up(platform: str, options: "BackupOptions") -> "BackupOptions":
    from matou.git.operations.subversion import has_git_svn

    return replace(options, is_selection=PLATFORMS[platform].selection is not None, reads_subversion=has_git_svn())


def git_and_metadata(
    platform: str,
    session: "Session",
    url: str,
    token: "Secret",
    archive: Archive | None,
    options: "BackupOptions",
    settings: Settings,
) -> "tuple[SourceTransports, MetadataAccess | None]":
    from matou.archive.cache import subversion_folder
    from matou.transfer.backup.metadata.access import HttpMetadata
    from matou.transfer.common.ssh_transport import SshTransport
    from matou.transfer.common.transports import HttpTransports

    svn_folder = None if archive is None else subversion_folder(archive)
    ssh, support = SshTransport(settings.ssh, options.limits), PLATFORMS[platform].metadata
    metadata = HttpMetadata(support, session, url, token, now, PLATFORMS[platform].rate) if support else None
    return HttpTransports(session, ssh, svn_folder, options.limits), metadata


def http_address(url: str) -> str:
    """That of a server which is reached by ssh stands at the same host: LFS objects may lie there."""
    parts = urlsplit(url)
    if parts.scheme != "ssh":
        return url
    host = parts.hostname or ""
    return f"https://[{host}]" if ":" in host else f"https://{host}"


def source_opener(
    platform: str, session: "Session", url: str, token: "Secret", repositories: Sequence[str], lists: Sequence[str]
) -> "Callable[[RecordSink], Source]":
    """Raises Invalid: the platform has no such lists."""
    selection = PLATFORMS[platform].selection
    if lists:
        return partial(require_lists(platform, lists), session, url, token, now=now, lists=lists)
    if selection is None:
        return partial(SOURCES[platform], session, url, token, now=now)
    selected = selection.open(session, repositories, credential_in(token))
    return lambda _: selected


def rebuild_metadata(root: Path, settings: Settings) -> "tuple[list[RebuiltMetadata], list[MatouError]]":
    """Make metadata repositories again from what the platforms answered; nobody is asked.

    Returns:
        How each stands to the one that was there, and what could not be read.

    Raises:
        ArchiveBusy: another process writes to the archive.
    """
    from matou.archive.lock import lock_archive
    from matou.concurrency import CancellationToken
    from matou.credentials import Secret
    from matou.platforms.base.api_client import no_record
    from matou.transfer.backup.metadata.rebuild import MetadataRebuild

    def open_recorded(
        source: "SourceLine", answers: "Answers", wants: "Callable[[MetadataKind], bool]", /
    ) -> "MetadataSource | None":
        platform = PLATFORMS.get(source.platform)
        if platform is None:
            raise Invalid("unknown platform {name}; known: {known}", name=source.platform, known=", ".join(PLATFORMS))
        if platform.metadata is None:
            return None
        session = platform.open_session(source.url, settings, now=now)
        nobody = Secret("recorded")
        opened = platform.metadata.open
        return opened(session, source.url, nobody, no_record, now=now, wants=wants, answers=answers)

    archive = open_archive(root)
    with lock_archive(archive.root, now=now()):
        rebuild = MetadataRebuild(archive, open_recorded, CancellationToken())
        return rebuild.rebuild(), rebuild.faults


def prune_archive(root: Path, settings: Settings, *, is_dry: bool, limits: "Limits") -> "PruneReport":
    """Free what forgotten runs alone needed; see `transfer.room.prune`. A dry run asks no database."""
    from matou.transfer.room.blob_marks import digests_in
    from matou.transfer.room.prune import preview, prune
    from matou.transfer.room.reach import require_no_hosted

    archive = open_archive(root)

    def mentioned() -> set[str]:
        if settings.database_url is None and not archive.database.exists():
            require_no_hosted(archive)
            return set()
        from matou.db.engine import open_database
        from matou.db.mentions import words_in_rows

        location = settings.database_url or archive.database
        with closing(open_database(location)) as database, database.begin_read() as connection:
            return set(words_in_rows(connection, digests_in))

    if is_dry:
        return preview(archive, now=now(), limits=limits)
    return prune(archive, now=now(), mentions=mentioned, limits=limits)


def open_archive_if_any(root: Path) -> Archive | None:
    """None where there is none."""
    from matou.archive.layout import NotAnArchive

    try:
        return open_archive(root)
    except NotAnArchive:
        return None


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
    served: "ServedArchive | None" = None,
    on_plan: "PlanListener" = lambda _carried, _budget: None,
) -> "MigrationReport":
    """Bring what an archive holds to a platform; see `transfer.migrate`.

    Args:
        served: where the target imports from, if it is to do so; None in a dry run.
        on_plan: told what will be carried how, before anything is changed.
    """
    from matou.transfer.common.transports import TargetTransports
    from matou.transfer.migrate.command import migrate as migrate_archive
    from matou.transfer.migrate.page import write_page

    opened = open_archive(archive)
    with PLATFORMS[platform].open_session(
        url, settings, now=now, connections=2 * options.jobs, on_wait=on_wait
    ) as session:
        pulling = _pulling(platform, session, url, token, served) if options.method is MigrationMethod.PULL else None
        target = pulling.target if pulling else TARGETS[platform](session, url, token, now=now)
        writing = _writing(platform, session, url, token, options) if options.method is MigrationMethod.REST else None
        connections = TargetTransports(session)
        options = _as_this_token_may(platform, session, url, token, options)
        report = migrate_archive(
            opened, target, connections, options, pulling=pulling, writing=writing, on_plan=on_plan, progress=progress
        )
    return report if report.is_dry_run else replace(report, page=write_page(opened, report, now()))


def _as_this_token_may(
    platform: str, session: "Session", url: str, token: "Secret", options: "MigrationOptions"
) -> "MigrationOptions":
    """What is written is carried as faithfully as this token may, where that makes a difference. Raises MatouError."""
    support = PLATFORMS[platform].metadata_target
    if options.method is not MigrationMethod.REST or support is None or support.foreseen is None:
        return options
    return replace(options, fidelity=support.foreseen(session, url, token, options.namespace, now=now))


def _writing(
    platform: str, session: "Session", url: str, token: "Secret", options: "MigrationOptions"
) -> "ConversationWriting | None":
    """Raises UnknownPlatform where nothing of what was said can be written there."""
    from time import monotonic

    from matou.http.rate_limit import RateLimiter
    from matou.transfer.migrate.conversation.conversations import ConversationWriting
    from matou.transfer.migrate.conversation.writer import OnceWriter

    support = require_metadata_target(platform)
    if options.conversation is None:
        return None
    per_second = min(support.writes.per_second, (support.writes_per_hour or inf) / 3600)
    limiter = RateLimiter(monotonic=monotonic, per_second=per_second, burst=support.writes.burst)
    return ConversationWriting(
        open=lambda repository: support.open(session, url, token, repository, now=now),
        rules=support.rules(),
        platform=platform,
        url=url,
        writer=OnceWriter(limiter, session.pause),
        options=options.conversation,
        platform_title=title_of,
        now=now,
    )


def _pulling(platform: str, session: "Session", url: str, token: "Secret", served: "ServedArchive | None") -> "Pulling":
    """Raises UnknownPlatform where the platform imports nothing by itself."""
    from matou.archive.run_history import host_of
    from matou.platforms.base.api_client import no_record
    from matou.transfer.migrate.pull.mover import Pulling
    from matou.transfer.migrate.pull.read_back import TargetReader

    record = require_importer(platform)
    source = record.metadata.open(session, url, token, no_record, now=now)
    reader = TargetReader(source, platform, host_of(url), now)
    return Pulling(record.importer(session, url, token, now=now), served, reader, session.pause)

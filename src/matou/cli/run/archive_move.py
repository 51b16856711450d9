"""An archive is moved into a bucket or out of it, and what came of it is said."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from click.exceptions import Exit, UsageError

from matou.archive.layout import Archive, ArchiveBucket
from matou.cli.bucket_secrets import BucketSecrets
from matou.cli.exit_codes import ExitCode
from matou.cli.privacy import write_privately
from matou.cli.ui.output import print_error, say
from matou.cli.ui.verbosity import shows_bars
from matou.db.archive_location import ArchiveMoving
from matou.db.database_copy import copy_rows, is_unused
from matou.db.engine import Database, open_database
from matou.errors import Invalid
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.storage.bucket_addresses import is_bucket_address
from matou.transfer.move.into_bucket import give_up, move_into_bucket
from matou.transfer.move.into_folder import move_into_folder
from matou.transfer.move.original import delete_original
from matou.transfer.move.report import MoveProgress, MoveReport, MoveStage
from matou.transfer.move.run import MoveOptions
from matou.wiring import now, open_archive, open_forge, open_named_bucket, open_to_read

PATIENCE: Final = timedelta(minutes=3)
"""With a bucket that does not answer: what goes on for hours is not given up for a moment."""

STAGES: Final = {
    MoveStage.REPOSITORIES: _("repositories"),
    MoveStage.BLOBS: _("blobs"),
    MoveStage.RUNS: _("runs"),
}


def move(
    directory: Path, to: str | None, endpoint: str, addressing: str | None, cache_size: int, jobs: int, cancel: bool,
    delete_original: bool,
) -> None:  # fmt: skip
    settings = Settings.of_process()
    if cancel == (to is not None):
        raise UsageError(_("name where the archive is to be, or --cancel"))
    write_privately(directory)
    archive = open_archive(directory, in_bucket=True)
    if to is None:
        _cancel(archive, settings)
        return
    if not is_bucket_address(to):
        _into_folder(directory, Path(to).expanduser().absolute(), settings, jobs)
        return
    named = ArchiveBucket(address=to, endpoint=endpoint, addressing=addressing or "", cache_bytes=cache_size * 1024**3)
    _into_bucket(archive, named, settings, jobs)
    if delete_original:
        _delete_original(directory, settings)


def _cancel(archive: Archive, settings: Settings) -> None:
    with _databases(archive, settings) as databases:
        if give_up(archive, databases.now_used, now=now()):
            say(_("{archive} can be written to again; what was moved so far stays there").format(archive=archive.root))
        else:
            say(_("{archive} is not being moved").format(archive=archive.root))


def _into_bucket(archive: Archive, named: ArchiveBucket, settings: Settings, jobs: int) -> None:
    with _databases(archive, settings) as databases, _progress() as progress:
        if archive.identity.bucket is None:
            _index(archive, databases.settings)
        report = move_into_bucket(
            archive,
            databases.now_used,
            named,
            open_named_bucket(named, settings, BucketSecrets(settings).find, patience=PATIENCE),
            MoveOptions(jobs, now, progress),
            before_switch=databases.take_along,
        )
    if report.was_moved:
        say(_("{archive} is in {bucket} already").format(archive=archive.root, bucket=named.address))
    else:
        _end(report, archive, named, databases)


def _delete_original(directory: Path, settings: Settings) -> None:
    with open_to_read(directory, settings, BucketSecrets(settings).find) as archive:
        if archive.contents is not None:
            delete_original(archive, archive.contents, now=now())
    say(_("the repositories in {archive} were taken away: the bucket has them").format(archive=archive.root))


def _index(archive: Archive, settings: Settings) -> None:
    """Let what was backed up have its rows, and end what was cut off; whoever serves it from the bucket does so too."""
    with suppress(ArchiveMoving), open_forge(archive.root, settings, bucket_keys=BucketSecrets(settings).find):
        return


def _into_folder(directory: Path, target: Path, settings: Settings, jobs: int) -> None:
    write_privately(target)
    with open_to_read(directory, settings, BucketSecrets(settings).find) as archive, _progress() as progress:
        if archive.contents is None:
            raise Invalid("{root} is in no bucket", root=directory, advice="Its folder can be moved as it is.")
        own = archive.database if settings.database_url is None else None
        options = MoveOptions(jobs, now, progress)
        report = move_into_folder(archive, archive.contents, target, options, own_database=own)
    if report.was_moved:
        say(_("{archive} is in {folder} already").format(archive=directory, folder=target))
        return
    count = report.repositories
    moved = ngettext("{count} repository is in {folder}", "{count} repositories are in {folder}", count)
    say(moved.format(count=count, folder=target))
    say(_("each file is what was put into the bucket, by its size and SHA-256"))
    if own is None:
        say(_("accounts and all other rows are still in the database that MATOU_DATABASE_URL names"))
    say(_("from now on: matou serve --root {folder}").format(folder=target))
    say(
        _(
            "machines that serve the bucket only read from now on; once you have seen that {folder} works, stop them,"
            " and delete their folders and what is in the bucket"
        ).format(folder=target)
    )


@dataclass(frozen=True, slots=True)
class MovedDatabases:
    """The database that an archive has, and the one that it is to have.

    Attributes:
        settings: under which `now_used` is the archive's.
    """

    now_used: Database
    named: Database
    settings: Settings

    @property
    def differ(self) -> bool:
        return self.now_used is not self.named

    def take_along(self) -> None:
        """Write all rows into the other one, unless that was done before something was cut off."""
        if self.differ and is_unused(self.named):
            copy_rows(self.now_used, self.named)


@contextmanager
def _databases(archive: Archive, settings: Settings) -> Iterator[MovedDatabases]:
    """One that is named and has no row is where the rows of the archive's own are to go."""
    with ExitStack() as opened:
        named = opened.enter_context(closing(open_database(settings.database_url or archive.database)))
        if settings.database_url is not None and archive.database.is_file() and is_unused(named):
            own = opened.enter_context(closing(open_database(archive.database)))
            yield MovedDatabases(own, named, replace(settings, database_url=None))
        else:
            yield MovedDatabases(named, named, settings)


def _end(report: MoveReport, archive: Archive, named: ArchiveBucket, databases: MovedDatabases) -> None:
    for problem in report.problems:
        print_error(labelled(printable(problem.path), format_error(problem.detail)))
    if report.problems:
        print_error(
            _(
                "nothing was switched: the archive is still in {archive}, where it can be read only. See to what is"
                " named above and run this again, or give it up with --cancel"
            ).format(archive=archive.root)
        )
        raise Exit(ExitCode.DAMAGE_FOUND)
    for name in report.left_out:
        say(_("{path} stays in the folder: no archive has a file of that name").format(path=printable(name)))
    count = report.repositories
    moved = ngettext("{count} repository is in {bucket}", "{count} repositories are in {bucket}", count)
    say(moved.format(count=count, bucket=named.address))
    say(_("each file was read again from there, and is what it was here"))
    say(_("start `matou serve` again: until then it only reads, from where the archive was"))
    if databases.differ:
        say(_("accounts and all else of matou.db are in the database that MATOU_DATABASE_URL names"))
    elif databases.settings.database_url is None:
        say(
            _(
                "the database is still {database}: accounts, refs and lists of files are there and nowhere else, and no"
                " other machine can serve the archive; back it up"
            ).format(database=archive.database)
        )
    say(
        _(
            "{archive} still has all that it had; once you have seen that the server works, stop it, and take away what"
            " the bucket has too: matou archive move {archive} {bucket} --delete-original"
        ).format(archive=archive.root, bucket=named.address)
    )


@contextmanager
def _progress() -> Iterator[MoveProgress]:
    if shows_bars():
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda stage, done, expected: advance(STAGES[stage], done, expected)
    else:
        yield lambda _stage, _done, _expected: None

"""A copy of an archive is made, brought up to date or checked, and what came of it is said."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click
from click.exceptions import UsageError

from matou.archive.layout import COPY_MARK, Archive, NotAnArchive
from matou.cli.archive_to_read import archive_to_read
from matou.cli.bucket_secrets import BucketSecrets
from matou.cli.privacy import write_privately
from matou.cli.run.copy_report import STAGES, end_check, end_copy
from matou.cli.ui.output import say
from matou.cli.ui.prompts import is_interactive, prompt_new_secret, prompt_secret
from matou.cli.ui.verbosity import shows_bars
from matou.credentials import Secret
from matou.errors import Invalid, NotFound
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.storage.bucket_addresses import is_bucket_address, open_bucket, read_bucket_address
from matou.storage.sftp import is_sftp_address, open_sftp, read_sftp_address
from matou.transfer.copy.archive_files import files_of
from matou.transfer.copy.catalogue import Catalogue
from matou.transfer.copy.check import WHOLE, check_copy
from matou.transfer.copy.command import CopyOptions, copy_files
from matou.transfer.copy.destination import Destination, read_catalogue
from matou.transfer.copy.mark import NotACopy
from matou.transfer.copy.opening import (
    OpenOptions,
    Site,
    folder_site,
    open_copy,
    open_existing,
    require_apart,
    require_sealed,
)
from matou.transfer.copy.report import CopyProblem, CopyProgress, CopyReport
from matou.transfer.copy.source_files import CopySource
from matou.transfer.copy.stored_copy import StoredCopy
from matou.wiring import now

PASSPHRASE = "MATOU_COPY_PASSPHRASE"  # noqa: S105 - the name of a variable

FilesOf = Callable[[CopyReport], CopySource]


def copy(
    source: str, to: str | None, encrypt: bool, append_only: bool, at: int | None, check: bool, read_data: bool,
    read_data_subset: float | None, endpoint: str, addressing: str | None, passphrase_stdin: bool, jobs: int,
    dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    settings = Settings.of_process()
    ask = CopyPassphrase(settings, from_stdin=passphrase_stdin)

    def site(text: str) -> Site:
        return _site(text, settings, endpoint=endpoint, addressing=addressing)

    percent = WHOLE if read_data else read_data_subset or 0
    if check == (to is not None):
        raise UsageError(_("name an archive and where its copy is to be, or with --check a copy alone"))
    if to is None:
        _check(site(source), ask, percent, at=at, jobs=jobs, as_json=as_json)
        return
    archive = _archive_at(source)
    options = CopyOptions(jobs=jobs, append_only=append_only, dry_run=dry_run, percent=percent)
    if archive is not None and at is not None:
        raise UsageError(_("--at is for copies; an archive has runs"))
    target = site(to)
    _prepare(archive, target)
    with (
        _files(archive, source, site, ask, settings, at=at, encrypts=encrypt) as (identifier, files, number),
        open_copy(
            target,
            OpenOptions(
                identifier,
                encrypts=encrypt,
                has_passphrase=ask.is_left_over,
                append_only=append_only,
                dry_run=dry_run,
            ),
            passphrase=ask,
            now=now(),
        ) as destination,
        _progress() as progress,
    ):
        report = copy_files(files, destination, options, now=now(), progress=progress)
    end_copy(report, dry_run=dry_run, as_json=as_json, of_copy=number)


def _archive_at(text: str) -> Archive | None:
    """None where it is a copy that is no archive. Raises NotAnArchive."""
    if is_bucket_address(text):
        return None
    root = Path(text).expanduser()
    try:
        archive = archive_to_read(root)
    except NotAnArchive:
        if (root / COPY_MARK).is_file():
            return None
        raise
    if archive.contents is not None:
        archive.contents.bring_files(with_records=True)
    return archive


def _site(text: str, settings: Settings, *, endpoint: str, addressing: str | None) -> Site:
    if is_sftp_address(text):
        sftp, connection = open_sftp(read_sftp_address(text), settings.network.ssh)
        click.get_current_context().call_on_close(connection.close)
        return Site(sftp, str(read_sftp_address(text)))
    if not is_bucket_address(text):
        return folder_site(Path(text).expanduser().absolute())
    address = read_bucket_address(text, endpoint=endpoint, addressing=addressing)
    store = open_bucket(
        address,
        environment=settings.environment,
        authorities=settings.authorities,
        keys=BucketSecrets(settings).find,
    )
    return Site(store, str(address))


def _prepare(archive: Archive | None, target: Site) -> None:
    if target.root is not None:
        if archive is not None:
            require_apart(archive.root, target.root)
        write_privately(target.root)


@contextmanager
def _files(
    archive: Archive | None, source: str, site: Callable[[str], Site], ask: "CopyPassphrase", settings: Settings, *,
    at: int | None, encrypts: bool,
) -> Iterator[tuple[UUID, FilesOf, int | None]]:  # fmt: skip
    """Whose copy it will be, what belongs to it, and the number of the copy that it is made from, if it is."""
    if archive is None:
        stored = open_existing(site(source), passphrase=ask)
        if ask.is_left_over and not encrypts:
            require_sealed(stored.mark, name=source)
        copied = StoredCopy(stored, _catalogue(stored, at))
        yield stored.mark.archive, lambda _report: copied, copied.catalogue.head.number
        return
    has_own_database = settings.database_url is None
    with files_of(archive, has_own_database=has_own_database) as files:
        yield (
            archive.identity.id,
            lambda report: files(lambda path, fault: report.damaged.append(CopyProblem(path, fault))),
            None,
        )
    if not has_own_database:
        say(_("the database is on a server, and no part of the copy: save it with pg_dump"))


def _catalogue(stored: Destination, at: int | None) -> Catalogue:
    """Raises NotACopy, NotFound."""
    if at is not None:
        if at not in stored.numbers:
            raise NotFound("there is no copy {number} any more", number=at)
        return read_catalogue(stored, at)
    if stored.catalogue is None:
        raise NotACopy("no copy has ended there yet")
    return stored.catalogue


def _check(site: Site, ask: "CopyPassphrase", percent: float, *, at: int | None, jobs: int, as_json: bool) -> None:
    stored = open_existing(site, passphrase=ask)
    if ask.is_left_over:
        require_sealed(stored.mark, name=site.name)
    catalogue = _catalogue(stored, at)
    with _progress() as progress:
        report = check_copy(
            stored, catalogue, percent=percent, jobs=jobs, progress=progress, chance=random.SystemRandom()
        )
    end_check(report, as_json=as_json)


class CopyPassphrase:
    """Asked for when it is needed, and once."""

    def __init__(self, settings: Settings, *, from_stdin: bool) -> None:
        self._settings = settings
        self._from_stdin = from_stdin
        self._known: Secret | None = None

    def __call__(self, *, is_new: bool) -> Secret:
        if self._known is None:
            self._known = _ask(self._settings, from_stdin=self._from_stdin, is_new=is_new)
        return self._known

    @property
    def is_left_over(self) -> bool:
        """Whether it was given, and nothing has asked for it yet."""
        is_given = self._from_stdin or bool(self._settings.environment.get(PASSPHRASE))
        return is_given and self._known is None


def _ask(settings: Settings, *, from_stdin: bool, is_new: bool) -> Secret:
    """Raises Invalid, where nobody can be asked."""
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if variable := settings.environment.get(PASSPHRASE):
        return Secret(variable)
    if not is_interactive():
        raise Invalid(
            "the copy is encrypted, and nobody can be asked for its passphrase here",
            advice="set MATOU_COPY_PASSPHRASE, or use --passphrase-stdin",
        )
    if not is_new:
        return prompt_secret(_("Passphrase of the copy"))
    say(_("Without its passphrase nobody can ever read the copy: keep it where the archive is not."))
    return prompt_new_secret(_("Passphrase of the copy"))


@contextmanager
def _progress() -> Iterator[CopyProgress]:
    if shows_bars():
        from matou.cli.ui.progress_bars import stage_bars

        with stage_bars() as advance:
            yield lambda stage, done, expected: advance(STAGES[stage], done, expected)
    else:
        yield lambda _stage, _done, _expected: None

"""`matou status`: the newest run of each source, its age, what is not done, and what to do next."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import click
from click.exceptions import Exit

from matou.archive.layout import NotAnArchive
from matou.archive.manifest import SourceLine
from matou.archive.schedule_state import TaskState
from matou.cli.archive_to_read import archive_to_read
from matou.cli.command import Command
from matou.cli.config import CONFIGURATION, SourceTable, read_configuration
from matou.cli.configured_sources import host_at
from matou.cli.durations import read_duration
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, json_option
from matou.cli.runs import utc
from matou.cli.ui.formatting import local_time, size
from matou.cli.ui.output import print_json
from matou.cli.ui.schedule_lines import state_values, status_lines
from matou.errors import Invalid, NotFound
from matou.http.redaction import redact
from matou.i18n import duration, format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.platforms.registry import require_source
from matou.transfer.backup.gaps import BackupGap
from matou.transfer.backup.status import NOTHING_YET, ArchiveStatus, SourceStatus, Verdict, archive_status, verdict_of
from matou.transfer.backup.wording import (
    MOST_NAMED,
    backup_command,
    cut_off_text,
    faults_of_source,
    gap_advice,
    gap_name,
    gap_reason,
    state_of_line,
)
from matou.transfer.schedule.lookup import NO_SCHEDULE, ArchiveScheduleStatus, schedule_status
from matou.wiring import now

ConfiguredSources = tuple[tuple[Path, "SourceTable"], ...]
"""What a configuration lists: each source with the folder of its archive."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source.

    Attributes:
        archive: where it is saved.
        platform, url: as a command would name them.
        status: None where nothing of it was ever saved there.
        is_too_old: the newest run ended longer ago than is wanted.
        cut_off: the run since then that was cut off; None where there is none, or it may end yet.
        command: what saves it again.
        schedule: what is known of how it is saved by itself; None where it is not.
        is_followed: some process goes by the schedule.
    """

    archive: Path
    platform: str
    url: str
    status: SourceStatus | None
    age: timedelta | None
    is_too_old: bool
    cut_off: int | None
    command: tuple[str, ...]
    schedule: TaskState | None = None
    is_followed: bool = False

    @property
    def is_well(self) -> bool:
        return verdict_of(self.status, is_too_old=self.is_too_old, cut_off=self.cut_off) is Verdict.COMPLETE


@click.command(
    "status",
    cls=Command,
    examples={
        "matou status DIR --max-age 26h": _("end with 3 where the newest run is older"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.DAMAGE_FOUND,
    ),
)
@click.argument(
    "directory",
    type=ARCHIVE,
    required=False,
    metavar="[DIR]",
    help=_("the archive; without it, those in matou.toml"),
)
@click.option("--max-age", metavar="AGE", help=_("how old the newest run may be, such as 26h or 2d; any by default"))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default=CONFIGURATION,
    help=_("the file that lists the sources"),
)
@json_option
def status(directory: Path | None, max_age: str | None, config: Path | None, as_json: bool) -> None:
    if directory is not None and config is not None:
        raise Invalid(
            "{archive} names one archive, and --config a file of them", archive=directory, advice="give one of the two"
        )
    limit = None if max_age is None else read_duration(max_age, "--max-age")
    sources = () if directory is not None else _configured(config or Path(CONFIGURATION))
    folders = (
        (directory.expanduser(),) if directory is not None else tuple(dict.fromkeys(folder for folder, _ in sources))
    )
    statuses = {folder: _archive_status(folder, must_exist=directory is not None) for folder in folders}
    schedules = {folder: _schedule_of(folder) for folder in folders}
    rows = [
        replace(_with_schedule(row, schedules[row.archive]), command=_command(row, sources, config))
        for row in _rows(statuses, sources, limit, now())
    ]
    is_well = bool(rows) and all(row.is_well for row in rows)
    if as_json:
        print_json({"is_well": is_well, "sources": [_values(row) for row in rows], "cut_off": _cut_off(statuses)})
    else:
        for line in _lines(rows, statuses):
            click.echo(line)
    if not is_well:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _configured(config: Path) -> ConfiguredSources:
    try:
        tables = read_configuration(config)
    except NotFound as error:
        raise NotFound(
            "no archive was named, and there is no {path}", path=config, advice="name one, as in: matou status DIR"
        ) from error
    for table in tables:
        require_source(table.platform)
    return tuple((Path(table.to).expanduser(), table) for table in tables)


def _archive_status(folder: Path, *, must_exist: bool) -> ArchiveStatus:
    try:
        return archive_status(archive_to_read(folder))
    except NotAnArchive:
        if must_exist or folder.exists():
            raise
        return NOTHING_YET


def _schedule_of(folder: Path) -> ArchiveScheduleStatus:
    try:
        return schedule_status(archive_to_read(folder))
    except NotAnArchive:
        return NO_SCHEDULE


def _with_schedule(row: SourceRow, schedule: ArchiveScheduleStatus) -> SourceRow:
    known = schedule.of_source(row.platform, row.url)
    return replace(row, schedule=known, is_followed=schedule.is_followed)


def _rows(
    statuses: dict[Path, ArchiveStatus],
    sources: tuple[tuple[Path, SourceTable], ...],
    limit: timedelta | None,
    at: datetime,
) -> Iterator[SourceRow]:
    for folder, archive in statuses.items():
        for one in archive.sources:
            age = one.age(at)
            is_too_old = limit is not None and age > limit
            cut_off = None if archive.is_at_work else archive.cut_off_of(one.source)
            run = cut_off.run if cut_off else None
            yield SourceRow(folder, one.source.platform, one.source.url, one, age, is_too_old, run, ())
        yield from _never_ended(folder, archive)
    for folder, table in sources:
        known = [one.source for one in statuses[folder].sources] + [one.source for one in statuses[folder].begun]
        if not any(_is_of(table, source) for source in known):
            yield SourceRow(
                folder,
                table.platform,
                redact(" ".join(table.urls)),
                None,
                None,
                is_too_old=False,
                cut_off=None,
                command=(),
            )


def _never_ended(folder: Path, archive: ArchiveStatus) -> Iterator[SourceRow]:
    """Sources of which a run was cut off, and none has ended."""
    for one in archive.begun:
        cut_off = None if archive.is_at_work else one.run
        yield SourceRow(
            folder, one.source.platform, one.source.url, None, None, is_too_old=False, cut_off=cut_off, command=()
        )


def _is_of(table: SourceTable, source: SourceLine) -> bool:
    return _is_at(table, source.platform, source.url)


def _is_at(table: SourceTable, platform: str, url: str) -> bool:
    """Whether a source of the configuration is this one, by the host of its API, or of one of its repositories."""
    return table.platform == platform and host_at(url, platform) in {host_at(one, platform) for one in table.urls}


def _cut_off(statuses: dict[Path, ArchiveStatus]) -> list[dict[str, object]]:
    return [
        {
            "archive": str(folder),
            "run": one.run,
            "may_end_yet": archive.is_at_work and one.fault is None,
            **({} if one.fault is None else {"fault": str(one.fault)}),
        }
        for folder, archive in statuses.items()
        for one in archive.cut_off
    ]


def _values(row: SourceRow) -> dict[str, object]:
    values: dict[str, object] = {"archive": str(row.archive), "platform": row.platform, "url": row.url}
    one = row.status
    if one is not None and row.age is not None:
        values |= {
            "account": one.source.account,
            "team": one.source.team,
            "run": one.run,
            "started_at": utc(one.started_at),
            "finished_at": utc(one.finished_at),
            "age_seconds": round(row.age.total_seconds()),
            "seconds": (one.finished_at - one.started_at).total_seconds(),
            "received_bytes": one.received_bytes,
            "listing": one.listing,
            "outcomes": {outcome.value: count for outcome, count in one.outcomes.items()},
            "repositories": one.repositories,
            "size_bytes": one.size_bytes,
            "damaged": [line.path for line in one.damaged],
            "not_done": [{"path": line.path, "outcome": line.outcome, "reason": line.reason} for line in one.not_done],
            "not_had": [_gap_values(gap) for gap in one.gaps],
        }
    return {
        **values,
        "run": one.run if one else None,
        "is_done": one is not None and one.is_done,
        "is_too_old": row.is_too_old,
        "cut_off": row.cut_off,
        "is_well": row.is_well,
        "next": _next(row),
        "schedule": None if row.schedule is None else state_values(row.schedule, is_followed=row.is_followed),
    }


def _gap_values(gap: BackupGap) -> dict[str, object]:
    return {
        "what": gap.what,
        "cause": gap.cause,
        "is_fault": gap.is_fault,
        "reason": gap.reason,
        "in": gap.owners,
        "first": gap.first,
        "files": gap.files,
    }


def _lines(rows: list[SourceRow], statuses: dict[Path, ArchiveStatus]) -> Iterator[str]:
    for row in rows:
        yield f"{row.platform}  {printable(row.url)}  {printable(str(row.archive))}"
        yield from (f"  {line}" for line in _lines_of(row))
    if not rows:
        yield _("nothing was ever backed up here")
        yield _("next: {step}").format(step="matou backup PLATFORM --url URL --to DIR")
    for folder, archive in statuses.items():
        yield from (format_error(one.fault) for one in archive.cut_off if one.fault is not None)
        if archive.is_at_work:
            yield _("a backup is at work in {archive}").format(archive=printable(str(folder)))


def _lines_of(row: SourceRow) -> Iterator[str]:
    one = row.status
    if one is None or row.age is None:
        yield _("nothing of it was ever saved")
    else:
        yield _("run {run} ended {when}, {age} ago; it took {duration} and received {received}").format(
            run=one.run,
            when=local_time(one.finished_at),
            age=duration(row.age),
            duration=duration(one.finished_at - one.started_at),
            received=size(one.received_bytes),
        )
        yield _("repositories saved: {count}, {size}").format(count=one.repositories, size=size(one.size_bytes))
        for line in one.not_done[:MOST_NAMED]:
            yield labelled(printable(line.path), state_of_line(line))
        if len(one.not_done) > MOST_NAMED:
            count = len(one.not_done) - MOST_NAMED
            yield ngettext("{count} more is not done", "{count} more are not done", count).format(count=count)
        yield from _faults_of(row, one)
        yield from _gap_lines(one)
    if row.cut_off is not None:
        yield cut_off_text(row.cut_off)
    if row.schedule is not None:
        yield from status_lines(row.schedule, now(), is_followed=row.is_followed)
    yield _("next: {step}").format(step=printable(_next(row))) if not row.is_well else _("all is well")


def _gap_lines(one: SourceStatus) -> Iterator[str]:
    for gap in one.gaps[:MOST_NAMED]:
        yield _("could not be had: {what} ({why})").format(what=gap_name(gap), why=gap_reason(gap))
        yield "  " + gap_advice(gap)
    if len(one.gaps) > MOST_NAMED:
        count = len(one.gaps) - MOST_NAMED
        yield ngettext("{count} more could not be had", "{count} more could not be had", count).format(count=count)


def _faults_of(row: SourceRow, one: SourceStatus) -> Iterator[str]:
    yield from faults_of_source(one)
    if row.is_too_old:
        yield _("that is longer ago than --max-age allows")


def _next(row: SourceRow) -> str:
    """The command that mends it; empty where nothing is to be done."""
    return "" if row.is_well else shlex.join(row.command)


def _command(row: SourceRow, sources: ConfiguredSources, config: Path | None) -> tuple[str, ...]:
    """What a configuration lists is saved as it says there: with its patterns, and by the token that it names."""
    if any(folder == row.archive and _is_at(table, row.platform, row.url) for folder, table in sources):
        return ("matou", "backup", *(() if config is None else ("--config", str(config))))
    concerned = (*row.status.not_done, *row.status.damaged) if row.status is not None else ()
    return backup_command(row.platform, row.url, str(row.archive), concerned)

"""The schedule that a server goes by beside its requests: that of its archive, as a file says it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from matou.archive.layout import Archive
from matou.archive.schedule_state import ScheduledRun, ScheduleTaken
from matou.cli.config import CONFIGURATION
from matou.cli.exit_codes import ExitCode
from matou.cli.schedule_config import read_configured_schedule
from matou.cli.ui.output import say
from matou.errors import MatouError
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.schedule.follow import ENDS_WITHIN, ArchiveSchedule, ScheduleContext
from matou.wiring import now

log = structlog.get_logger(__name__)


class _ScheduleLog:
    """Tells of it as a server does: in its log.

    Args:
        among_workers: others of this server go by it as well, so that one of them has it as a rule.
    """

    def __init__(self, *, among_workers: bool) -> None:
        self._among_workers = among_workers

    def began(self, _archive: Archive, name: str, /) -> None:
        log.info("scheduled_run_began", name=name)

    def ended(self, _archive: Archive, name: str, run: ScheduledRun, /) -> None:
        tell = log.info if run.exit_code == ExitCode.DONE else log.warning
        tell("scheduled_run_ended", name=name, exit_code=run.exit_code, output=run.output)

    def troubled(self, _archive: Archive, error: MatouError | OSError, /) -> None:
        if not (self._among_workers and isinstance(error, ScheduleTaken)):
            log.warning("schedule_troubled", reason=str(error))


def configuration_at(config: Path | None) -> Path | None:
    """The file that was named, or that of the current folder; None where there is none."""
    usual = Path(CONFIGURATION)
    return config or (usual if usual.is_file() else None)


def announced_schedule(archive: Archive, configuration: Path | None) -> Path | None:
    """The file, of which people are told, if it has a schedule for this archive.

    Raises Invalid where the schedule cannot be used.
    """
    if configuration is None:
        return None
    path = configuration.expanduser().absolute()
    if not read_configured_schedule(path, Settings.of_process()).of(archive.root):
        return None
    say(_("going by the schedule in {path}").format(path=configuration))
    return path


@contextmanager
def following_schedule(
    archive: Archive, path: Path | None, *, among_workers: bool = False
) -> Iterator[Callable[[], None]]:
    """Go by it, where there is one. Gives what tells it to stop; it is waited for at the end.

    Args:
        among_workers: others of this server do the same: whoever has it does what is due, until it ends.
    """
    stop = threading.Event()
    thread = None if path is None else _thread(archive, path, stop, _ScheduleLog(among_workers=among_workers))
    if thread is not None:
        thread.start()
    try:
        yield stop.set
    finally:
        stop.set()
        if thread is not None:
            thread.join(ENDS_WITHIN.total_seconds())


def _thread(archive: Archive, path: Path, stop: threading.Event, listener: _ScheduleLog) -> threading.Thread:
    settings = Settings.of_process()
    context = ScheduleContext(
        lambda: read_configured_schedule(path, settings).of(archive.root),
        settings.environment,
        now,
        stop,
        listener,
    )
    return threading.Thread(target=ArchiveSchedule(archive, context).follow, name="schedule", daemon=True)

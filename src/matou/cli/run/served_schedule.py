"""The schedule that a server goes by beside its requests: that of its archive, as a file says it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from matou.archive.layout import Archive
from matou.archive.schedule_state import ScheduledRun
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
    """Tells of it as a server does: in its log."""

    def began(self, _archive: Archive, name: str, /) -> None:
        log.info("scheduled_run_began", name=name)

    def ended(self, _archive: Archive, name: str, run: ScheduledRun, /) -> None:
        tell = log.info if run.exit_code == ExitCode.DONE else log.warning
        tell("scheduled_run_ended", name=name, exit_code=run.exit_code, output=run.output)

    def troubled(self, _archive: Archive, error: MatouError | OSError, /) -> None:
        log.warning("schedule_troubled", reason=str(error))


def configuration_at(config: Path | None) -> Path | None:
    """The file that was named, or that of the current folder; None where there is none."""
    usual = Path(CONFIGURATION)
    return config or (usual if usual.is_file() else None)


@contextmanager
def following_schedule(archive: Archive, configuration: Path | None) -> Iterator[Callable[[], None]]:
    """Go by it, where the file has one for this archive. Gives what tells it to stop; it is waited for at the end.

    Raises Invalid where the schedule cannot be used.
    """
    stop = threading.Event()
    thread = None if configuration is None else _thread(archive, configuration, stop)
    if thread is not None:
        say(_("going by the schedule in {path}").format(path=configuration))
        thread.start()
    try:
        yield stop.set
    finally:
        stop.set()
        if thread is not None:
            thread.join(ENDS_WITHIN.total_seconds())


def _thread(archive: Archive, configuration: Path, stop: threading.Event) -> threading.Thread | None:
    settings, path = Settings.of_process(), configuration.expanduser().absolute()
    if not read_configured_schedule(path, settings).of(archive.root):
        return None
    context = ScheduleContext(
        lambda: read_configured_schedule(path, settings).of(archive.root),
        settings.environment,
        now,
        stop,
        _ScheduleLog(),
    )
    return threading.Thread(target=ArchiveSchedule(archive, context).follow, name="schedule", daemon=True)

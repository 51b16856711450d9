"""Goes by the schedules of all archives of a file, each in a thread of its own, until a signal ends it."""

import signal
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import FrameType

from click.exceptions import Exit

from matou.archive.layout import Archive
from matou.archive.schedule_state import ScheduledRun, ScheduleTaken
from matou.cli.config import CONFIGURATION
from matou.cli.exit_codes import ExitCode, worst
from matou.cli.privacy import keep_private
from matou.cli.schedule_config import ConfiguredSchedule, nothing_is_due, read_configured_schedule
from matou.cli.system_errors import error_of_system
from matou.cli.ui.output import print_error, say
from matou.cli.ui.schedule_lines import ScheduleLines
from matou.cli.ui.verbosity import WORKER_STOPPED
from matou.errors import Invalid, MatouError, NotFound
from matou.i18n import format_error, localize
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.schedule.due import ScheduledTask
from matou.transfer.schedule.follow import AFTER_A_FAULT, LOOK_AGAIN, ArchiveSchedule, ScheduleContext
from matou.wiring import now, open_or_create_archive

AT_ONCE = 2
"""How many jobs, where nobody said it."""


def work(config: Path | None, root: Path | None, jobs: int | None, once: bool) -> None:
    if jobs is not None and root is None:
        raise Invalid("--jobs is said without --root", advice="add --root DIR: whose jobs are to be done")
    if root is not None:
        _work_off(root, config, jobs or AT_ONCE, once=once)
        return
    _go_by_schedule(config, once=once)


def _work_off(root: Path, config: Path | None, at_once: int, *, once: bool) -> None:
    """The schedule is another worker's; of the file only the sources count."""
    if config is not None and not config.is_file():
        raise NotFound("there is no {path}", path=config)
    from matou.cli.run.worker_jobs import do_jobs

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    do_jobs(root, at_once, stop, until_idle=once, config=config)
    if not once:
        say(WORKER_STOPPED)


def _go_by_schedule(config: Path | None, *, once: bool) -> None:
    worker = ScheduleWorker(config or Path(CONFIGURATION), Settings.of_process())
    schedule = worker.read()
    if not schedule.tasks:
        raise nothing_is_due(schedule.path)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    if once:
        code = worker.run_due(schedule.tasks)
        if code is not ExitCode.DONE:
            raise Exit(code)
        return
    worker.follow()
    say(WORKER_STOPPED)


def _code_of(run: ScheduledRun) -> ExitCode:
    try:
        return ExitCode.INTERRUPTED if run.exit_code is None else ExitCode(run.exit_code)
    except ValueError:
        return ExitCode.OUR_FAULT


class ScheduleWorker:
    """One file's. It is read again and again, so that a change counts at once."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._stop = threading.Event()
        self._threads: dict[Path, threading.Thread] = {}

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def read(self) -> ConfiguredSchedule:
        return read_configured_schedule(self._path, self._settings)

    def follow(self) -> None:
        """Until it is stopped; what runs then is asked to end, and waited for."""
        say(_("going by the schedule in {path}").format(path=self.read().path))
        while not self._stop.is_set():
            self._begin_new()
            self._stop.wait(LOOK_AGAIN.total_seconds())
        for thread in self._threads.values():
            thread.join()

    def run_due(self, roots: Iterable[Path]) -> ExitCode:
        codes = [ExitCode.DONE]
        for root in roots:
            try:
                runs = ArchiveSchedule(self._opened(root), self._context(root)).run_due()
            except ScheduleTaken as taken:
                say(localize(taken))
                continue
            codes += [_code_of(run) for run in runs]
        return worst(codes)

    def _begin_new(self) -> None:
        """What is wrong with the file is told by the threads that there are."""
        try:
            roots = self.read().tasks.keys() - self._threads.keys()
        except MatouError:
            return
        for root in roots:
            self._threads[root] = threading.Thread(target=self._follow, args=(root,), name=f"schedule {root}")
            self._threads[root].start()

    def _follow(self, root: Path) -> None:
        while not self._stop.is_set():
            try:
                archive = self._opened(root)
            except (MatouError, OSError) as error:
                print_error(format_error(error if isinstance(error, MatouError) else error_of_system(error)))
                self._stop.wait(AFTER_A_FAULT.total_seconds())
            else:
                ArchiveSchedule(archive, self._context(root)).follow()

    def _opened(self, root: Path) -> Archive:
        """Its state is kept in it, so that it is made where there is none."""
        keep_private(root)
        return open_or_create_archive(root)

    def _context(self, root: Path) -> ScheduleContext:
        return ScheduleContext(partial(self._tasks, root), self._settings.environment, now, self._stop, ScheduleLines())

    def _tasks(self, root: Path) -> tuple[ScheduledTask, ...]:
        return self.read().of(root)

"""Does what an archive's server has to do while nobody waits, beside it or on another machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from matou.cli.open_forge import existing_forge_at
from matou.cli.ui.output import say
from matou.forge.forge import Forge
from matou.i18n import gettext as _
from matou.jobs.queue import Tasks
from matou.server.watch.tracing import Tracing, require_libraries, tracing_of
from matou.settings import Settings
from matou.tasks.table import tasks_of
from matou.transfer.schedule.follow import AFTER_A_FAULT

if TYPE_CHECKING:
    from matou.tasks.backup import ReachSource

ENDS_WITHIN_SECONDS = 5
AT_ONCE_BESIDE_A_SERVER = 2

log = structlog.get_logger(__name__)


def do_jobs(root: Path, at_once: int, stop: threading.Event, *, until_idle: bool, config: Path | None = None) -> None:
    """`config` is the file of the sources whose repositories are saved too."""
    environment = Settings.of_process().environment
    require_libraries(environment)
    with existing_forge_at(root) as forge, tracing_of(environment) as tracing:
        say(_("doing the jobs of {archive}").format(archive=forge.archive.root))
        tasks = _traced(tasks_of(forge, _reach(forge, config)), tracing)
        forge.queue.work(tasks, at_once=at_once, stop=stop, until_idle=until_idle)


def _reach(forge: Forge, config: Path | None) -> "ReachSource | None":
    if config is None:
        return None
    from matou.cli.run.worker_backups import ConfiguredReach

    return ConfiguredReach(forge.archive, config, Settings.of_process())


@contextmanager
def doing_jobs(forge: Forge, tracing: Tracing | None) -> Iterator[None]:
    """Beside a server's requests; what is under way at the end is asked to end, and done by whoever comes next."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(forge, tracing, stop), name="jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(ENDS_WITHIN_SECONDS)


def _work(forge: Forge, tracing: Tracing | None, stop: threading.Event) -> None:
    """Whatever happens to it: a server goes on, and so does this."""
    while not stop.is_set():
        try:
            forge.queue.work(_traced(tasks_of(forge), tracing), at_once=AT_ONCE_BESIDE_A_SERVER, stop=stop)
        except Exception:
            log.exception("jobs_interrupted")
            stop.wait(AFTER_A_FAULT.total_seconds())


def _traced(tasks: Tasks, tracing: Tracing | None) -> Tasks:
    return tasks if tracing is None else tracing.traced(tasks)

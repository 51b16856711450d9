"""Repositories of a run whose process lists, and publishes: one job saves those of one order."""

from collections.abc import Callable
from dataclasses import replace

from matou.errors import Invalid
from matou.forge.forge import Forge
from matou.jobs.queue import RunningJob
from matou.transfer.backup.by_workers.orders import OrderFolder, WorkOrder, WorkResult
from matou.transfer.backup.by_workers.saving import OrderedWork, WorkerAccess

ReachSource = Callable[[str, str, WorkOrder, Callable[[WorkerAccess], WorkResult]], WorkResult]
"""Finds a source by its name and address where it is configured, and hands over what it is reached with."""


def save_repositories(reach: ReachSource, forge: Forge, running: RunningJob) -> None:
    source, url = running.argument("source"), running.argument("url")
    run, number = running.argument("run"), running.argument("order")
    if not (isinstance(source, str) and isinstance(url, str) and isinstance(run, int) and isinstance(number, int)):
        raise Invalid("job {id} is not what a backup enqueues", id=running.job.id)
    archive = replace(forge.archive)
    work = OrderedWork(archive, running, OrderFolder(archive, run), number)
    work.do(lambda order, save: reach(source, url, order, save))

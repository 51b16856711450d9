"""Upkeep of a repository is enqueued by whoever sees that it is due, and not again and again."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from matou.db.repositories import Repository, RepositoryId
from matou.errors import TryLater
from matou.forge.forge import Forge
from matou.model.jobs import NewJob, TaskName

NOT_AGAIN_WITHIN: Final = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class RecentUpkeep:
    """What this process has enqueued a short while ago."""

    def __init__(self) -> None:
        self._enqueued_at: dict[tuple[TaskName, RepositoryId], datetime] = {}

    def is_new(self, task: TaskName, repository: RepositoryId, now: datetime) -> bool:
        """Whether it was not, and now is."""
        self._enqueued_at = {each: at for each, at in self._enqueued_at.items() if now - at < NOT_AGAIN_WITHIN}
        is_new = (task, repository) not in self._enqueued_at
        self._enqueued_at.setdefault((task, repository), now)
        return is_new


def enqueue_now_and_then(forge: Forge, task: TaskName, repository: Repository) -> None:
    """As `enqueue_upkeep`, and by this server not again within ten minutes."""
    if forge.memory(RecentUpkeep).is_new(task, repository.id, forge.now()):
        enqueue_upkeep(forge, task, repository, lock=f"repository {repository.id}")


def enqueue_upkeep(forge: Forge, task: TaskName, repository: Repository, *, lock: str) -> None:
    """Once for all servers, where it does not wait already.

    Nothing depends on it: whoever reads or has written goes on where it cannot be enqueued.
    """
    enqueue_if_possible(forge, NewJob(task, {"repository": repository.id}, lock=lock, key=f"{task} {repository.id}"))


def enqueue_if_possible(forge: Forge, new: NewJob) -> None:
    """As `enqueue_upkeep`, whatever it is about."""
    try:
        forge.queue.enqueue(new)
    except (TryLater, OSError) as error:
        log.warning("upkeep_not_enqueued", task=new.task, arguments=dict(new.arguments), error=str(error))

"""Large repositories whose histories take long to walk through get git's own index of them, in the background.

Whoever walks says how long it took: so repositories that nobody reads, and small ones, which are most, cost nothing,
and large ones are quick from their second reader on, however their commits came.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from matou.db.repositories import Repository, RepositoryId
from matou.errors import MatouError
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, StillComputing
from matou.git.operations.commit_graph import write_commit_graph

SLOW: Final = timedelta(milliseconds=50)
LARGE_FROM_BYTES: Final = 256 * 1024
"""Of the indexes of its packs: some 8,000 objects. Git is quick in any history with fewer."""

NOT_AGAIN_WITHIN: Final = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class CommitGraphs(Jobs):
    """One repository at a time, and each of them now and then."""

    def __init__(self) -> None:
        super().__init__(at_once=1)
        self._begun_at: dict[RepositoryId, datetime] = {}

    def write(self, repository: RepositoryId, work: Callable[[], None], now: datetime) -> None:
        """Begin, unless that was done a short while ago."""
        self._begun_at = {each: at for each, at in self._begun_at.items() if now - at < NOT_AGAIN_WITHIN}
        if repository not in self._begun_at:
            with suppress(StillComputing):
                self.begin(repository, work)
                self._begun_at[repository] = now


@contextmanager
def walking(forge: Forge, repository: Repository) -> Iterator[None]:
    """Around a walk through a history: where it takes long, the next ones shall not."""
    began = time.monotonic()
    yield
    if timedelta(seconds=time.monotonic() - began) >= SLOW and _is_large(forge.git_dir(repository)):
        forge.memory(CommitGraphs).write(repository.id, partial(write_graph, forge, repository), forge.now())


def _is_large(git_dir: Path) -> bool:
    return sum(index.stat().st_size for index in (git_dir / "objects/pack").glob("pack-*.idx")) >= LARGE_FROM_BYTES


def write_graph(forge: Forge, repository: Repository) -> None:
    """Write down what makes walks quick. Nothing depends on it: what fails is logged."""
    try:
        write_commit_graph(forge.git_dir(repository))
    except (MatouError, OSError) as error:
        log.warning("commit_graph_not_written", repository=str(repository.path), error=str(error))

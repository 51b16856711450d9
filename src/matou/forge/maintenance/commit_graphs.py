"""Large repositories whose histories take long to walk through get git's own index of them, in the background.

Whoever walks says how long it took: so repositories that nobody reads, and small ones, which are most, cost nothing,
and large ones are quick from their second reader on, however their commits came.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.maintenance.upkeep import enqueue_now_and_then
from matou.git.operations.commit_graph import write_commit_graph
from matou.model.jobs import TaskName

SLOW: Final = timedelta(milliseconds=50)
LARGE_FROM_BYTES: Final = 256 * 1024
"""Of the indexes of its packs: some 8,000 objects. Git is quick in any history with fewer."""


@contextmanager
def walking(forge: Forge, repository: Repository) -> Iterator[None]:
    """Around a walk through a history: where it takes long, the next ones shall not."""
    began = time.monotonic()
    yield
    if timedelta(seconds=time.monotonic() - began) >= SLOW and _is_large(forge.git_dir(repository)):
        enqueue_now_and_then(forge, TaskName.WRITE_COMMIT_GRAPH, repository)


def _is_large(git_dir: Path) -> bool:
    return sum(index.stat().st_size for index in (git_dir / "objects/pack").glob("pack-*.idx")) >= LARGE_FROM_BYTES


def write_graph(forge: Forge, repository: Repository) -> None:
    """Write down what makes walks quick; nothing depends on it."""
    write_commit_graph(forge.git_dir(repository))

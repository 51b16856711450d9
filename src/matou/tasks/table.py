"""Every task by its name: what a worker of an archive can do."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from matou.forge.forge import Forge
from matou.jobs.queue import RunningJob, Tasks
from matou.model.jobs import TaskName
from matou.tasks.upkeep import compute_analysis, merge_bucket_packs, pack_loose_objects, sweep_bucket, write_graph

if TYPE_CHECKING:
    from matou.tasks.backup import ReachSource

TASKS: Final[Mapping[TaskName, Callable[[Forge, RunningJob], None]]] = MappingProxyType(
    {
        TaskName.PACK_LOOSE_OBJECTS: pack_loose_objects,
        TaskName.WRITE_COMMIT_GRAPH: write_graph,
        TaskName.COMPUTE_ANALYSIS: compute_analysis,
        TaskName.MERGE_BUCKET_PACKS: merge_bucket_packs,
        TaskName.SWEEP_BUCKET: sweep_bucket,
    }
)


def tasks_of(forge: Forge, reach: "ReachSource | None" = None) -> Tasks:
    """`reach` is there where sources are configured; others leave backups to those who have it."""
    tasks = {name.value: partial(task, forge) for name, task in TASKS.items()}
    if reach is None:
        return tasks
    from matou.tasks.backup import save_repositories

    return {**tasks, TaskName.SAVE_REPOSITORIES.value: partial(save_repositories, reach, forge)}

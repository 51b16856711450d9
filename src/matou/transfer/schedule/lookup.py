"""What an archive's schedule says of a source, for whoever shows how that stands."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from matou.archive.layout import Archive
from matou.archive.run_history import host_of
from matou.archive.schedule_state import (
    ScheduleDamaged,
    ScheduleState,
    TaskState,
    is_followed,
    read_schedule,
)

_NO_TIME: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ArchiveScheduleStatus:
    """`is_followed` says whether some process goes by it; `fault` is why nothing is known of it."""

    state: ScheduleState
    is_followed: bool
    fault: ScheduleDamaged | None = None

    def of_source(self, platform: str, url: str) -> TaskState | None:
        """Of the tasks that save it, as far as platform and host tell, the one that runs, or begins next."""
        matching = [
            task
            for task in self.state.tasks.values()
            if task.command == "backup" and task.platform == platform and host_of(url) in task.hosts
        ]
        return min(matching, key=lambda task: (task.running_since is None, task.next_at or _NO_TIME), default=None)


NO_SCHEDULE: Final = ArchiveScheduleStatus(ScheduleState(), is_followed=False)


def schedule_status(archive: Archive) -> ArchiveScheduleStatus:
    try:
        state, fault = read_schedule(archive), None
    except ScheduleDamaged as error:
        state, fault = ScheduleState(), error
    return ArchiveScheduleStatus(state, is_followed(archive), fault)

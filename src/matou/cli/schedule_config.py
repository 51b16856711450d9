"""What matou.toml says of when things are done: its [schedule], and the schedules of its sources."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, time, timedelta, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from matou.cli.config import SourceTable, TimingTable, read_schedule_tables
from matou.cli.configured_sources import by_name, hosts_of_source
from matou.cli.durations import read_duration
from matou.errors import Invalid, Phrase
from matou.model.recurrence import AtDistance, ByClock, ClockTime, Recurrence, Timing
from matou.settings import Settings
from matou.transfer.schedule.due import ScheduledTask

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORTEST_DISTANCE: Final = timedelta(minutes=1)
EACH_HOUR: Final = timedelta(hours=1)
NO_TIMING: Final = TimingTable()
NEVER: Final = "never"

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class ConfiguredSchedule:
    """What is done again and again in each archive of a file."""

    path: Path
    tasks: Mapping[Path, tuple[ScheduledTask, ...]]

    def of(self, root: Path) -> tuple[ScheduledTask, ...]:
        """Those of the archive in a folder, by whatever path."""
        wanted = root.expanduser().resolve()
        return tuple(task for folder, tasks in self.tasks.items() if folder.resolve() == wanted for task in tasks)


def read_configured_schedule(path: Path, settings: Settings) -> ConfiguredSchedule:
    """Raises NotFound where there is no file, and Invalid."""
    path = path.expanduser().absolute()
    tables = read_schedule_tables(path)
    usual = tables.schedule
    tasks = defaultdict[Path, list[ScheduledTask]](list)
    for name, source in by_name(tables.source).items():
        timing = _timing_of(source, usual, name, settings)
        if timing is not None:
            by_workers = usual is not None and usual.by_workers
            tasks[_folder(source)].append(_backup_task(path, name, source, timing, by_workers=by_workers))
    if usual is not None and usual.verify is not None:
        timing = _timing(usual.verify, usual, "verify", settings)
        for folder in {_folder(source): None for source in tables.source}:
            tasks[folder].append(ScheduledTask("verify", ("verify", str(folder), "--quiet"), timing))
    if tables.notify:
        for each in tasks.values():
            each.append(_notices_task(path))
    return ConfiguredSchedule(path, {folder: tuple(each) for folder, each in tasks.items()})


def nothing_is_due(path: Path) -> Invalid:
    return Invalid(
        "{path} does not say when anything is done",
        path=path,
        advice='add to it: [schedule], and below that a line such as daily = "02:30"',
    )


def _folder(source: SourceTable) -> Path:
    return Path(source.to).expanduser().absolute()


def _backup_task(path: Path, name: str, source: SourceTable, timing: Timing, *, by_workers: bool) -> ScheduledTask:
    words = ("backup", "--quiet", f"--config={path}", f"--source={name}", *(["--by-workers"] if by_workers else []))
    return ScheduledTask(f"backup {name}", words, timing, source.platform, hosts_of_source(source))


def _notices_task(path: Path) -> ScheduledTask:
    """What is too old, and whatever ended without a word of its own, is noticed by this."""
    return ScheduledTask("notices", ("notify", "check", "--quiet", f"--config={path}"), Timing(AtDistance(EACH_HOUR)))


def _timing_of(source: SourceTable, usual: TimingTable | None, name: str, settings: Settings) -> Timing | None:
    """None where nothing is said of it."""
    own = source.schedule
    if own == NEVER or (own is None and (usual is None or not _is_timed(usual))):
        return None
    return _timing(own if isinstance(own, TimingTable) else usual or NO_TIMING, usual, name, settings)


def _timing(table: TimingTable, usual: TimingTable | None, name: str, settings: Settings) -> Timing:
    """What it does not say of zone and jitter, [schedule] does."""
    usual = usual or NO_TIMING
    zone = zone_named(table.timezone or usual.timezone, settings)
    recurrence = _recurrence(table, zone, name)
    jitter = table.jitter or usual.jitter
    longest = read_duration(jitter, "jitter") if jitter else timedelta()
    if longest * 2 > recurrence.shortest_gap:
        raise _unusable(name, Phrase("a jitter of {jitter} is more than half of the time between two", jitter=jitter))
    return Timing(recurrence, longest)


def _is_timed(table: TimingTable) -> bool:
    return bool(table.daily or table.weekly or table.every)


def _recurrence(table: TimingTable, zone: tzinfo, name: str) -> Recurrence:
    if table.every:
        distance = read_duration(table.every, "every")
        if table.daily or table.weekly:
            raise _unusable(name, Phrase("it says both {one} and {other}", one="every", other="daily or weekly"))
        if distance < SHORTEST_DISTANCE:
            raise _unusable(name, Phrase("it comes more often than once in a minute"))
        return AtDistance(distance)
    times = (
        *(ClockTime(_time_of_day(text, name)) for text in _texts(table.daily)),
        *(_time_of_week(text, name) for text in _texts(table.weekly)),
    )
    if not times:
        raise _unusable(name, Phrase("it says neither daily nor weekly nor every"))
    return ByClock(times, zone)


def _texts(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) and given else tuple(given)


def _time_of_day(text: str, name: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise _unusable(name, Phrase("{text} is no time such as {example}", text=repr(text), example="02:30"))
    return time(int(found[1]), int(found[2]))


def _time_of_week(text: str, name: str) -> ClockTime:
    day, _blank, at = text.strip().partition(" ")
    if day.lower()[:3] not in DAYS or not _TIME.fullmatch(at.strip()):
        raise _unusable(name, Phrase("{text} is no time such as {example}", text=repr(text), example="sun 03:00"))
    return ClockTime(_time_of_day(at, name), DAYS.index(day.lower()[:3]))


def zone_named(name: str, settings: Settings) -> tzinfo:
    """A zone of the IANA's, or that of this machine where none is named. Raises Invalid."""
    name = name or settings.environment.get("TZ", "").removeprefix(":")
    if not name:
        return _zone_of_machine()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            "there is no time zone {name}",
            name=repr(name),
            advice="name it as Asia/Shanghai; a machine without any has them in the package tzdata",
        ) from error


def _zone_of_machine() -> tzinfo:
    try:
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC


def _unusable(name: str, fault: Phrase) -> Invalid:
    return Invalid(
        "the schedule of {name} cannot be used: {fault}",
        name=repr(name),
        fault=fault,
        advice='it says one of daily = "02:30", weekly = "sun 03:00" and every = "6h"',
    )

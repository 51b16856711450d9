"""Lists what is done when, and writes the timer that makes the machine go by it."""

import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
import msgspec

from matou.archive.layout import NotAnArchive
from matou.archive.schedule_state import ScheduleState, TaskState, is_followed, read_schedule
from matou.cli.config import CONFIGURATION
from matou.cli.run.timers import timer_of_machine
from matou.cli.schedule_config import ConfiguredSchedule, nothing_is_due, read_configured_schedule
from matou.cli.ui.formatting import local_time
from matou.cli.ui.output import print_error, print_json, print_table, say
from matou.cli.ui.schedule_lines import nobody_follows, state_text, state_values
from matou.errors import NotFound
from matou.i18n import gettext as _
from matou.i18n import printable
from matou.settings import Settings
from matou.transfer.schedule.due import ScheduledTask, current_state, next_begin
from matou.wiring import now, open_archive


@dataclass(frozen=True, slots=True)
class _Row:
    """`state` is None where nothing was ever done."""

    root: Path
    task: ScheduledTask
    state: TaskState | None
    next_at: datetime
    is_followed: bool


def list_schedule(config: Path | None, as_json: bool) -> None:
    schedule = read_configured_schedule(config or Path(CONFIGURATION), Settings.of_process())
    rows = list(_rows(schedule))
    if as_json:
        print_json([_values(row) for row in rows])
        return
    print_table([(row.task.name, _next(row), state_text(row.state), str(row.root)) for row in rows])
    if not rows:
        say(_("{path} does not say when anything is done").format(path=schedule.path))
    for root in dict.fromkeys(row.root for row in rows if not row.is_followed):
        print_error(nobody_follows(root))


def _rows(schedule: ConfiguredSchedule) -> Iterator[_Row]:
    for root, tasks in schedule.tasks.items():
        state, followed, seed = _state_in(root)
        for task in tasks:
            known = state.tasks.get(task.name)
            begin = next_begin(task, current_state(task, known, now()), now(), seed=f"{seed} {task.name}")
            yield _Row(root, task, known, begin, followed)


def _state_in(root: Path) -> tuple[ScheduleState, bool, str]:
    """What was done, whether somebody goes by it, and what its jitter is drawn from."""
    try:
        archive = open_archive(root)
    except NotAnArchive:
        return ScheduleState(), False, ""
    return read_schedule(archive), is_followed(archive), str(archive.identity.id)


def _next(row: _Row) -> str:
    return local_time(max(row.next_at, now()))


def _values(row: _Row) -> dict[str, object]:
    state = row.state or current_state(row.task, None, now())
    return {
        "archive": str(row.root),
        "name": row.task.name,
        "command": ["matou", *row.task.words],
        **state_values(msgspec.structs.replace(state, next_at=row.next_at), is_followed=row.is_followed),
    }


def install(config: Path | None, system: bool, user: str | None) -> None:
    settings = Settings.of_process()
    schedule = read_configured_schedule(config or Path(CONFIGURATION), settings)
    if not schedule.tasks:
        raise nothing_is_due(schedule.path)
    timer = timer_of_machine(schedule.path, settings, account=_account(user) if system else None)
    if timer.is_for_cron:
        say(_("this machine has neither systemd nor launchd: add this line with crontab -e:"))
        click.echo(timer.line)
        return
    timer.install()
    for path in timer.files:
        say(_("{path} is written").format(path=printable(str(path))))
    say(_("it counts from your next log-in on; at once with: {command}").format(command=printable(timer.line)))


def _account(user: str | None) -> str:
    """Raises NotFound."""
    try:
        return pwd.getpwnam(user or "root").pw_name
    except KeyError as error:
        raise NotFound("this machine has no account {name}", name=repr(user)) from error

"""What makes this machine back up every night: systemd's timer, launchd's agent, or a line for cron.

No program is started: systemd and launchd read what stands in their folders when the person logs in next.
"""

import plistlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matou.errors import Conflict

HOUR, MINUTE = 2, 15
NAME: Final = "matou-backup"
LABEL: Final = "matou.backup"


class TimerThere(Conflict):
    """Something of that name is there already, and stays as it is."""


@dataclass(frozen=True, slots=True)
class Timer:
    """What is to be done for it.

    Attributes:
        files: what is written, by its place; none where a person has to put `line` where it belongs.
        link: what makes systemd start it, and where that leads.
        line: for cron, what is added; else the command that starts it at once.
    """

    line: str
    files: Mapping[Path, bytes] = field(default_factory=dict)
    link: tuple[Path, str] | None = None

    @property
    def is_for_cron(self) -> bool:
        return not self.files

    def install(self) -> None:
        """Write what is not there. Raises TimerThere, and OSError."""
        for path in self.files:
            if path.exists():
                raise TimerThere("{path} is there already, and is not overwritten", path=path)
        for path, content in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        if self.link is not None:
            place, target = self.link
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_symlink():
                place.symlink_to(target)


def timer_for(system: str, home: Path, configuration: Path, program: Path, *, has_systemd: bool) -> Timer:
    """That of this kind of machine; asks nobody.

    Args:
        system: as `sys.platform` names it.
        home: the person's folder for configuration: `~/.config`; on macOS their home.
        configuration: matou.toml, by its whole path.
    """
    words = [str(program), "backup", "--config", str(configuration)]
    if system == "darwin":
        return _launchd(home, words)
    return _systemd(home, words) if has_systemd else _cron(words)


def _systemd(home: Path, words: list[str]) -> Timer:
    folder, command = home / "systemd" / "user", " ".join(map(_for_systemd, words))
    service = f"[Unit]\nDescription=Matou backup\n\n[Service]\nType=oneshot\nExecStart={command}\n"
    timer = (
        f"[Unit]\nDescription=Nightly Matou backup\n\n[Timer]\nOnCalendar=*-*-* {HOUR:02}:{MINUTE:02}:00\n"
        "Persistent=true\n\n[Install]\nWantedBy=timers.target\n"
    )
    files = {folder / f"{NAME}.service": service.encode(), folder / f"{NAME}.timer": timer.encode()}
    link = folder / "timers.target.wants" / f"{NAME}.timer"
    return Timer(
        f"systemctl --user daemon-reload && systemctl --user start {NAME}.timer", files, (link, f"../{NAME}.timer")
    )


def _for_systemd(word: str) -> str:
    """As systemd.syntax(7) quotes: percent signs and dollars mean something else."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _launchd(home: Path, words: list[str]) -> Timer:
    path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    agent = {
        "Label": LABEL,
        "ProgramArguments": words,
        "StartCalendarInterval": {"Hour": HOUR, "Minute": MINUTE},
    }
    return Timer(f"launchctl load {shlex.quote(str(path))}", {path: plistlib.dumps(agent)})


def _cron(words: list[str]) -> Timer:
    """In which a percent sign is the end of the line."""
    return Timer(f"{MINUTE} {HOUR} * * *  {shlex.join(words)}".replace("%", "\\%"))

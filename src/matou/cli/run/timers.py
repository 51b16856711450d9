"""What makes this machine go by a schedule: systemd's timer, launchd's agent, or a line for cron.

Each looks every quarter of an hour whether something is due, since what the schedule says is read when it is looked at,
and counts in a time zone of its own. No program is started: systemd and launchd read what stands in their folders when
the person logs in next, or the machine starts.
"""

import plistlib
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matou.errors import Conflict, Invalid
from matou.i18n import printable
from matou.settings import Settings

MINUTES: Final = 15
NAME: Final = "matou-schedule"
LABEL: Final = "matou.schedule"
OURS: Final = "written by matou schedule install"
"""Stands in what is written, so that it is known and may be written again."""


class TimerThere(Conflict):
    """Something of that name is there already that is not ours, and stays as it is."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Of which kind it is.

    Attributes:
        system: as `sys.platform` names it.
        home: the person's folder for configuration: `~/.config`; on macOS their home.
        root: of the file system; another one in tests.
    """

    system: str
    home: Path
    has_systemd: bool
    root: Path = Path("/")


@dataclass(frozen=True, slots=True)
class Timer:
    """What is to be done for it.

    Attributes:
        line: for cron, what is added; else the command that starts it at once.
        files: what is written, by its path; none where a person has to put `line` where it belongs.
        link: what makes systemd start it, and where that leads.
    """

    line: str
    files: Mapping[Path, bytes] = field(default_factory=dict)
    link: tuple[Path, str] | None = None

    @property
    def is_for_cron(self) -> bool:
        return not self.files

    def install(self) -> None:
        """Write it, also in place of what was written before. Raises TimerThere, and OSError."""
        for path in self.files:
            if path.is_symlink() or (path.exists() and OURS.encode() not in path.read_bytes()):
                raise TimerThere("{path} is there already, and is not overwritten", path=path)
        for path, content in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if self.link is not None:
            path, target = self.link
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_symlink():
                path.symlink_to(target)


def timer_of_machine(configuration: Path, settings: Settings, *, account: str | None = None) -> Timer:
    """That of this machine: for this person, or else for all, running as an account. Raises Invalid."""
    home = Path.home()
    if sys.platform != "darwin":
        home = Path(settings.environment.get("XDG_CONFIG_HOME") or home / ".config")
    program = Path(shutil.which("matou") or sys.argv[0]).absolute()
    machine = Machine(sys.platform, home, has_systemd=Path("/run/systemd/system").is_dir())
    return timer_for(machine, configuration, program, account=account)


def timer_for(machine: Machine, configuration: Path, program: Path, *, account: str | None = None) -> Timer:
    """That of a kind of machine; asks nobody. Raises Invalid.

    Args:
        configuration: matou.toml, by its whole path.
        account: that it runs as, for the whole machine; None for the person alone.
    """
    words = [str(program), "worker", "--once", "--config", str(configuration)]
    for word in words:
        if printable(word) != word:
            raise Invalid("{path} holds a character that no timer can name", path=word)
    if machine.system == "darwin":
        return _launchd(machine, words, account)
    return _systemd(machine, words, account) if machine.has_systemd else _cron(words)


def _systemd(machine: Machine, words: list[str], account: str | None) -> Timer:
    folder = machine.home / "systemd" / "user" if account is None else machine.root / "etc" / "systemd" / "system"
    command = " ".join(map(_for_systemd, words))
    user = "" if account is None else f"User={account}\n"
    service = (
        f"# {OURS}\n[Unit]\nDescription=Matou does what is due\n\n[Service]\nType=oneshot\n{user}ExecStart={command}\n"
    )
    timer = (
        f"# {OURS}\n[Unit]\nDescription=Matou looks whether something is due\n\n[Timer]\n"
        f"OnCalendar=*:0/{MINUTES}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    )
    files = {folder / f"{NAME}.service": service.encode(), folder / f"{NAME}.timer": timer.encode()}
    link = folder / "timers.target.wants" / f"{NAME}.timer"
    systemctl = "systemctl --user" if account is None else "systemctl"
    line = f"{systemctl} daemon-reload && {systemctl} start {NAME}.timer"
    return Timer(line, files, (link, f"../{NAME}.timer"))


def _for_systemd(word: str) -> str:
    """As systemd.syntax(7) quotes: percent signs and dollars mean something else."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _launchd(machine: Machine, words: list[str], account: str | None) -> Timer:
    folder = machine.home / "Library/LaunchAgents" if account is None else machine.root / "Library/LaunchDaemons"
    path = folder / f"{LABEL}.plist"
    agent: dict[str, object] = {
        "Label": LABEL,
        "ProgramArguments": words,
        "RunAtLoad": True,
        "StartInterval": MINUTES * 60,
    }
    if account is not None:
        agent["UserName"] = account
    content = plistlib.dumps(agent).replace(b"<plist ", f"<!-- {OURS} -->\n<plist ".encode(), 1)
    return Timer(f"launchctl load {shlex.quote(str(path))}", {path: content})


def _cron(words: list[str]) -> Timer:
    """In which a percent sign is the end of the line."""
    return Timer(f"*/{MINUTES} * * * *  {shlex.join(words)}".replace("%", "\\%"))

"""What makes a machine back up every night, for each kind of machine; nothing that is there is overwritten."""

import plistlib
from pathlib import Path

import pytest

from matou.cli.run.timers import Timer, TimerThere, timer_for

PROGRAM = Path("/opt/my tools/matou")
CONFIGURATION = Path('/home/lin/100%/$x "y"/matou.toml')


def timer(system: str, home: Path, *, has_systemd: bool = False) -> Timer:
    return timer_for(system, home, CONFIGURATION, PROGRAM, has_systemd=has_systemd)


def test_systemd_is_given_a_service_and_a_timer_that_starts_it(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True)
    made.install()

    folder = tmp_path / "systemd/user"
    service = (folder / "matou-backup.service").read_text(encoding="utf-8")
    command = '"/opt/my tools/matou" "backup" "--config" "/home/lin/100%%/$$x \\"y\\"/matou.toml"'
    assert f"ExecStart={command}\n" in service
    assert "OnCalendar=*-*-* 02:15:00" in (folder / "matou-backup.timer").read_text(encoding="utf-8")
    wanted = folder / "timers.target.wants/matou-backup.timer"
    assert wanted.resolve() == folder / "matou-backup.timer"


def test_launchd_is_given_an_agent(tmp_path: Path) -> None:
    made = timer("darwin", tmp_path)
    made.install()

    agent = plistlib.loads((tmp_path / "Library/LaunchAgents/matou.backup.plist").read_bytes())
    assert agent["ProgramArguments"] == [str(PROGRAM), "backup", "--config", str(CONFIGURATION)]
    assert agent["StartCalendarInterval"] == {"Hour": 2, "Minute": 15}


def test_elsewhere_a_line_for_cron_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    made = timer("linux", tmp_path)

    assert made.is_for_cron
    assert made.line == "15 2 * * *  '/opt/my tools/matou' backup --config '/home/lin/100\\%/$x \"y\"/matou.toml'"


def test_what_is_there_stays(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True)
    mine = tmp_path / "systemd/user/matou-backup.timer"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")

    with pytest.raises(TimerThere):
        made.install()

    assert mine.read_text(encoding="utf-8") == "mine"
    assert not (mine.parent / "matou-backup.service").exists()

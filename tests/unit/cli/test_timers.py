"""What makes a machine go by a schedule, for each kind of machine; nothing that others wrote is overwritten."""

import plistlib
from pathlib import Path

import pytest

from matou.cli.run.timers import Machine, Timer, TimerThere, timer_for
from matou.errors import Invalid

PROGRAM = Path("/opt/my tools/matou")
CONFIGURATION = Path('/home/lin/100%/$x "y"/matou.toml')


def timer(system: str, home: Path, *, has_systemd: bool = False, account: str | None = None) -> Timer:
    return timer_for(Machine(system, home, has_systemd, root=home / "root"), CONFIGURATION, PROGRAM, account=account)


def test_systemd_is_given_a_service_and_a_timer_that_starts_it(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True)
    made.install()

    folder = tmp_path / "systemd/user"
    service = (folder / "matou-schedule.service").read_text(encoding="utf-8")
    command = '"/opt/my tools/matou" "worker" "--once" "--config" "/home/lin/100%%/$$x \\"y\\"/matou.toml"'
    assert f"ExecStart={command}\n" in service
    assert "User=" not in service
    assert "OnCalendar=*:0/15" in (folder / "matou-schedule.timer").read_text(encoding="utf-8")
    wanted = folder / "timers.target.wants/matou-schedule.timer"
    assert wanted.resolve() == folder / "matou-schedule.timer"
    assert made.line.startswith("systemctl --user daemon-reload")


def test_for_the_whole_machine_it_runs_as_an_account(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True, account="matou")
    made.install()

    service = tmp_path / "root/etc/systemd/system/matou-schedule.service"
    assert "\nUser=matou\n" in service.read_text(encoding="utf-8")
    assert made.line == "systemctl daemon-reload && systemctl start matou-schedule.timer"


def test_launchd_is_given_an_agent(tmp_path: Path) -> None:
    timer("darwin", tmp_path).install()
    timer("darwin", tmp_path, account="lin").install()

    agent = plistlib.loads((tmp_path / "Library/LaunchAgents/matou.schedule.plist").read_bytes())
    daemon = plistlib.loads((tmp_path / "root/Library/LaunchDaemons/matou.schedule.plist").read_bytes())
    assert agent["ProgramArguments"] == [str(PROGRAM), "worker", "--once", "--config", str(CONFIGURATION)]
    assert (agent["StartInterval"], "UserName" in agent, daemon["UserName"]) == (900, False, "lin")


def test_elsewhere_a_line_for_cron_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    made = timer("linux", tmp_path)

    assert made.is_for_cron
    words = "'/opt/my tools/matou' worker --once --config '/home/lin/100\\%/$x \"y\"/matou.toml'"
    assert made.line == f"*/15 * * * *  {words}"


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True)
    mine = tmp_path / "systemd/user/matou-schedule.timer"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")

    with pytest.raises(TimerThere):
        made.install()

    assert mine.read_text(encoding="utf-8") == "mine"
    assert not (mine.parent / "matou-schedule.service").exists()


def test_what_was_written_before_is_written_again(tmp_path: Path) -> None:
    made = timer("linux", tmp_path, has_systemd=True)
    made.install()
    service = tmp_path / "systemd/user/matou-schedule.service"
    service.write_text(service.read_text(encoding="utf-8").replace("my tools", "old tools"), encoding="utf-8")

    made.install()

    assert '"/opt/my tools/matou"' in service.read_text(encoding="utf-8")


def test_a_path_that_would_be_two_lines_of_a_timer_is_refused(tmp_path: Path) -> None:
    evil = Path("/tmp/a\nExecStart=/bin/rm/matou.toml")

    with pytest.raises(Invalid):
        timer_for(Machine("linux", tmp_path, has_systemd=True), evil, PROGRAM)

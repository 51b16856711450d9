"""The schedule in matou.toml, gone by with the installed program: once, until it is stopped, and after a kill."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.git_repositories import make_source
from support.plain_git_server import PlainGitServer, running_plain_git_server
from support.processes import descendants, kill_descendant
from support.program import Person, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlainGitServer]:
    with running_plain_git_server() as server:
        server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
        yield server


class SilentServer:
    """Takes connections and never says anything."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/ship.git"

    def wait_for_client(self) -> None:
        self._clients.append(self._listener.accept()[0])

    def close(self) -> None:
        for one in (self._listener, *self._clients):
            one.close()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    with closing(SilentServer()) as server:
        yield server


def configured(folder: Path, url: str, schedule: str) -> Path:
    path = folder / "matou.toml"
    path.write_text(
        f'[[source]]\nplatform = "git"\nurl = "{url}"\nto = "{folder / "archive"}"\nname = "ship"\n'
        f"[schedule]\n{schedule}\n",
        encoding="utf-8",
    )
    return path


def listed(person: Person, config: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(person.matou("schedule", "list", "--config", config, "--json").out)
    return rows


def test_what_is_due_is_done_once_and_listed(server: PlainGitServer, person: Person, tmp_path: Path) -> None:
    config = configured(tmp_path, f"{server.url}/ship.git", 'every = "6h"\nverify = { weekly = "sun 03:00" }')

    first = person.matou("worker", "--once", "--config", config)
    again = person.matou("worker", "--once", "--config", config)

    assert "backup ship: done" in first.err
    assert again.err == ""
    backup, verify = listed(person, config)
    assert (backup["name"], backup["last"]["exit_code"], backup["running_since"]) == ("backup ship", 0, None)
    assert (verify["name"], verify["last"], verify["is_followed"]) == ("verify", None, False)
    assert len(person.matou("runs", tmp_path / "archive").out.splitlines()) == 1
    table = person.matou("schedule", "list", "--config", config)
    assert "backup ship" in table.out
    assert f"nothing goes by the schedule of {tmp_path / 'archive'} at the moment" in table.err


def test_a_run_that_fails_is_told_with_what_it_said(person: Person, server: PlainGitServer, tmp_path: Path) -> None:
    config = configured(tmp_path, f"{server.url}/nonesuch.git", 'every = "6h"')

    ended = person.matou("worker", "--once", "--config", config, code=3)

    (backup,) = listed(person, config)
    assert backup["last"]["exit_code"] == 3
    assert "nonesuch" in backup["last"]["output"]
    assert "nonesuch" in ended.err


def test_a_worker_that_is_stopped_ends_what_runs_and_it_is_made_up(
    silent: SilentServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, silent.url, 'every = "6h"')

    with person.start("worker", "--config", config) as worker:
        silent.wait_for_client()
        assert listed(person, config)[0]["is_followed"]
        assert listed(person, config)[0]["running_since"] is not None
        worker.terminate()
        _out, err = worker.communicate(timeout=40)

    assert worker.returncode == 0
    assert "backup ship: cut off, after" in err
    assert err.endswith("the worker has stopped\n")
    state = listed(person, config)[0]
    assert (state["last"]["exit_code"], state["running_since"], state["is_followed"]) == (None, None, False)


def test_of_two_workers_one_goes_by_the_schedule_also_while_a_run_outlives_its_worker(
    silent: SilentServer, server: PlainGitServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, silent.url, 'every = "6h"')
    with person.start("worker", "--config", config) as worker:
        silent.wait_for_client()
        backup = next(pid for pid, line in descendants(worker.pid).items() if "backup" in line)
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=30)

    meanwhile = person.matou("worker", "--once", "--config", config)
    configured(tmp_path, f"{server.url}/ship.git", 'every = "6h"')
    os.kill(backup, signal.SIGKILL)
    after = person.matou("worker", "--once", "--config", config)

    assert "another process goes by the schedule of" in meanwhile.err
    assert "backup ship: done" in after.err
    assert listed(person, config)[0]["last"]["exit_code"] == 0


def test_a_run_that_is_killed_does_no_harm_to_the_worker(silent: SilentServer, person: Person, tmp_path: Path) -> None:
    config = configured(tmp_path, silent.url, 'every = "6h"')

    with person.start("worker", "--config", config) as worker:
        silent.wait_for_client()
        assert kill_descendant(worker.pid, "backup")
        silent.wait_for_client()
        worker.terminate()
        worker.communicate(timeout=40)

    assert worker.returncode == 0


def test_a_server_goes_by_the_schedule_of_its_archive_and_stops_what_runs_as_it_ends(
    silent: SilentServer, person: Person, tmp_path: Path
) -> None:
    config, root = configured(tmp_path, silent.url, 'every = "6h"'), tmp_path / "archive"

    with serving(person, root, "--config", str(config)):
        silent.wait_for_client()
        running = json.loads(person.matou("status", root, "--json", code=3).out)
        state = listed(person, config)[0]

    assert running["sources"] == []
    assert (state["is_followed"], state["running_since"] is not None) == (True, True)
    assert listed(person, config)[0]["running_since"] is None
    log = (person.home / "serve.log").read_text(encoding="utf-8")
    assert "scheduled_run_began" in log
    assert "scheduled_run_ended" in log


def test_a_server_of_another_archive_or_one_that_is_told_so_goes_by_no_schedule(
    silent: SilentServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, silent.url, 'every = "6h"')

    with serving(person, tmp_path / "other", "--config", str(config)):
        other = listed(person, config)[0]
    with serving(person, tmp_path / "archive", "--config", str(config), "--no-schedule"):
        silenced = listed(person, config)[0]

    assert not other["is_followed"]
    assert not silenced["is_followed"]


def test_a_file_without_a_schedule_is_told(person: Person, tmp_path: Path) -> None:
    config = tmp_path / "matou.toml"
    config.write_text('[[source]]\nplatform = "git"\nurl = "https://a.example/b.git"\nto = "x"\n', encoding="utf-8")

    for words in (("worker",), ("schedule", "install")):
        assert "does not say when anything is done" in person.matou(*words, "--config", config, code=2).err


def test_one_source_of_a_file_is_saved_by_its_name(server: PlainGitServer, person: Person, tmp_path: Path) -> None:
    config = configured(tmp_path, f"{server.url}/ship.git", 'daily = "02:30"')
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[[source]]\nplatform = "git"\nurl = "{server.url}/other.git"\nto = "{tmp_path / "other"}"\n')

    person.matou("backup", "--config", config, "--source", "ship")
    unknown = person.matou("backup", "--config", config, "--source", "boat", code=2)
    both = person.matou("backup", "git", "--source", "ship", code=2)

    assert not (tmp_path / "other").exists()
    assert "there is no source 'boat'\nthere are: 'ship', 'git 127.0.0.1:" in unknown.err
    assert "--source is about a file of them" in both.err

"""A program that starts ours may have closed what we read, print to or complain to."""

import contextlib
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from support.program import MATOU, Person


def run_without(person: Person, stream: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Args: stream: as a shell closes it."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {stream}', MATOU, *arguments],
        env=person.variables(),
        capture_output=True,
        text=True,
        timeout=60,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether a server comes to answer there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
        time.sleep(0.1)
    return False


def test_what_is_printed_without_an_output_goes_nowhere(person: Person) -> None:
    ended = run_without(person, ">&-", "--version")

    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_complained_of_without_an_output_goes_nowhere(person: Person, tmp_path: Path) -> None:
    ended = run_without(person, "2>&-", "runs", tmp_path / "nothing")

    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.parametrize("options", [[], ["--password-stdin"]], ids=["asked", "read"])
def test_nobody_is_asked_without_an_input(person: Person, tmp_path: Path, options: list[str]) -> None:
    ended = run_without(person, "<&-", "user", "add", "anna", "--root", tmp_path / "a", *options)

    assert ended.returncode == 2
    assert "password" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_server_that_cannot_say_where_it_is_serves_all_the_same(person: Person, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    command: list[str | Path] = [MATOU, "serve", "--root", str(tmp_path / "a"), "--port", str(port)]

    with Path("/dev/full").open("w") as full, log.open("w") as errors:
        server = subprocess.Popen(command, env=person.variables(), stdout=full, stderr=errors)
        try:
            is_there = answers(port)
        finally:
            server.terminate()
            server.wait(30)

    assert is_there
    assert "url_not_printed" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_no_file_of_an_archive_takes_the_place_of_an_output(person: Person, tmp_path: Path) -> None:
    ended = run_without(person, "<&- >&- 2>&-", "user", "add", "anna", "--root", tmp_path / "a", "--no-password")

    assert ended.returncode == 0
    assert person.matou("user", "list", "--root", tmp_path / "a").out.split()[0] == "anna"

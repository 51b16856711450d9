"""A program that starts ours may have closed what we read, print to or complain to."""

import subprocess
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


def test_no_file_of_an_archive_takes_the_place_of_an_output(person: Person, tmp_path: Path) -> None:
    ended = run_without(person, "<&- >&- 2>&-", "user", "add", "anna", "--root", tmp_path / "a", "--no-password")

    assert ended.returncode == 0
    assert person.matou("user", "list", "--root", tmp_path / "a").out.split()[0] == "anna"

"""What every command has in common: the version, help, how much is said, completion, and how a server is stopped."""

import re
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from matou import __version__
from support.program import Person
from support.team import Team

SIGTERM_IS_CAUGHT = 1 << (signal.SIGTERM - 1)


def test_the_program_says_its_version(person: Person) -> None:
    assert person.matou("--version").out == f"matou {__version__}\n"


def test_doctor_and_check_say_the_version(person: Person, made_team: tuple[Path, str]) -> None:
    assert f"matou   {__version__}\n" in person.matou("doctor").out
    assert f"matou {__version__}\n" in person.matou("check", made_team[0]).err


def test_help_of_a_command_is_what_its_own_option_shows(person: Person) -> None:
    assert person.matou("help").out == person.matou("--help").out
    assert person.matou("help", "org", "create").out == person.matou("org", "create", "--help").out


def test_help_of_what_is_no_command_is_a_mistake(person: Person) -> None:
    assert person.matou("help", "org", "nope", code=2).err.startswith("matou: unknown command: nope\n")


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (("runs", "a", "b"), "unexpected argument: b"),
        (("runs", "a", "b", "c"), "unexpected arguments: b c"),
        (("runs", "--tto", "x"), "unknown option: --tto"),
        (("show", "--jsonn"), "unknown option: --jsonn; did you mean --json?"),
        (("bakup",), "unknown command: bakup; did you mean backup?"),
        (("serve", "--port", "x"), "invalid value for --port: 'x' is not a valid whole number\n"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_as_a_fact(person: Person, words: tuple[str, ...], fact: str) -> None:
    assert person.matou(*words, code=2).err.startswith(f"matou: {fact}")


@pytest.mark.parametrize("quiet", [("-q", "doctor"), ("doctor", "-q"), ("doctor", "--quiet")])
def test_quiet_leaves_the_data_and_takes_the_notes_away(person: Person, quiet: tuple[str, ...]) -> None:
    usual = person.matou("doctor")

    ended = person.matou(*quiet)

    assert (ended.out, ended.err) == (usual.out, "")
    assert usual.err != ""


def test_quiet_still_says_what_went_wrong(person: Person) -> None:
    assert person.matou("-q", "verify", "/nowhere", code=2).err.startswith("matou: ")


def test_quiet_and_verbose_together_are_a_mistake(person: Person) -> None:
    assert "-q and -v" in person.matou("-q", "doctor", "-v", code=2).err


def completed(person: Person, shell: str, line: str) -> str:
    """What a shell is given for the last word of a line."""
    words = line.split(" ")
    requests_seen = {
        "_MATOU_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    return replace(person, environment=person.environment | requests_seen).matou().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_platforms(person: Person, shell: str) -> None:
    assert "reindex" in completed(person, shell, "matou rei")
    assert "create" in completed(person, shell, "matou org cr")
    assert "--trust-listing" in completed(person, shell, "matou backup --tru")
    assert "gitcode" in completed(person, shell, "matou backup gitc")
    assert "gitee" in completed(person, shell, "matou migrate a --to gite")
    assert "gitcode" in completed(person, shell, "matou login gitc")
    assert "reindex" in completed(person, shell, "matou help rei")
    assert "remove" in completed(person, shell, "matou help org member rem")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_is_told_names_the_program_and_its_own_protocol(person: Person, shell: str) -> None:
    script = person.matou("completion", shell).out

    assert f"_MATOU_COMPLETE={shell}_complete" in script
    assert re.search(r"^ *(complete|compdef) .*\bmatou\b", script, re.MULTILINE)


def test_bash_completes_with_what_it_was_told(person: Person) -> None:
    requests_seen = (
        "source <(matou completion bash); COMP_WORDS=(matou org cre); COMP_CWORD=2; _matou_completion matou; "
        'echo "${COMPREPLY[@]}"'
    )

    ended = subprocess.run(
        ["bash", "--norc", "-c", requests_seen], env=person.variables(), capture_output=True, text=True, check=True
    )

    assert ended.stdout == "create\n"


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_with_what_it_was_told(person: Person) -> None:
    # Outside of its line editor zsh has no list to put words on: what would be put there is printed.
    requests_seen = (
        "autoload -Uz compinit; compinit -u; source <(matou completion zsh); words=(matou org cre); CURRENT=3; "
        '_describe() { print -l -- "${(@P)3}" }; compadd() { print -l -- "${(@P)${@[-1]}}" }; _matou_completion'
    )

    ended = subprocess.run(
        ["zsh", "-f", "-c", requests_seen], env=person.variables(), capture_output=True, text=True, check=True
    )

    assert ended.stdout == "create:Make an organization; with --parent a namespace inside one.\n"


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes_with_what_it_was_told(person: Person) -> None:
    requests_seen = 'matou completion fish | source; complete --do-complete "matou org cre"'

    ended = subprocess.run(
        ["fish", "--no-config", "-c", requests_seen], env=person.variables(), capture_output=True, text=True, check=True
    )

    assert ended.stdout.split()[0] == "create"


def test_a_server_that_is_told_to_stop_says_so_and_ends_well(team: Team, tmp_path: Path) -> None:
    with team.person.start("serve", "--root", tmp_path / "archive", "--port", "0") as server:
        assert server.stdout is not None
        server.stdout.readline()
        server.terminate()
        _, said = server.communicate(timeout=40)

    assert (server.returncode, said.splitlines()[-1]) == (0, "the server has stopped")


def test_a_server_that_is_told_to_stop_before_it_runs_ends_well_too(person: Person, tmp_path: Path) -> None:
    with person.start("serve", "--root", tmp_path / "archive", "--port", "0") as server:
        while server.poll() is None and not catches_sigterm(server.pid):
            time.sleep(0.001)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=40)

    assert (server.returncode, said.splitlines()[-1]) == (0, "the server has stopped")
    assert "interrupted" not in said


def catches_sigterm(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) & SIGTERM_IS_CAUGHT)

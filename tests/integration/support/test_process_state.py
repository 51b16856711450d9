"""A test that changes the process of all tests is named, and the next one finds it as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

CHANGING = """
import locale, os, pathlib, resource, signal

def test_limit():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (1, most))

def test_handler():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

def test_blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

def test_variable():
    os.environ["LEFT_BEHIND"] = "1"

def test_folder(tmp_path):
    os.chdir(tmp_path)

def test_umask():
    os.umask(0o027)

def test_locale():
    locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C")

def test_borrowing(monkeypatch, tmp_path):
    monkeypatch.setenv("BORROWED", "1")
    monkeypatch.chdir(tmp_path)

def test_nothing_is_left():
    assert "LEFT_BEHIND" not in os.environ
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""


def test_a_test_that_changes_its_process_fails_by_name_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "test_changing.py").write_text(CHANGING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rE",
            "-p",
            "support.process_state",
            "--basetemp",
            str(tmp_path / "base"),
        ],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(TESTS),
            "LC_ALL": "C",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
    )

    named = {line.split("::")[1].split()[0] for line in ended.stdout.splitlines() if line.startswith("ERROR test_")}
    changing = ("limit", "handler", "blocked", "variable", "folder", "umask", "locale")
    assert named == {f"test_{what}" for what in changing}, ended.stdout
    assert "9 passed, 7 errors" in ended.stdout


SENDING_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize("mended", [True, False])
def test_a_child_can_be_interrupted_where_the_shell_has_interrupts_ignored(*, mended: bool) -> None:
    """As in what a script starts with `&`. Without `end_ignoring` the child goes on, which is what this is against."""
    script = [
        "import signal, subprocess, sys",
        "assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN",
        "from support.process_state import end_ignoring",
        "end_ignoring()" if mended else "",
        f"sys.exit(subprocess.run([sys.executable, '-c', {SENDING_ITSELF!r}], stderr=-3).returncode != 0)",
    ]

    ended = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", "\n".join(script)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)},
    )

    assert ended.returncode == int(mended)

"""The real program struck at a chosen system call: killed there, or told of a fault; and what must be so afterwards.

strace counts each kind of call for each thread and process by itself, so a point is "the first that comes to its
k-th such call". So that git is struck too and not only whoever comes first, it can be struck alone.
"""

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from support.program import MATOU, Ended, Person

KILL = "signal=SIGKILL"
INPUT_OUTPUT_ERROR = "error=EIO"

NAMING = ("rename", "link", "unlink", "mkdir")
SYNCING = ("fsync", "syncfs")

_CALL = re.compile(r"(?:.*/)?(\d+) +(\w+)\(")
LONGEST_RUN_SECONDS = 60
LONGEST_GOOD_BYE_SECONDS = 3


@dataclass(frozen=True)
class Point:
    """The k-th call of a kind, and what happens instead of it."""

    call: str
    number: int
    effect: str

    @property
    def option(self) -> str:
        return f"inject={self.call}:{self.effect}:when={self.number}"


@dataclass(frozen=True)
class Traced:
    """How a traced run ended.

    Attributes:
        ended: its code is negative where a signal ended it.
        calls: for each process or thread and each call, how often it was made.
        strikes: how many calls were struck.
    """

    ended: Ended
    calls: Counter[tuple[str, str]]
    strikes: int

    def most(self, call: str) -> int:
        """The highest number that this call came to in any one thread."""
        return max((count for (_, name), count in self.calls.items() if name == call), default=0)


def require_strace(folder: Path) -> None:
    """Skip the test where nothing can be traced."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", folder / "probe", "true"], capture_output=True).returncode != 0:
        pytest.skip("no process may be traced here")


def trace(
    person: Person, folder: Path, *arguments: str | Path, point: Point | None = None, git_only: bool = False,
    **environment: str,
) -> Traced:  # fmt: skip
    """Run the program to its end under strace.

    Args:
        person: whose program it is.
        folder: a new one, for the traces.
        arguments: the program's.
        point: where to strike; None only counts.
        git_only: trace each git child instead, beside each other, and not the program itself.
        environment: beside the person's own.
    """
    folder.mkdir()
    variables = person.variables(PYTHONDONTWRITEBYTECODE="1", **environment)
    strace = ["strace", "-f", "-q", "-e", f"trace={','.join((*NAMING, *SYNCING))}"]
    strace += ["-e", point.option] if point else []
    command: list[str | Path] = [MATOU, *arguments]
    if git_only:
        variables["PATH"] = f"{_wrapped_git(folder, strace)}{os.pathsep}{variables['PATH']}"
    else:
        command = [*strace, "-o", folder / "trace", *command]
    return _ran(command, variables, folder)


def _wrapped_git(folder: Path, strace: list[str]) -> Path:
    """A folder whose `git` is git under strace."""
    words = " ".join(f"'{word}'" for word in strace)
    wrapper = folder / "wrapper" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f"#!/bin/sh\nexec {words} -o '{folder}'/trace.$$ {shutil.which('git')} \"$@\"\n")
    wrapper.chmod(0o755)
    return wrapper.parent


def _ran(command: list[str | Path], variables: Mapping[str, str], folder: Path) -> Traced:
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=LONGEST_RUN_SECONDS)
    traces = list(folder.glob("trace*"))
    lines = [line for path in traces for line in path.read_text(errors="replace").splitlines()]
    calls = Counter((match[1], match[2]) for line in lines if (match := _CALL.match(line)))
    return Traced(Ended(done.returncode, done.stdout, done.stderr), calls, sum(map(strikes_in, traces)))


@contextmanager
def attached(pid: int, trace_file: Path, point: Point) -> Iterator[None]:
    """Strike a process that runs already, or what it starts meanwhile; it goes on unstruck afterwards."""
    words: list[str | Path] = ["strace", "-f", "-q", "-p", str(pid), "-o", trace_file]
    words += ["-e", f"trace={point.call}", "-e", point.option]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as strace:
        try:
            while int(Path(f"/proc/{pid}/status").read_text().partition("TracerPid:")[2].split()[0]) != strace.pid:
                assert strace.poll() is None, strace.communicate()[1]
                time.sleep(0.01)
            yield
        finally:
            _end(strace)


def _end(strace: "subprocess.Popen[str]") -> None:
    strace.terminate()
    try:
        strace.wait(LONGEST_GOOD_BYE_SECONDS)
    except subprocess.TimeoutExpired:
        # It waits for ever for a thread of a process that it killed itself.
        strace.kill()


def strikes_in(trace_file: Path) -> int:
    # A call at which the process is killed never returns; one that is told of a fault says so.
    lines = trace_file.read_text(errors="replace").splitlines()
    return sum("(INJECTED)" in line or line.endswith(" = ?") for line in lines)


def leftovers(root: Path) -> list[str]:
    """What only a process at work needs, below an archive; its own lock file is no leftover."""
    found = [
        path
        for pattern in ("*.lock", "tmp_*", ".tmp-*", "*.partial", "*.keep")
        for path in (root / "repositories").rglob(pattern)
    ]
    archive = Archive.open(root)
    newest = max(archive.run_numbers())
    found += [*archive.staging.iterdir(), *archive.run_folder(newest).glob("*.partial"), *root.glob("*.partial")]
    return [str(path.relative_to(root)) for path in found]

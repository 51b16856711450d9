"""Runs a command and says how long it took and how much memory its first process used at most."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MATOU = Path(sys.executable).with_name("matou")

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Measured:
    """Wall time, and the peak of the process's own resident memory (Linux; 0 elsewhere)."""

    seconds: float
    peak_bytes: int


def matou(*arguments: str | Path) -> Command:
    return [MATOU, *arguments]


def run(command: Command, environment: Mapping[str, str], *, cwd: Path | None = None) -> Measured:
    """Ends the program, with what the command said, where the command fails: what failed was not measured."""
    began = time.monotonic()
    with subprocess.Popen(
        command, env=os.environ | environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        peak = _watch(process)
        seconds = time.monotonic() - began
        assert process.stderr is not None
        error = process.stderr.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{error.decode(errors='replace')}")
    return Measured(seconds, peak)


def _watch(process: subprocess.Popen[bytes]) -> int:
    peak = 0
    while True:
        peak = max(peak, high_water(process.pid))
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        return peak


def high_water(pid: int) -> int:
    """VmHWM of proc(5): the kernel's own record of the peak."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


@contextmanager
def wrapped_git(folder: Path) -> Iterator[tuple[dict[str, str], Callable[[], int]]]:
    """An environment whose `git` writes a line each time that it is started, and the number of lines so far."""
    wrapper, log = folder / "wrapper", folder / "started"
    wrapper.mkdir()
    log.touch()
    script = wrapper / "git"
    script.write_text(f'#!/bin/sh\necho x >>"{log}"\nexec "{shutil.which("git")}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    yield {"PATH": f"{wrapper}{os.pathsep}{os.environ['PATH']}"}, lambda: len(log.read_text(encoding="ascii").split())

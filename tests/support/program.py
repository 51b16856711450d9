"""Runs the installed program as a person or a script would."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MATOU = Path(sys.executable).with_name("matou")


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Person:
    """Somebody at a terminal with a home folder of their own and nothing in their environment but this."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def matou(self, *arguments: str | Path, stdin: str = "", code: int | None = 0, **environment: str) -> Ended:
        """Run the program to its end; `code` is the exit code that it must have, None for any."""
        ended = subprocess.run(
            [MATOU, *arguments],
            input=stdin,
            env=self.variables(**environment),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert code is None or ended.returncode == code, f"{arguments} ended with {ended.returncode}:\n{ended.stderr}"
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start the program as the leader of a process group of its own."""
        return self._start(arguments, environment, subprocess.PIPE)

    def start_logging(self, log: IO[bytes], *arguments: str | Path) -> subprocess.Popen[str]:
        """As `start`, with what it says on standard error in a file."""
        return self._start(arguments, {}, log)

    def _start(
        self, arguments: Sequence[str | Path], environment: Mapping[str, str], stderr: int | IO[bytes]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [MATOU, *arguments],
            env=self.variables(**environment),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def git(self, *arguments: str | Path, **environment: str) -> str:
        ended = subprocess.run(
            ["git", *arguments], env=self.variables(**environment), capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 0, f"git {arguments} ended with {ended.returncode}:\n{ended.stderr}"
        return ended.stdout.strip()

    def variables(self, **more: str) -> dict[str, str]:
        fixed = {
            "PATH": f"{MATOU.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C.UTF-8",
        }
        return fixed | self.environment | more


@contextmanager
def serving(person: Person, root: Path, *options: str) -> Iterator[str]:
    """As `served`, for those who need its URL alone."""
    with served(person, root, *options) as (_, url):
        yield url


@contextmanager
def served(
    person: Person, root: Path, *options: str, workers: int | None = 1
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server over an archive on a free port, with its URL. What it logs is in the person's home folder.

    Args:
        workers: how many processes serve; one begins and ends sooner. None for as many as there are by themselves.
    """
    said = () if workers is None else ("--workers", str(workers))
    # Not into a pipe: one that nobody reads stops whoever writes to it once it is full.
    log = (person.home / "serve.log").open("ab")
    with log, person.start_logging(log, "serve", "--root", root, "--port", "0", *said, *options) as server:
        try:
            assert server.stdout is not None
            yield server, server.stdout.readline().strip()
        finally:
            server.terminate()
            server.communicate(timeout=40)

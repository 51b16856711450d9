"""The program without its start, which costs more than most commands: a process that has loaded it forks for each.

A command still is a process of its own, with its own environment, standard streams and exit code. A test about what
others see of a process, a terminal, or a command beside another one needs the program itself (`support.program`).
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.program import Ended, Person

_PROGRAM = """
import gc, importlib, json, os, sys, traceback
for name in sys.argv[1:]:
    importlib.import_module(name)
from matou.cli.main import main
gc.freeze()

def run(job):
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        opened = os.open(job[name], os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.argv = ["matou", *job["arguments"]]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        if sys.stdout:
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

_LOADED = (
    "argon2.low_level",
    "cryptography.hazmat.primitives.ciphers.aead",
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.libsecret",
    "keyring.core",
    "matou.cli.ui.backup_report",
    "matou.cli.git_setup",
    "matou.cli.hosts",
    "matou.cli.credential_manager",
    "matou.cli.ui.progress",
    "matou.cli.login_check",
    "matou.platforms.coding.source",
    "matou.platforms.gitcode.source",
    "matou.platforms.gitee.source",
    "matou.transfer.backup.command",
    "matou.transfer.common.transports",
    "matou.transfer.backup.run",
)


class ForkingProgram:
    """Runs one command at a time."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._files = {name: folder / name for name in ("stdin", "stdout", "stderr")}

    def run(self, arguments: Sequence[str], *, stdin: str, environment: Mapping[str, str]) -> Ended:
        for name, file in self._files.items():
            file.write_text(stdin if name == "stdin" else "")
        files = {name: str(file) for name, file in self._files.items()}
        job = {"arguments": arguments, "environment": environment, **files}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, self._files["stdout"].read_text(), self._files["stderr"].read_text())


@contextmanager
def forking_program() -> Iterator[ForkingProgram]:
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *_LOADED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            text=True,
        ) as process,
    ):
        yield ForkingProgram(process, Path(folder))


@dataclass(frozen=True, kw_only=True)
class QuickPerson(Person):
    """A person whose commands are forked."""

    program: ForkingProgram

    def matou(self, *arguments: str | Path, stdin: str = "", code: int | None = 0, **environment: str) -> Ended:
        ended = self.program.run([*map(str, arguments)], stdin=stdin, environment=self.variables(**environment))
        assert code is None or ended.code == code, f"{arguments} ended with {ended.code}:\n{ended.err}"
        return ended

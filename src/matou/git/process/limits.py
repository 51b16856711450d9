"""What the two ways to run a git child share: its limits, what it said, and the error when it fails."""

import contextlib
import errno
import os
import re
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final

from matou.errors import Invalid, MatouError
from matou.git.process.sandbox import Limits, git_program, redacted, resource_limits
from matou.settings import ADVICE_ON_CERTIFICATES

LONGEST_STDERR_BYTES: Final = 64 * 1024
BLOCK_BYTES: Final = 64 * 1024

_PRLIMIT_NAMES: Final = {
    resource.RLIMIT_CORE: "core",
    resource.RLIMIT_AS: "as",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_CPU: "cpu",
}
_NO_SPACE: Final = {"No space left on device": errno.ENOSPC, "Disk quota exceeded": errno.EDQUOT}
_NO_MEMORY: Final = re.compile(r"(?im)^fatal: .*(?:out of memory|cannot allocate memory)")
_NOT_TRUSTED: Final = re.compile(r"(?i)certificate (?:problem|verification failed)")
"""What git says of a server's certificate, by OpenSSL and by GnuTLS."""
_NOT_WRITTEN: Final = re.compile(r"(?:could not|couldn't|unable to|failed to|cannot) (?:write|create|append|close)")
"""What git says of a file that it could not write; of a ref's lock, for one, without the system's reason."""


class GitFailed(MatouError):
    """A git child that did not exit with 0.

    `status` is its exit status, negative for the signal that ended it; `stderr` what it said, shortened and
    without a secret.
    """

    def __init__(self, template: str, /, *, status: int, stderr: str, advice: str = "", **values: object) -> None:
        super().__init__(template, advice=advice, status=status, stderr=stderr, **values)
        self.status = status
        self.stderr = stderr


class GitStopped(GitFailed):
    """A git child that lived longer than it may."""


class GitOutOfMemory(GitFailed):
    """A git child that wanted more memory than it may have."""


class UntrustedCertificate(GitFailed, Invalid):
    """A server, asked by a git child, did not prove who it is (TLS)."""


TOOK_TOO_MUCH: Final = (GitStopped, GitOutOfMemory)
"""What is no fault of what git read, nor of whoever asked."""


class BoundedText:
    """The beginning and the end of what a child said: a fault is told at the end, its cause at the beginning."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._was_cut = False

    def add(self, block: bytes) -> bool:
        """False for the empty block that ends a stream."""
        half = LONGEST_STDERR_BYTES // 2
        room = half - len(self._head)
        self._head += block[:room]
        self._tail += block[room:]
        if len(self._tail) > half:
            self._tail = self._tail[-half:]
            self._was_cut = True
        return bool(block)

    @property
    def content(self) -> bytes:
        return self._head + (b"\n[...]\n" if self._was_cut else b"") + self._tail


def command_line(arguments: Sequence[str], git_dir: Path | None, limits: Limits, *, waits_for_input: bool) -> list[str]:
    """All words of a child.

    A child that waits for its input cannot have started others before `limit_process` has limited it. Any other is
    started through prlimit(1), where there is one: by the time that we limited it, its own children might be free.
    """
    program = None if waits_for_input else _prlimit_program()
    prefix = [] if program is None else [program, *_prlimit_options(limits)]
    where = [f"--git-dir={git_dir.absolute()}"] if git_dir is not None else []
    return [*prefix, git_program(), *where, *arguments]


@cache
def _prlimit_program() -> str | None:
    return shutil.which("prlimit") if sys.platform == "linux" else None


def _prlimit_options(limits: Limits) -> list[str]:
    return [f"--{_PRLIMIT_NAMES[kind]}={value}:{value}" for kind, value in _allowed(limits).items()]


def _allowed(limits: Limits) -> dict[int, int]:
    """The limits, none of them above what this process itself may use."""
    allowed = {}
    for kind, value in resource_limits(limits).items():
        hard = resource.getrlimit(kind)[1]
        allowed[kind] = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return allowed


def subcommand(arguments: Sequence[str]) -> str:
    """The word that an error names; what `-c` is given is none."""
    words = iter(arguments)
    for word in words:
        if word == "-c":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def failure_of(
    command: str, *, status: int, stderr: str, git_dir: Path | None, was_stopped: bool
) -> GitFailed | OSError:
    """The error for a child that did not exit with 0; a full disk is an OSError, since it must stop the whole run."""
    where = "" if git_dir is None else str(git_dir)
    for words, number in _NO_SPACE.items():
        if words in stderr:
            return OSError(number, os.strerror(number), where or None)
    if git_dir is not None and _NOT_WRITTEN.search(stderr) and _is_full(git_dir):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), where)
    if was_stopped:
        return GitStopped(
            "git {command} in {repository} took too long",
            command=command,
            repository=where,
            status=status,
            stderr=stderr,
        )
    if _NO_MEMORY.search(stderr):
        return GitOutOfMemory(
            "git {command} in {repository} wanted more memory than it may have",
            command=command,
            repository=where,
            status=status,
            stderr=stderr,
        )
    if _NOT_TRUSTED.search(stderr):
        return UntrustedCertificate(
            "git {command}: the server's certificate is not trusted: {stderr}",
            command=command,
            status=status,
            stderr=stderr,
            advice=ADVICE_ON_CERTIFICATES,
        )
    if status < 0:
        name = signal.Signals(-status).name
        return GitFailed(
            "git {command} in {repository} was ended by {signal}: {stderr}",
            command=command,
            repository=where,
            signal=name,
            status=status,
            stderr=stderr,
        )
    return GitFailed(
        "git {command} in {repository} exited {status}: {stderr}",
        command=command,
        repository=where,
        status=status,
        stderr=stderr,
    )


def _is_full(git_dir: Path) -> bool:
    """No block or no file more. Of a quota the system tells nobody who did not write."""
    try:
        state = os.statvfs(git_dir)
    except OSError:
        return False
    return state.f_bavail == 0 or (state.f_files > 0 and state.f_favail == 0)


def readable_stderr(stderr: bytes, secrets: Sequence[str]) -> str:
    text = redacted(stderr.decode("utf-8", "replace")).strip()
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def limit_process(pid: int, limits: Limits) -> None:
    """Set the limits from outside, where the system can: it costs nothing, and a fork that runs Python first 3 ms."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            for kind, value in _allowed(limits).items():
                resource.prlimit(pid, kind, (value, value))


def limiting_itself(limits: Limits, *, waits_for_input: bool) -> Callable[[], None] | None:
    """What a child does before it becomes git; None where it is limited in another way."""
    if sys.platform == "linux" and (waits_for_input or _prlimit_program() is not None):
        return None
    return partial(_limit_this_process, limits)


def _limit_this_process(limits: Limits) -> None:
    for kind, value in _allowed(limits).items():
        resource.setrlimit(kind, (value, value))

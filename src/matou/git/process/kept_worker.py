"""A module of ours in a process that stays, for work that would hold this one's interpreter: request after request."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import IO, Final

from matou.git.process.groups import GroupLeader
from matou.git.process.limits import limit_process
from matou.git.process.sandbox import Limits
from matou.git.process.worker import WorkerFailed

LONGEST_ANSWER: Final = timedelta(minutes=1)

_LENGTH: Final = 8
_BLOCK_BYTES: Final = 256 * 1024


class KeptWorker:
    """Started by the first request, ended by one that takes too long, and then started anew by the next.

    For one thread at a time. It ends with this process.

    Args:
        module: which calls `answer_requests`.
        limits: of the process; not of one request.
    """

    def __init__(self, module: str, *, limits: Limits) -> None:
        self._module = module
        self._limits = limits
        self._child: GroupLeader | None = None

    def ask(self, request: bytes, *, within: timedelta) -> bytes:
        """What the module answers. Raises WorkerFailed: it did not within that time, or ended."""
        child = self._started()
        try:
            _send(child, request)
            return _receive(child, time.monotonic() + within.total_seconds())
        except (OSError, EOFError, TimeoutError) as error:
            self.end()
            raise WorkerFailed("{module} gave no answer", module=self._module) from error

    def end(self) -> None:
        """Kill it; the next request starts another one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill_group()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            child.wait()

    def _started(self) -> GroupLeader:
        if self._child is None:
            # Nothing of the environment: there may be secrets in it.
            path = {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": os.pathsep.join(sys.path),
            }
            words = [sys.executable, "-P", "-m", self._module]
            self._child = GroupLeader(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path, cwd="/")
            limit_process(self._child.pid, self._limits)
        return self._child


def _send(child: GroupLeader, request: bytes) -> None:
    stdin = _there(child.stdin)
    stdin.write(len(request).to_bytes(_LENGTH, "little") + request)
    stdin.flush()


def _receive(child: GroupLeader, until: float) -> bytes:
    descriptor = _there(child.stdout).fileno()
    size = int.from_bytes(_read(descriptor, _LENGTH, until), "little")
    return _read(descriptor, size, until)


def _read(descriptor: int, size: int, until: float) -> bytes:
    content, poll = bytearray(), select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(content) < size:
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        block = os.read(descriptor, min(size - len(content), _BLOCK_BYTES))
        if not block:
            raise EOFError
        content += block
    return bytes(content)


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        message = "this pipe was not asked for"
        raise ValueError(message)
    return pipe


def answer_requests(answer: Callable[[bytes], bytes]) -> None:
    """In the worker: one request after another, until whoever asks is gone.

    Where one takes too long and nobody is there any more to end it, the system does.
    """
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(_LENGTH):
        request = stdin.read(int.from_bytes(head, "little"))
        signal.setitimer(signal.ITIMER_REAL, LONGEST_ANSWER.total_seconds())
        content = answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        stdout.write(len(content).to_bytes(_LENGTH, "little") + content)
        stdout.flush()

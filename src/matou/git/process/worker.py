"""A module of ours in a process of its own: for what must not be loaded into a server."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from matou.errors import MatouError
from matou.git.process.groups import GroupLeader
from matou.git.process.limits import limit_process
from matou.git.process.sandbox import Limits

_LENGTH: Final = 8
NO_ROOM_LEFT: Final = 28
"""What a worker exits with that could not write what it found out, for want of room."""


class WorkerFailed(MatouError):
    """The process ended without an answer."""


def ask_worker(module: str, request: bytes, *, limits: Limits) -> bytes:
    """Run a module of ours, give it a request, and wait for its answer. It ends when this process does.

    Raises:
        WorkerFailed: it ended in another way than it should, or took too long.
        OSError: of errno ENOSPC; it found no room on the disk.
    """
    # Nothing of the environment: there may be secrets in it.
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)}
    with (
        GroupLeader(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd="/",
        ) as child,
        _killed_at_the_end(child, limits),
    ):
        limit_process(child.pid, limits)
        answer = _exchange(child, request)
        if child.wait() == NO_ROOM_LEFT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if child.returncode != 0:
            raise WorkerFailed("{module} exited {status}", module=module, status=child.returncode)
    return answer


def _exchange(child: GroupLeader, request: bytes) -> bytes:
    stdin, stdout = _there(child.stdin), _there(child.stdout)
    try:
        stdin.write(len(request).to_bytes(_LENGTH, "little") + request)
        stdin.flush()
    except BrokenPipeError:
        return b""
    # Its input stays open meanwhile: should it end, the worker knows that nobody waits any more.
    return stdout.read()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        message = "this pipe was not asked for"
        raise ValueError(message)
    return pipe


@contextmanager
def _killed_at_the_end(child: GroupLeader, limits: Limits) -> Iterator[None]:
    seconds = None if limits.wall is None else limits.wall.total_seconds()
    timer = None if seconds is None else threading.Timer(seconds, child.kill_group)
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        child.kill_group()


def read_request(descriptor: int = 0) -> bytes:
    """In the worker: what it is asked. From then on it ends as soon as whoever asked does."""
    request = _read(descriptor, int.from_bytes(_read(descriptor, _LENGTH), "little"))
    threading.Thread(target=_end_with, args=(descriptor,), daemon=True).start()
    return request


def _read(descriptor: int, size_bytes: int) -> bytes:
    content = b""
    while len(content) < size_bytes and (block := os.read(descriptor, size_bytes - len(content))):
        content += block
    return content


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)
    os._exit(1)

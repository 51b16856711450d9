"""Children that lead a process group, and the signal that ends such a group whole.

A pid is free for somebody else as soon as whoever had it was waited for, and a group is named by its leader's. So what
waits for a leader and what signals its group exclude each other, and after the one there is no other.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import Final

from matou.git.process.child_counts import begin_child

_FIRST_PAUSE_SECONDS: Final = 0.0005
_LONGEST_PAUSE_SECONDS: Final = 0.05


class GroupLeader(subprocess.Popen[bytes]):
    """A child with a session and a group of its own; any thread may wait for it, and any thread may kill it."""

    def __init__(self, *arguments: object, kind: str = "worker", **options: object) -> None:
        """Args: kind: as which it is counted: git's subcommand, or what else it is."""
        self._reaping = threading.Lock()
        super().__init__(*arguments, start_new_session=True, **options)  # type: ignore[call-overload]  # Popen's own
        self._count_end = begin_child(kind)

    def poll(self) -> int | None:
        with self._reaping:
            status = super().poll()
        if status is not None:
            self._count_end(status)
        return status

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired after so many seconds."""
        if self.returncode is None and timeout is None and hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        end = None if timeout is None else time.monotonic() + timeout
        pause = _FIRST_PAUSE_SECONDS
        while (status := self.poll()) is None:
            left = _LONGEST_PAUSE_SECONDS if end is None else end - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return status

    def kill_group(self) -> None:
        """Kill it and every process that it started, those also that outlived it; nothing once it was waited for."""
        with self._reaping:
            if self.returncode is None:
                _kill(self.pid)


def kill_group_of(pid: int) -> None:
    """As `GroupLeader.kill_group`, for a child of asyncio's, which says later than it waited that one has ended."""
    if is_unreaped(pid):
        _kill(pid)


def is_unreaped(pid: int) -> bool:
    """It is a child that nobody has waited for yet. Where the system cannot tell, whoever calls must know."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Whether this machine has a process of that number, of whichever account."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def has_ended(child: GroupLeader) -> bool:
    """Whether a child has ended; it is not waited for, so that its group can still be killed."""
    if child.returncode is not None or not hasattr(os, "waitid"):
        return child.poll() is not None
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)

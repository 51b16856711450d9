"""The processes below one, and what may be sent to a process. Linux only: it looks into /proc.

A number is free for somebody else, a bus of another test say, once whoever had it was waited for.
"""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any


def kill_group(leader: subprocess.Popen[Any]) -> None:
    """Kill a child of ours that runs still, and all that it started."""
    assert leader.poll() is None, f"it has ended by itself, with {leader.returncode}"
    os.killpg(leader.pid, signal.SIGKILL)


def kill_descendant(ancestor: int, word: str) -> bool:
    """Kill one process below another whose command line holds a word; False where there is none."""
    for pid in (pid for pid, line in descendants(ancestor).items() if word in line):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            # What the descriptor stands for is what has that number now, and is looked at before it is signalled.
            if word in descendants(ancestor).get(pid, ""):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
        except ProcessLookupError:
            continue
        finally:
            os.close(descriptor)
    return False


def descendants(pid: int) -> dict[int, str]:
    """Process ids with their command lines; without those that end while this looks."""
    found: dict[int, str] = {}
    for child in _children(pid):
        command_line = _content(Path(f"/proc/{child}/cmdline")).replace("\0", " ")
        found |= ({child: command_line} if command_line else {}) | descendants(child)
    return found


KEPT = "matou.server.web.colouring_worker"
"""What a server keeps once a file was coloured."""


def left_behind(server: int) -> dict[int, str]:
    """The descendants of a server that it should be rid of when nobody asks it anything."""
    return {pid: line for pid, line in descendants(server).items() if KEPT not in line}


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for task in tasks for child in _content(task / "children").split()]


def _content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""

"""This very program in a process of its own, as a person would start it: what ends one of them ends no other."""

import math
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Final

from matou.git.process.groups import GroupLeader, has_ended
from matou.git.process.limits import BLOCK_BYTES, BoundedText

GLANCE_SECONDS: Final = 0.2
"""How long it may take until somebody sees that it is to stop, or that the child has ended."""


@dataclass(frozen=True, slots=True)
class EndedProgram:
    """How it ended.

    Attributes:
        status: what it exited with; the negative number of the signal that killed it.
        output: the beginning and the end of what it said on either stream.
    """

    status: int
    output: str


def run_matou(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    stop: threading.Event,
    ends_within: timedelta,
    inherited: Sequence[int] = (),
) -> EndedProgram:
    """Run a command of ours to its end. Set `stop`, and it is asked to end (SIGTERM), and killed where it does not.

    Args:
        environment: all of it: it finds credentials there as if a person had started it.
        ends_within: how long it may take to end once it was asked to.
        inherited: descriptors that it holds for as long as it lives, locks for example.
    """
    child = GroupLeader(
        [sys.executable, "-P", "-m", "matou", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        pass_fds=tuple(inherited),
    )
    output = BoundedText()
    try:
        _watch(child, output, stop, ends_within)
    finally:
        child.kill_group()
        status = child.wait()
        _pipe(child).close()
    return EndedProgram(status, output.content.decode("utf-8", "replace"))


def _watch(child: GroupLeader, output: BoundedText, stop: threading.Event, ends_within: timedelta) -> None:
    """Until it has ended: another process may hold its output open for longer. Nobody has waited for it then."""
    poll = select.poll()
    poll.register(_pipe(child), select.POLLIN)
    is_open, killed_at = True, math.inf
    while not has_ended(child) and time.monotonic() < killed_at:
        if not is_open:
            time.sleep(GLANCE_SECONDS)
        elif poll.poll(GLANCE_SECONDS * 1000):
            is_open = output.add(os.read(_pipe(child).fileno(), BLOCK_BYTES))
        if stop.is_set() and killed_at == math.inf:
            child.terminate()
            killed_at = time.monotonic() + ends_within.total_seconds()
    while is_open and poll.poll(0):
        is_open = output.add(os.read(_pipe(child).fileno(), BLOCK_BYTES))


def _pipe(child: GroupLeader) -> IO[bytes]:
    assert child.stdout is not None  # noqa: S101 - it was asked for
    return child.stdout

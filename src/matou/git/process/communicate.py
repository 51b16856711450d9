"""All that a child reads and says, by turns in one thread: two threads for each cost more than many a child."""

import contextlib
import os
import select
import subprocess
import time
from typing import IO, Final

from matou.git.process.groups import GroupLeader
from matou.git.process.limits import BLOCK_BYTES, BoundedText
from matou.git.process.sandbox import Limits

_READABLE: Final = select.POLLIN | select.POLLHUP | select.POLLERR


class ChildPipes:
    """Of a child, all of them ours; after `communicate` the child has ended.

    Attributes:
        stderr: what it said there.
        timed_out: it lived longer than it may, and was killed.
    """

    def __init__(self, process: GroupLeader, content: bytes, limits: Limits) -> None:
        self.stderr = BoundedText()
        self.timed_out = False
        self._process = process
        self._deadline = None if limits.wall is None else time.monotonic() + limits.wall.total_seconds()
        self._unwritten = memoryview(content)
        self._stdout: list[bytes] = []
        self._poll = select.poll()
        self._open: dict[int, IO[bytes]] = {}

    def communicate(self) -> bytes:
        """Give it all of its input, and say what it wrote to stdout. A child that reads less than that is no error."""
        try:
            self._begin()
            while self._open and not self.timed_out:
                self._go_on()
            self._wait()
        except BaseException:
            self._process.kill_group()
            raise
        finally:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                _close(pipe)
            self._process.wait()
        return b"".join(self._stdout)

    def _begin(self) -> None:
        """What fits into the pipe is written at once, so that most children are only ever listened to."""
        for pipe, events in (
            (self._process.stdout, _READABLE),
            (self._process.stderr, _READABLE),
            (self._process.stdin, select.POLLOUT),
        ):
            if pipe is not None:
                self._open[pipe.fileno()] = pipe
                self._poll.register(pipe, events)
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
            self._write(self._process.stdin.fileno())

    def _go_on(self) -> None:
        seconds = self._seconds_left()
        ready = self._poll.poll(None if seconds is None else seconds * 1000)
        if not ready:
            self._stop()
        for descriptor, _ in ready:
            if self._open[descriptor] is self._process.stdin:
                self._write(descriptor)
            else:
                self._read(descriptor)

    def _write(self, descriptor: int) -> None:
        try:
            self._unwritten = self._unwritten[os.write(descriptor, self._unwritten) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unwritten = self._unwritten[:0]
        if not self._unwritten:
            self._end(descriptor)

    def _read(self, descriptor: int) -> None:
        block = os.read(descriptor, BLOCK_BYTES)
        if not block:
            self._end(descriptor)
        elif self._open[descriptor] is self._process.stdout:
            self._stdout.append(block)
        else:
            self.stderr.add(block)

    def _end(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        _close(self._open.pop(descriptor))

    def _wait(self) -> None:
        """A child may close its pipes and live on."""
        if self.timed_out:
            return
        try:
            self._process.wait(self._seconds_left())
        except subprocess.TimeoutExpired:
            self._stop()

    def _seconds_left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _stop(self) -> None:
        self.timed_out = True
        self._process.kill_group()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()

"""A person at a real terminal: a pseudo-terminal that controls the program's session, as a window does."""

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.program import MATOU, Person

SECONDS = 30


class Terminal:
    """What stands on the screen, and the keys."""

    def __init__(self, process: "subprocess.Popen[bytes]", ours: int) -> None:
        self.process = process
        self._ours = ours
        self._shown = b""
        self._read_to = 0

    @property
    def shown(self) -> str:
        return self._shown.decode(errors="replace")

    @property
    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)

    def wait_for(self, text: str) -> None:
        """Until it stands there, after what was last waited for."""
        limit = time.monotonic() + SECONDS
        while (place := self.shown.find(text, self._read_to)) < 0:
            assert time.monotonic() < limit, f"{text!r} is not in {self.shown!r}"
            assert self._read(), f"{text!r} is not in {self.shown!r}"
        self._read_to = place + len(text)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """The exit code, once everything was read that the program says."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> bytes:
        """Nothing where nobody has the other side open any longer."""
        ready, _, _ = select.select([self._ours], [], [], SECONDS)
        assert ready, f"nothing happens after {self.shown!r}"
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # EIO: as a pseudo-terminal tells its end
            return b""
        self._shown += read
        return read


@contextmanager
def at_terminal(
    person: Person, *arguments: str | Path, stdin: int | None = None, **environment: str
) -> Iterator[Terminal]:
    """Start the program at a terminal of its own.

    Args:
        stdin: what it reads from instead.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [MATOU, *arguments],
        stdin=theirs if stdin is None else stdin,
        stdout=theirs,
        stderr=theirs,
        env=person.variables(**environment),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread of ours holds a lock
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)

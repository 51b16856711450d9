"""How many commands run and ran by SSH, for whoever watches the server."""

from collections.abc import Iterator
from contextlib import contextmanager


class SshSessionCounts:
    """For the event loop. `begun` is of all since the server began."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.begun += 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

"""Workers of a run write into its archive beside the process that holds the lock, and may outlive that by a moment.

Whoever takes the lock sees to it that none is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matou.fs import flocked

_FILE = "staging/workers"


@contextmanager
def at_work(root: Path) -> Iterator[None]:
    """While a worker writes: beside others. Whether its run goes on, it has to look within."""
    with flocked(root / _FILE, shared=True, creates=True):
        yield


def has_workers(root: Path) -> bool:
    """Whether one writes still. It looks for an instant."""
    try:
        with flocked(root / _FILE, waits=False):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def forget_workers(root: Path) -> None:
    """Once a run is over. The caller holds the archive's lock; a worker that comes late finds its run ended."""
    (root / _FILE).unlink(missing_ok=True)

"""Small files that are nobody else's business: mode 0600 in a folder of mode 0700, replaced in one step."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from matou.errors import MatouError
from matou.fs import flocked


class NotWritten(MatouError):
    """The operating system could not write a private file."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file so that its old or its new content is there, whole, and never readable by others.

    Raises:
        NotWritten: the reason of the operating system's.
    """
    try:
        _make_private(path.parent)
        _replace(path, content)
    except OSError as error:
        raise NotWritten("writing {path}: {reason}", path=path, reason=error.strerror or str(error)) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one, of all threads and processes, between here and the end; waits for its turn.

    Raises:
        NotWritten: the reason of the operating system's.
    """
    with ExitStack() as stack:
        try:
            _make_private(path.parent)
            stack.enter_context(flocked(path, creates=True))
        except OSError as error:
            raise NotWritten("writing {path}: {reason}", path=path, reason=error.strerror or str(error)) from error
        yield


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A program that listens at a port of loopback that it does not choose itself: another is tried where one is taken."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import pytest

PORTS_TRIED = 5
PATIENCE_SECONDS = 30


@contextmanager
def listening_program(
    words: Callable[[int], Sequence[str]], log: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[int]:
    """Start it, give its port, and end it.

    Args:
        words: the command line for a port.
    """
    for _ in range(PORTS_TRIED):
        port = _free_port()
        process = subprocess.Popen(words(port), stdout=log, stderr=log)
        if _listens(port, process):
            break
        process.wait(PATIENCE_SECONDS)
    else:
        pytest.fail(f"{words(0)[0]} did not start")
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """False where it has ended instead, as it does where the port is another's by now."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return process.poll() is None
    return False

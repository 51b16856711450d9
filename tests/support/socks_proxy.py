"""A real SOCKS5 proxy on a free port, and who may use it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

USER, PASSWORD = "li", "密码/1"


@pytest.fixture(scope="module")
def socks_address() -> Iterator[str]:
    """HOST:PORT of one that asks for USER and PASSWORD."""
    program = shutil.which("microsocks")
    if program is None:
        pytest.skip("microsocks is not installed")
    port = _free_port()
    command = [program, "-i", "127.0.0.1", "-p", str(port), "-u", USER, "-P", PASSWORD]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError

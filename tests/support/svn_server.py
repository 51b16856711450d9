"""A real svnserve on loopback, with a password; its repositories are filled without a working copy."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.git.operations.subversion import has_git_svn

needs_svn = pytest.mark.skipif(
    not has_git_svn() or shutil.which("svnserve") is None or shutil.which("svnmucc") is None,
    reason="git-svn or subversion is not installed",
)
USER, PASSWORD = "captain", "t0p secret's"
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class SvnServer:
    """Repositories are below `folder`."""

    folder: Path
    port: int

    def create(self, name: str) -> str:
        """Give its URL."""
        subprocess.run(["svnadmin", "create", self.folder / name], check=True)
        configuration = self.folder / name / "conf"
        text = "[general]\nanon-access = none\nauth-access = read\npassword-db = passwd\nrealm = docks\n"
        (configuration / "svnserve.conf").write_text(text, encoding="ascii")
        (configuration / "passwd").write_text(f"[users]\n{USER} = {PASSWORD}\n", encoding="ascii")
        return f"svn://127.0.0.1:{self.port}/{name}"

    def commit(self, name: str, *words: str, message: str, files: Mapping[str, bytes] | None = None) -> None:
        """One revision: what svnmucc is given, and files at their paths."""
        content = self.folder / "content"
        orders = list(words)
        for number, (path, data) in enumerate((files or {}).items()):
            one = content.with_name(f"content-{number}")
            one.write_bytes(data)
            orders += ["put", str(one), path]
        root = f"file://{self.folder / name}"
        command = ["svnmucc", "--non-interactive", "-u", "li", "-m", message, "-U", root, *orders]
        # Messages and paths that are not ASCII need a locale that has them.
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def running_svn_server(folder: Path) -> Iterator[SvnServer]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    words = [
        "svnserve",
        "-d",
        "--foreground",
        "-r",
        str(folder),
        "--listen-host",
        "127.0.0.1",
        "--listen-port",
        str(port),
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield SvnServer(folder, port)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("svnserve did not start")

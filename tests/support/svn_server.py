"""A real svnserve on loopback, with a password; its repositories are filled without a working copy."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.git.operations.subversion import has_git_svn
from support.listening_programs import listening_program

needs_svn = pytest.mark.skipif(
    not has_git_svn() or shutil.which("svnserve") is None or shutil.which("svnmucc") is None,
    reason="git-svn or subversion is not installed",
)
USER, PASSWORD = "captain", "t0p secret's"


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
    def words(port: int) -> list[str]:
        where = ["--listen-host", "127.0.0.1", "--listen-port", str(port)]
        return ["svnserve", "-d", "--foreground", "-r", str(folder), *where]

    with listening_program(words) as port:
        yield SvnServer(folder, port)

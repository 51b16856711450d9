"""A real sshd on loopback, with keys of its own: each key of a client opens git, or runs what a test says instead."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.settings import SshSettings
from support.listening_programs import listening_program

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_sshd = pytest.mark.skipif(SSHD is None, reason="sshd is not installed")
PRIVILEGES = Path("/run/sshd")


@dataclass(frozen=True)
class SshServer:
    """`folder` holds its keys and its files; `known_hosts` is a file that knows it."""

    folder: Path
    port: int

    @property
    def host(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def url(self, repository: Path) -> str:
        return f"ssh://{self.host}{repository}"

    def settings(self, key: Path | None = None, **more: Path | str) -> SshSettings:
        """Those of a client whose key is let in, unless another is given."""
        given = {"key": key or self.key("captain"), "known_hosts": self.known_hosts, **more}
        return SshSettings(**given)  # type: ignore[arg-type]  # files, and the path of an agent

    def key(self, name: str, *, command: str = "") -> Path:
        """A client's key that is let in; with a command, that is all that it runs."""
        path = self.folder / name
        if not path.exists():
            make_key(path)
            options = f'command="{command}" ' if command else ""
            with (self.folder / "authorized_keys").open("a", encoding="ascii") as file:
                file.write(f"{options}{path.with_suffix('.pub').read_text(encoding='ascii')}")
        return path


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return path


@contextmanager
def running_ssh_server(folder: Path, *, speaks_version_2: bool = True) -> Iterator[SshServer]:
    """It takes git's protocol version from a client only if it is told to: Debian's does not."""
    host_key = make_key(folder / "host")
    (folder / "authorized_keys").touch()
    lines = [
        "ListenAddress 127.0.0.1",
        f"HostKey {host_key}",
        f"AuthorizedKeysFile {folder}/authorized_keys",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 100",
        "Subsystem sftp internal-sftp",
        *(["AcceptEnv GIT_PROTOCOL"] if speaks_version_2 else []),
    ]
    (folder / "sshd_config").write_text("\n".join([*lines, ""]), encoding="ascii")
    if os.getuid() == 0:
        PRIVILEGES.mkdir(exist_ok=True)

    def words(port: int) -> list[str]:
        return [str(SSHD), "-D", "-e", "-f", str(folder / "sshd_config"), "-p", str(port)]

    with (folder / "log").open("wb") as log, listening_program(words, log) as port:
        server = SshServer(folder, port)
        public = host_key.with_suffix(".pub").read_text(encoding="ascii")
        server.known_hosts.write_text(f"[127.0.0.1]:{port} {public}", encoding="ascii")
        yield server

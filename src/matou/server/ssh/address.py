"""Where the server is reached by SSH, and by which key it is known: for addresses on pages and at its start."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from matou.model.names import RepositoryPath

USUAL_PORT = 22


@dataclass(frozen=True, slots=True)
class SshEndpoint:
    """`port` is where people reach it; the host is the one that they reach the pages by."""

    port: int
    fingerprint: str
    public_line: str

    def clone_url(self, base_url: str, path: RepositoryPath) -> str:
        host = host_of(base_url)
        if self.port == USUAL_PORT and ":" not in host:
            return f"git@{host}:{path}.git"
        named = f"[{host}]" if ":" in host else host
        return f"ssh://git@{named}{'' if self.port == USUAL_PORT else f':{self.port}'}/{quote(str(path))}.git"

    def known_hosts_line(self, base_url: str) -> str:
        host = host_of(base_url)
        return f"{host if self.port == USUAL_PORT else f'[{host}]:{self.port}'} {self.public_line}"


@dataclass(frozen=True, slots=True)
class SshListenOptions:
    """Where to listen: an address or a name, and a port, of which 0 lets the system choose.

    `announce` is given where it is and how it is known, as soon as it can be reached.
    """

    host: str
    port: int
    announce: Callable[[SshEndpoint], None]


def host_of(base_url: str) -> str:
    return urlsplit(base_url).hostname or "localhost"

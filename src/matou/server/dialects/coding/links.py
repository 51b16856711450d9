"""The URLs that answers hold. Only what may be trusted goes into one: a configured base, or a Host that is a host."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from matou.db.namespaces import Namespace
from matou.model.names import NamespacePath, RepositoryPath

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")

ICONS = "/static/project_icon"
DEFAULT_ICON = f"{ICONS}/default.svg"


def is_host(text: str) -> bool:
    """Whether a Host header holds a host, a port perhaps, and nothing else."""
    return _HOST.match(text) is not None


@dataclass(frozen=True, slots=True)
class Links:
    """`base` is scheme, host and port, without a slash at the end. Everything behind it is percent-encoded, so that a
    URL stays one word in a shell: the tools that people wrote paste it into a command."""

    base: str

    def clone(self, path: RepositoryPath) -> str:
        return f"{self.base}/{quote(str(path))}.git"

    def page(self, path: RepositoryPath | NamespacePath) -> str:
        return f"{self.base}/{quote(str(path))}"

    def icon(self, namespace: Namespace) -> str:
        if namespace.icon is None:
            return self.base + DEFAULT_ICON
        return f"{self.base}{ICONS}/{namespace.id}/{namespace.icon}"

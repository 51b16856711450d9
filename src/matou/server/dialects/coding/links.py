"""The URLs that answers hold."""

from dataclasses import dataclass
from urllib.parse import quote

from matou.db.namespaces import Namespace
from matou.model.names import NamespacePath, RepositoryPath

ICONS = "/static/project_icon"
DEFAULT_ICON = f"{ICONS}/default.svg"


@dataclass(frozen=True, slots=True)
class Links:
    """`base` is what `server.origin` gave. Everything behind it is percent-encoded, so that a
    URL stays one word in a shell: the tools that people wrote paste it into a command."""

    base: str

    def clone(self, path: RepositoryPath) -> str:
        return f"{self.base}/{quote(str(path))}.git"

    def page(self, path: RepositoryPath | NamespacePath) -> str:
        return self.base + self.path(path)

    def path(self, path: RepositoryPath | NamespacePath) -> str:
        """Of a page, without the host."""
        return f"/{quote(str(path))}"

    def icon(self, namespace: Namespace) -> str:
        if namespace.icon is None:
            return self.base + DEFAULT_ICON
        return f"{self.base}{ICONS}/{namespace.id}/{namespace.icon}"

"""The URLs that answers hold."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from matou.model.names import NamespacePath, RepositoryPath

_PLAIN: Final = re.compile("[A-Za-z0-9_.~-]+")
"""What needs no encoding (RFC 3986, unreserved): nearly all names and numbers."""


@dataclass(frozen=True, slots=True)
class Links:
    """`base` is what `server.origin` gave, and `prefix` what the API stands below; everything behind it is
    percent-encoded, so that a URL stays one word in a shell: the tools that people wrote paste it into a command."""

    base: str
    prefix: str

    def api(self, *segments: str) -> str:
        """Below the API's root; a segment's own slashes are kept."""
        return f"{self.base}{self.prefix}/{'/'.join(map(quoted, segments))}"

    def repository_api(self, path: RepositoryPath, *segments: str | bytes) -> str:
        """Of one repository; its namespace is one segment of the URL, nested or not."""
        owner = quote(str(path.namespace), safe="")
        return self.api("repos") + "/".join(("", owner, quote(path.name), *map(quoted, segments)))

    def page(self, path: RepositoryPath | NamespacePath, *segments: str | bytes) -> str:
        """For people."""
        return "/".join((self.base, quote(str(path)), *map(quoted, segments)))

    def git(self, path: RepositoryPath) -> str:
        return f"{self.base}/{quote(str(path))}.git"

    def user(self, name: str) -> str:
        return f"{self.base}/{quote(name)}"


def quoted(text: str | bytes, *, safe: str = "/") -> str:
    """Percent-encoded, byte by byte where it is not UTF-8."""
    if isinstance(text, str):
        if _PLAIN.fullmatch(text):
            return text
        text = text.encode("utf-8", "surrogateescape")
    return quote(text, safe=safe)

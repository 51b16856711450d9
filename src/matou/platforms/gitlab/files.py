"""Files that a project at a GitLab keeps: what people put into texts, and packages that releases link to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from matou.http.addresses import segment
from matou.platforms.base.metadata import FileRequest
from matou.platforms.gitlab.api import GitLabApi

UPLOAD: Final = re.compile(r"(?P<project>(?:/[^?#]+)?)/uploads/(?P<secret>[0-9a-f]{32})/(?P<name>[^/?#]+)")
"""Whoever knows the secret may see the file: it stands in texts alone."""

API_GIVES_UPLOADS: Final = (17, 4)
"""Since then a token opens an upload; before, its page does, to whoever is logged in."""

_NO_PARTS: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class GitLabFiles:
    """The files of one project.

    Attributes:
        id: its number; `path` is that of its page, the server's own with it, without a slash before it.
        version_of_server: asks for it; called when a file is to be fetched.
    """

    api: GitLabApi
    id: str
    path: str
    version_of_server: Callable[[], tuple[int, int]]

    def is_upload(self, address: str) -> bool:
        """Whether an address, absolute or not, is that of an upload of any project of this server."""
        split = urlsplit(address)
        at_site = not split.netloc or f"{split.scheme}://{split.netloc}" == self._origin
        return at_site and UPLOAD.fullmatch(split.path) is not None

    def is_asset(self, address: str) -> bool:
        """Whether a release's link leads to what this project keeps: one of its uploads, or a file of a package."""
        return self._own_upload(address) is not None or self._is_package(address)

    def request_of(self, url: str, signed: str | None) -> FileRequest:
        """With the token, where it is a file of this project: whoever writes a text may see its files himself.

        Args:
            signed: where the API has named it as a file of a release.
        """
        upload = self._own_upload(url)
        if upload is not None and self.version_of_server() >= API_GIVES_UPLOADS:
            address = f"{self._own}/uploads/{upload['secret']}/{segment(unquote(upload['name']))}"
            return FileRequest(url=address, hosts=self._hosts, authorization=self.api.authorization(""))
        if signed is not None and self._is_package(signed):
            return FileRequest(url=signed, hosts=self._hosts, authorization=self.api.authorization(""))
        path = f"{self._page}{url}" if url.startswith("/uploads/") else url
        return FileRequest(url=f"{self._origin}{path}" if path.startswith("/") else path, hosts=self._hosts)

    def _own_upload(self, address: str) -> re.Match[str] | None:
        split = urlsplit(address)
        found = UPLOAD.fullmatch(split.path) if self.is_upload(address) else None
        own = ("", self._page, f"{self._root}/-/project/{self.id}")
        is_own = found is not None and found["project"] in own
        return found if is_own else None

    def _is_package(self, address: str) -> bool:
        """Of this project alone: any other may be one that whoever wrote the release may not see."""
        base, split = f"{self._own}/packages/", urlsplit(address)
        rest = [unquote(part) for part in address.removeprefix(base).split("/")]
        is_plain = not split.query and not split.fragment and all("/" not in part for part in rest)
        return address.startswith(base) and is_plain and _NO_PARTS.isdisjoint(rest)

    @property
    def _own(self) -> str:
        return f"{self.api.url}/projects/{self.id}"

    @property
    def _origin(self) -> str:
        split = urlsplit(self.api.url)
        return f"{split.scheme}://{split.netloc}"

    @property
    def _root(self) -> str:
        """What stands before the path of each page: a server may be below a path."""
        return urlsplit(self.api.url).path.removesuffix("/api/v4")

    @property
    def _page(self) -> str:
        return f"/{self.path}"

    @property
    def _hosts(self) -> frozenset[str]:
        return frozenset({urlsplit(self.api.url).hostname or ""})

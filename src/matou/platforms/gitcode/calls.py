"""What every part of the client stands on."""

from collections.abc import Mapping
from typing import TypeVar

from matou.platforms.gitcode.api import GitCodeApi

T = TypeVar("T")


class GitCodeCalls:
    """Calls one API for one token. A repository is named `owner/name` throughout."""

    def __init__(self, api: GitCodeApi) -> None:
        self._api = api

    def _set(self, kind: type[T], path: str, body: Mapping[str, object]) -> T:
        """PUT what may be put twice."""
        return self._api.read(kind, self._api.send_json("PUT", path, body, repeatable=True))

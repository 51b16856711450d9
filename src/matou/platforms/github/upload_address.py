"""Where files of releases go: a host of its own at GitHub, a path of its own at a server; no answer is believed."""

from typing import Final
from urllib.parse import urlsplit

from matou.platforms.github import PLATFORM

_API: Final = "api."
_PATH: Final = "/api/v3"


def upload_address(api: str) -> str:
    """`https://uploads.github.com` for `https://api.github.com`, `https://uploads.TEAM.ghe.com` for what is at ghe.com,
    `…/api/uploads` for `…/api/v3`."""
    bare, parts = api.rstrip("/"), urlsplit(api)
    host = parts.hostname or ""
    if PLATFORM.is_at(api) or host.endswith(".ghe.com"):
        return f"{parts.scheme}://uploads.{host.removeprefix(_API)}"
    return f"{bare.removesuffix(_PATH)}/api/uploads"

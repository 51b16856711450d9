"""Names of this server that stand for one platform each: at such a host `/api/v5`, or `/api/v3`, is that platform's.

What a client asks for is looked up among the names that the operator gave, and in no other way: exactly, without its
port and whatever its case. A proxy's word for it is in the request already (`trusted_proxies`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from matou.server.origin import HOST, PLATFORM
from matou.server.streaming import header
from matou.settings import InvalidSetting

PLATFORMS: Final = ("gitcode", "gitee", "github")
"""Those whose API stands where another one's does."""

_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9][a-z0-9-]{0,62})*\Z")


class NoHostName(InvalidSetting):
    """What was to stand for a platform is no name of a host."""


class NoHostPlatform(InvalidSetting):
    """A host cannot stand for this platform: none, or one whose API has a path of its own."""


def read_hosts(given: Mapping[str, str]) -> Mapping[str, str]:
    """Names with the platform that each stands for. Raises NoHostName, NoHostPlatform."""
    hosts: dict[str, str] = {}
    for text, platform in given.items():
        name = _read_name(text)
        if platform not in PLATFORMS:
            known = ", ".join(PLATFORMS)
            raise NoHostPlatform(
                "{name} is given to {platform}; a host can stand for: {known}",
                name=repr(text)[:100],
                platform=repr(platform)[:100],
                known=known,
            )
        if hosts.setdefault(name, platform) != platform:
            raise NoHostName("{name} is given to two platforms", name=repr(text)[:100])
    return hosts


class PlatformHosts:
    """Notes in a request's scope which platform its host stands for."""

    def __init__(self, app: ASGIApp, hosts: Mapping[str, str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        platform = self._hosts.get(host_name(scope)) if scope["type"] == "http" else None
        await self._app(scope if platform is None else {**scope, PLATFORM: platform}, receive, send)


class AtPlatform(BaseRoute):
    """Routes at the hosts that stand for one platform, and at no others."""

    def __init__(self, platform: str, routes: Sequence[BaseRoute]) -> None:
        self._platform = platform
        self._routes = tuple(routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope.get(PLATFORM) != self._platform:
            return Match.NONE, {}
        for route in self._routes:
            match, found = route.matches(scope)
            if match is not Match.NONE:
                return match, {**found, "platform_route": route}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["platform_route"].handle(scope, receive, send)


def host_name(scope: Scope) -> str:
    """In lower case, without its port; empty where it can be none."""
    host = header(scope["headers"], b"host").decode("latin-1")
    return host.lower().rpartition(":")[0] or host.lower() if HOST.match(host) and host[0] != "[" else ""


def _read_name(text: str) -> str:
    """Raises NoHostName."""
    try:
        # As a client writes it that is asked for a name in Chinese.
        name = text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not _NAME.match(name):
        raise NoHostName(
            "{name} is no name of a host",
            name=repr(text)[:100],
            advice="give it as in: gitee.example.org, without a scheme and a port",
        )
    return name

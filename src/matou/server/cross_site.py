"""Refuses what a page of another site has a browser send here, and what one that calls itself ours has it read.

A browser that logged in at one of our pages adds that login to whatever it sends us, and any page of the web can have
it send a form. Clients that are no browsers send neither of the two headers looked at. Nothing is asked of requests
that change nothing: what they answer is kept from other sites by the browser itself.
"""

import asyncio
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from matou.forge.access import are_open_backups_local
from matou.forge.forge import Forge
from matou.server.streaming import PLAIN_TEXT, Header, header, send_answer

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({b"same-origin", b"none"})


class SameSiteOnly:
    """The order is that of https://pkg.go.dev/net/http#CrossOriginProtection: what the browser says of itself, and
    where it says nothing (an old one, or plain HTTP) whether the page's host is ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _HARMLESS and is_cross_site(scope["headers"]):
            await send_answer(send, 403, (PLAIN_TEXT,), b"a page of another site may not ask for this\n")
            return
        await self._app(scope, receive, send)


class LocalNamesOnly:
    """While whoever reaches the server is taken for its owner, it answers to this machine's own names alone.

    A page whose name is made to stand for 127.0.0.1 is of our origin to the browser, and would read every backup. Such
    a page can have any name, but neither `localhost` nor a number, nor one that the operator has given to the server.
    """

    def __init__(self, app: ASGIApp, forge: Forge, base_url: str | None, hosts: Collection[str] = frozenset()) -> None:
        self._app = app
        self._forge = forge
        self._configured = frozenset({urlsplit(base_url or "").hostname, *hosts} - {None})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and await self._is_mistaken(scope["headers"]):
            await send_answer(send, 421, (PLAIN_TEXT,), b"ask for this by localhost, or make an account first\n")
            return
        await self._app(scope, receive, send)

    async def _is_mistaken(self, headers: list[Header]) -> bool:
        if not self._forge.loopback or self._is_known(headers):
            return False
        return await asyncio.to_thread(are_open_backups_local, self._forge)

    def _is_known(self, headers: list[Header]) -> bool:
        name = _name_of(header(headers, b"host"))
        return not name or name in self._configured or f".{name}".endswith(".localhost") or _is_number(name)


def is_cross_site(headers: list[Header]) -> bool:
    site, origin = header(headers, b"sec-fetch-site"), header(headers, b"origin")
    if site:
        return site not in _OURS
    return bool(origin) and _host_of(origin) != header(headers, b"host").decode("latin-1").lower()


def _host_of(origin: bytes) -> str | None:
    """None where it is no URL: `null`, which a sandboxed page sends."""
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower() or None
    except ValueError:
        return None


def _name_of(host: bytes) -> str:
    try:
        return urlsplit(f"//{host.decode('latin-1')}").hostname or ""
    except ValueError:
        return "?"


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

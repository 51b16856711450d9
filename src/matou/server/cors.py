"""Lets pages of the sites that the operator named read the API in a browser: read, and nothing else.

A browser sends no login of its own along: an answer never says that it may. https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import asyncio
import re
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matou.forge.access import are_open_backups_local
from matou.forge.forge import Forge
from matou.server.streaming import Header, header, send_answer
from matou.settings import InvalidSetting

ANY = "*"
_API = re.compile(rb"/+api/+v[358](?:/|\Z)")
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+\Z")
_READING = frozenset({"GET", "HEAD"})
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"authorization, private-token, content-type, if-none-match"),
    (b"access-control-max-age", b"600"),
)
_SHOWN: Header = (b"access-control-expose-headers", b"etag, link, retry-after, total_count, total_page")


class NoOrigin(InvalidSetting):
    """What was named as a site is none."""


def read_origin(text: str) -> str:
    """A scheme and a host as a browser writes them, or `*` for every site. Raises NoOrigin."""
    if text != ANY and not _ORIGIN.match(text):
        raise NoOrigin(
            "{origin} is no site; https://app.example.org is one, and * is every one", origin=repr(text)[:100]
        )
    return text


class ReadableByPages:
    """Adds to what the API answers that a page may read it."""

    def __init__(self, app: ASGIApp, forge: Forge, origins: Collection[str]) -> None:
        self._app = app
        self._forge = forge
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = await self._allowed(scope) if scope["type"] == "http" else None
        if allowed is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send_answer(send, 204, (*allowed, *_PREFLIGHT), b"")
        else:
            await self._app(scope, receive, _adding(send, (*allowed, _SHOWN)))

    async def _allowed(self, scope: Scope) -> tuple[Header, ...] | None:
        """The headers that let the page in; None where it is not let in."""
        origin = header(scope["headers"], b"origin")
        requested = header(scope["headers"], b"access-control-request-method").decode("latin-1")
        method = requested if scope["method"] == "OPTIONS" else scope["method"]
        if not origin or method not in _READING or not _API.match(scope["raw_path"]):
            return None
        if not {ANY, origin.decode("latin-1")} & self._origins:
            return None
        # Whoever is at this machine is then taken for its owner, and so is a page in their browser.
        if await asyncio.to_thread(are_open_backups_local, self._forge):
            return None
        if ANY in self._origins:
            return ((b"access-control-allow-origin", b"*"),)
        return ((b"access-control-allow-origin", origin), (b"vary", b"origin"))


def _adding(send: Send, headers: tuple[Header, ...]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_with_headers

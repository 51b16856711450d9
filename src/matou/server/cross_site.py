"""Refuses what a page of another site has a browser send here.

A browser that logged in at one of our pages adds that login to whatever it sends us, and any page of the web can have
it send a form. Clients that are no browsers send neither of the two headers looked at. Nothing is asked of requests
that change nothing: what they answer is kept from other sites by the browser itself.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

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

"""The URLs that answers hold."""

from urllib.parse import quote

from matou.server.api.context import RequestContext

PORTRAIT = ("assets", "no_portrait.png")


def url(context: RequestContext, *segments: str) -> str:
    """Below the API's root; a segment's own slashes are encoded."""
    links = context.links
    return "/".join((f"{links.base}{links.prefix}", *(quote(segment, safe="") for segment in segments)))


def portrait_url(context: RequestContext) -> str:
    """Everybody's: apps load it unasked and fail where there is none."""
    return url(context, *PORTRAIT)

"""Project icons: pictures at an absolute URL that needs no log-in, since clients fetch them with a bare GET.

The URL holds the digest of the picture, which only those know who may see the project.
"""

from hmac import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from matou.db.namespaces import Namespace, NamespaceId
from matou.errors import NotFound
from matou.forge.accounts.namespaces import find_namespace_by_id, read_icon
from matou.forge.forge import Forge
from matou.server.api.links import Links

ICONS = "/static/project_icon"
DEFAULT_ICON = f"{ICONS}/default.svg"
LARGEST_ID = 2**63 - 1

# A picture comes from whoever made the project: it runs nothing, loads nothing and is nothing but what it looks like.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=86400",
}
DEFAULT_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="8" fill="#35618e"/>'
    b'<path d="M14 40h36l-6 10H20zM30 14h4v22h-4zM36 18l12 16H36z" fill="#fff"/></svg>\n'
)

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_UNKNOWN = "application/octet-stream"


def icon_url(links: Links, namespace: Namespace) -> str:
    return links.base + (DEFAULT_ICON if namespace.icon is None else f"{ICONS}/{namespace.id}/{namespace.icon}")


def icon_routes(forge: Forge) -> list[Route]:
    async def default(_: Request) -> Response:
        return _picture(DEFAULT_PICTURE)

    async def of_project(request: Request) -> Response:
        content = await run_in_threadpool(
            _read, forge, int(request.path_params["id"]), str(request.path_params["digest"])
        )
        return Response(status_code=404, headers=HEADERS) if content is None else _picture(content)

    return [Route(DEFAULT_ICON, default), Route(f"{ICONS}/{{id:int}}/{{digest}}", of_project)]


def _read(forge: Forge, namespace_id: int, digest: str) -> bytes | None:
    """None where there is no such project or its icon is another: a digest alone must not open a blob."""
    if namespace_id > LARGEST_ID:
        return None
    try:
        namespace = find_namespace_by_id(forge, NamespaceId(namespace_id))
    except NotFound:
        return None
    if namespace.icon is None or not compare_digest(namespace.icon.encode(), digest.encode("utf-8", "replace")):
        return None
    return read_icon(forge, namespace)


def _picture(content: bytes) -> Response:
    return Response(content, headers=HEADERS, media_type=media_type(content))


def media_type(content: bytes) -> str:
    """By what the bytes begin with, of the few kinds that a browser shows as a picture; else none at all."""
    for beginning, kind in _SIGNATURES:
        if content.startswith(beginning):
            return kind
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return "image/svg+xml" if _is_svg(content) else _UNKNOWN


def _is_svg(content: bytes) -> bool:
    beginning = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return beginning.startswith(b"<svg") or (beginning.startswith(b"<?xml") and b"<svg" in beginning)

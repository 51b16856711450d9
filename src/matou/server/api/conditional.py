"""Requests that say which version they have (RFC 9110, section 13.1.2)."""

import re

from matou.server.api.responses import Response, Stream
from matou.server.streaming import Header, header

NOT_MODIFIED = 304
_OK = 200
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_KEPT = frozenset({b"etag", b"cache-control", b"content-security-policy"})


def unless_known(method: str, headers: list[Header], answer: Response | Stream) -> Response | Stream:
    """The answer, or that the client has it already; a stream is not opened then."""
    params = header(headers, b"if-none-match")
    if not params or method not in ("GET", "HEAD") or (isinstance(answer, Response) and answer.status != _OK):
        return answer
    tag = dict(answer.headers).get(b"etag")
    if tag is None or not (params.strip() == b"*" or tag in _TAG.findall(params)):
        return answer
    return Response(NOT_MODIFIED, tuple(pair for pair in answer.headers if pair[0] in _KEPT), b"")

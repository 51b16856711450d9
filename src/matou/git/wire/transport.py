"""What a mirror needs of whoever makes its requests, and the list of refs that a server gives over it."""

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Final, Protocol

from matou.errors import MatouError, NotFound, UnknownShape
from matou.git.wire.client import RemoteError, ls_refs_request, read_advertisement, read_ls_refs
from matou.git.wire.server import UPLOAD_PACK
from matou.model.refs import RefListing

_OTHER_VERSION_STATUSES: Final = frozenset({400, 405, 415, 500, 501})
"""How servers answer a version 2 request that they take for nonsense."""


class GitHttpResponse(Protocol):
    def read(self, size: int = -1, /) -> bytes:
        """About so many bytes, as soon as some are there; none at the end of the answer."""


class GitTransport(Protocol):
    """Git's smart HTTP. Errors are of the six kinds; what is no smart HTTP is UnknownShape."""

    def exchange(
        self, url: str, service: str, body: bytes, *, protocol: int = 2
    ) -> AbstractContextManager[GitHttpResponse]:
        """POST to URL/service; the answer is read while it comes in."""

    def advertise(self, url: str, service: str) -> bytes:
        """GET URL/info/refs?service=…, saying that we speak version 2."""


def list_refs(transport: GitTransport, url: str) -> RefListing:
    """Every ref of a repository at its source, and what HEAD points at.

    One request where the server speaks version 2. Only where it does not understand that, or holds SHA-256 objects,
    is it asked what it does speak.

    Raises:
        MatouError: what the transport raises; MalformedPacket, RemoteError or CutShort for what came over it.
    """
    try:
        return _ask_ls_refs(transport, url)
    except MatouError as error:
        if not may_speak_otherwise(error):
            raise
    return _list_by_advertisement(transport, url)


def _ask_ls_refs(transport: GitTransport, url: str, *, object_format: str = "sha1", unborn: bool = True) -> RefListing:
    request = ls_refs_request(object_format=object_format, unborn=unborn)
    with transport.exchange(url, UPLOAD_PACK, request, protocol=2) as answer:
        return read_ls_refs(answer.read)


def _list_by_advertisement(transport: GitTransport, url: str) -> RefListing:
    advertisement = read_advertisement(BytesIO(transport.advertise(url, UPLOAD_PACK)).read)
    if advertisement.listing is not None:
        return advertisement.listing
    return _ask_ls_refs(
        transport, url, object_format=advertisement.object_format, unborn="ls-refs=unborn" in advertisement.capabilities
    )


def may_speak_otherwise(error: MatouError) -> bool:
    """Say whether a server that failed so may have meant: not in version 2 of the protocol."""
    if isinstance(error, UnknownShape | NotFound | RemoteError):
        return True
    return error.values.get("status") in _OTHER_VERSION_STATUSES

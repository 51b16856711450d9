"""Git's wire protocol without a connection: the client's side and the server's, under one name."""

from matou.git.wire.client import (
    Advertisement,
    FetchResponse,
    RemoteBrokeOff,
    RemoteError,
    fetch_request,
    ls_refs_request,
    read_advertisement,
    read_ls_refs,
)
from matou.git.wire.pktline import CutShort, MalformedPacket
from matou.git.wire.server import (
    CAPABILITIES_V0,
    RECEIVE_PACK,
    UPLOAD_PACK,
    CloneRequest,
    LsRefsRequest,
    advertisement_v0,
    capability_advertisement_v2,
    head_object,
    is_ls_refs,
    ls_refs_answer,
    read_clone_request,
    service_announcement,
)

__all__ = [
    "CAPABILITIES_V0",
    "RECEIVE_PACK",
    "UPLOAD_PACK",
    "Advertisement",
    "CloneRequest",
    "CutShort",
    "FetchResponse",
    "LsRefsRequest",
    "MalformedPacket",
    "RemoteBrokeOff",
    "RemoteError",
    "advertisement_v0",
    "capability_advertisement_v2",
    "fetch_request",
    "head_object",
    "is_ls_refs",
    "ls_refs_answer",
    "ls_refs_request",
    "read_advertisement",
    "read_clone_request",
    "read_ls_refs",
    "service_announcement",
]

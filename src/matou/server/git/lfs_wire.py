"""What LFS clients and we say to each other in JSON, read strictly where it counts and one object at a time."""

import re
from typing import Literal, TypeVar

import msgspec

from matou.errors import UnknownShape
from matou.model.decoding_faults import NOT_DECODED
from matou.server.authorization import ClientRequest
from matou.server.streaming import Header, RequestBody, bounded, send_answer, understood

LARGEST_BATCH_BYTES = 4 * 1024 * 1024
MOST_OBJECTS_IN_A_BATCH = 1_000
LARGEST_OBJECT_BYTES = 64 * 1024**3
LONGEST_ECHO = 200

JSON: Header = (b"content-type", b"application/vnd.git-lfs+json")
NO_STORE: Header = (b"cache-control", b"no-store")
UNPROCESSABLE = 422
OID = re.compile(r"[0-9a-f]{64}\Z")


class UnusableRequest(UnknownShape):
    """What git-lfs would not send."""


class ObjectPointer(msgspec.Struct, frozen=True):
    """An object that may be there."""

    oid: str
    size: int

    def __post_init__(self) -> None:
        if not OID.match(self.oid) or not 0 <= self.size <= LARGEST_OBJECT_BYTES:
            message = "not an LFS object"
            raise ValueError(message)


class NamedObject(msgspec.Struct, frozen=True):
    """An object as a batch names it: what is wrong with one of them is nothing to the others."""

    oid: object = None
    size: object = None

    @property
    def pointer(self) -> ObjectPointer | None:
        """None where no object can be so."""
        if not isinstance(self.oid, str) or type(self.size) is not int:
            return None
        try:
            return ObjectPointer(self.oid, self.size)
        except ValueError:
            return None


class LfsBatchRequest(msgspec.Struct, frozen=True):
    """`transfers` of null says what a missing one does: basic."""

    operation: Literal["download", "upload"]
    objects: list[NamedObject]
    transfers: list[str] | None = None
    hash_algo: str = "sha256"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """An `action` of the answer: where to send what, and the header that lets it in."""

    href: str
    header: dict[str, str] = {}
    expires_in: int = 0


class LfsFailure(msgspec.Struct, frozen=True):
    code: int
    message: str


class ObjectAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`oid` and `size` are always there, whatever they are."""

    oid: str
    size: int
    authenticated: bool = False
    actions: dict[str, Step] = {}
    error: LfsFailure | None = None


class LfsBatchResponse(msgspec.Struct, frozen=True):
    objects: list[ObjectAnswer]
    transfer: str = "basic"
    hash_algo: str = "sha256"


def unusable_object(named: NamedObject) -> ObjectAnswer:
    """What a client is told of an object that cannot be: the others of its batch are answered all the same."""
    oid = named.oid[:LONGEST_ECHO] if isinstance(named.oid, str) else ""
    size = named.size if type(named.size) is int else 0
    return ObjectAnswer(oid, size, error=LfsFailure(UNPROCESSABLE, "this is no LFS object: its oid or size cannot be"))


_Body = TypeVar("_Body", bound=msgspec.Struct)


async def read_json(request: ClientRequest, kind: type[_Body]) -> _Body:
    """Raises UnusableRequest, BodyTooLarge."""
    read = bytearray()
    async for chunk in bounded(RequestBody(request.receive).chunks(), limit_bytes=LARGEST_BATCH_BYTES):
        read += chunk
    try:
        return await understood(msgspec.json.decode, bytes(read), type=kind)
    except NOT_DECODED as error:
        raise UnusableRequest("lfs request body", bytes(read[:100])) from error


async def send_json(request: ClientRequest, answer: msgspec.Struct, *, status: int = 200) -> None:
    await send_answer(request.send, status, (JSON, NO_STORE), msgspec.json.encode(answer))

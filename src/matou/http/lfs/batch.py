"""LFS's batch API on the wire, and what we let it make us do.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from matou.credentials import Secret
from matou.errors import Phrase, UnknownShape
from matou.http.addresses import Address, Origin, UnsafeAddress, parse_address
from matou.http.redaction import contains
from matou.http.request import require_valid_headers
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED

CONTENT_TYPE = "application/vnd.git-lfs+json"

_MOST_DIGITS = 15

_OUR_HEADERS = frozenset(
    {"accept-encoding", "connection", "content-length", "expect", "host", "range", "te", "transfer-encoding", "upgrade"}
)
"""Framing and range are ours to decide, whatever an answer says."""


class LfsAction(msgspec.Struct, frozen=True):
    """Where one object is, and for how long this holds; a term that cannot be read is none."""

    href: str
    header: Mapping[str, str] | None = None
    expires_in: int | None = None
    expires_at: str | None = None


class ObjectError(msgspec.Struct, frozen=True):
    code: int
    message: str = ""


class BatchObject(msgspec.Struct, frozen=True):
    oid: str
    actions: Mapping[str, LfsAction] | None = None
    error: ObjectError | None = None


class _Object(msgspec.Struct, frozen=True):
    """As it comes, and all that is needed of an object: servers differ in the rest."""

    oid: str
    actions: dict[str, object] | None = None
    error: object = None


class _Action(msgspec.Struct, frozen=True):
    href: str
    header: Mapping[str, str] | None = None
    expires_in: object = None
    expires_at: object = None


class _BatchAnswer(msgspec.Struct, frozen=True):
    objects: Annotated[list[object], msgspec.Meta(max_length=1000)]
    transfer: str | None = None
    hash_algo: str | None = None


@dataclass(frozen=True, slots=True)
class LfsTarget:
    """A request that an action stands for, once it was found harmless."""

    address: Address
    headers: Mapping[str, str]
    authorization: Secret | None


def batch_request(
    objects: Sequence[tuple[str, int]], *, operation: Literal["download", "upload"] = "download"
) -> bytes:
    return msgspec.json.encode(
        {
            "operation": operation,
            "transfers": ["basic"],
            "hash_algo": "sha256",
            "objects": [{"oid": oid, "size": size} for oid, size in objects],
        }
    )


def read_batch(body: bytes) -> Mapping[str, BatchObject]:
    """Read a batch answer, by oid.

    An object or action that cannot be read is told as one that the server does not give; the others may be well. How
    long an action holds may be written as text, and what cannot be read of that is no term.

    Raises:
        UnknownShape: it is no batch answer, or for another way than ours.
    """
    try:
        answer = msgspec.json.decode(body, type=decodable(_BatchAnswer))
    except NOT_DECODED as error:
        raise UnknownShape("lfs batch", body[:200]) from error
    if answer.transfer not in {None, "", "basic"}:
        raise UnknownShape("lfs batch.transfer", answer.transfer)
    if answer.hash_algo not in {None, "", "sha256"}:
        raise UnknownShape("lfs batch.hash_algo", answer.hash_algo)
    read = (_read_object(value) for value in answer.objects)
    return {entry.oid: entry for entry in read if entry is not None}


def _read_object(value: object) -> BatchObject | None:
    """None for what does not even say which object it is about."""
    try:
        entry = msgspec.convert(value, decodable(_Object))
    except msgspec.ValidationError as fault:
        oid = value.get("oid") if isinstance(value, dict) else None
        return BatchObject(oid, error=_unreadable(fault)) if isinstance(oid, str) else None
    if entry.error is not None:
        return BatchObject(entry.oid, error=_read_error(entry.error))
    try:
        return BatchObject(entry.oid, {name: _read_action(one) for name, one in (entry.actions or {}).items()})
    except msgspec.ValidationError as fault:
        return BatchObject(entry.oid, error=_unreadable(fault))


def _unreadable(fault: msgspec.ValidationError) -> ObjectError:
    return ObjectError(0, f"what the server says of it cannot be read: {fault}")


def _read_error(value: object) -> ObjectError:
    body = value if isinstance(value, dict) else {"message": value}
    message = body.get("message")
    return ObjectError(_whole_number(body.get("code")) or 0, message if isinstance(message, str) else "")


def _read_action(value: object) -> LfsAction:
    action = msgspec.convert(value, decodable(_Action))
    until = action.expires_at if isinstance(action.expires_at, str) and _is_time(action.expires_at) else None
    return LfsAction(action.href, action.header, _whole_number(action.expires_in), until)


def _whole_number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return (
        int(value) if isinstance(value, int | float) and value == value // 1 and abs(value) < 10**_MOST_DIGITS else None
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_expired(action: LfsAction, *, answered_at: datetime, now: datetime) -> bool:
    """Say whether an action is over; `expires_in` goes before `expires_at`, as the batch API has it."""
    if action.expires_in:
        return now >= answered_at + timedelta(seconds=min(action.expires_in, 2**31))
    if action.expires_at:
        return now >= _read_time(action.expires_at)
    return False


def _read_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownShape("lfs action.expires_at", text) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def target_of(action: LfsAction, *, own: Origin, authorization: Secret | None) -> LfsTarget:
    """Say what to send for an action.

    Args:
        action: as the server gave it.
        own: the repository's origin, the only one that our credential goes to.
        authorization: our credential.

    Raises:
        UnsafeAddress: the action leads where we do not go, or would take our credential elsewhere.
        InvalidHeader: one of its headers would say more than one thing.
    """
    address = parse_address(action.href)
    headers = {name: value for name, value in (action.header or {}).items() if name.lower() not in _OUR_HEADERS}
    require_valid_headers(headers)
    authorization_header = next((headers.pop(name) for name in list(headers) if name.lower() == "authorization"), None)
    if address.origin == own:
        return LfsTarget(address, headers, Secret(authorization_header) if authorization_header else authorization)
    _require_harmless(address, [*headers.values(), authorization_header or "", action.href], own, authorization)
    return LfsTarget(address, headers, Secret(authorization_header) if authorization_header else None)


def _require_harmless(address: Address, texts: Sequence[str], own: Origin, authorization: Secret | None) -> None:
    if own.scheme == "https" and address.origin.scheme == "http":
        raise UnsafeAddress(
            "the address {address} is not asked: {fault}", address=str(address), fault=Phrase("it is not encrypted")
        )
    if authorization is not None and any(contains(text, authorization) for text in texts):
        raise UnsafeAddress(
            "the address {address} is not asked: {fault}",
            address=str(address),
            fault=Phrase("it would be told our credential"),
        )

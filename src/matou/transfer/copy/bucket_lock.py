"""One who deletes at a time: a bucket has no locks that end with their owner, so this one says who that was."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import msgspec

from matou.errors import Conflict, NotFound, TryLater
from matou.git.process.groups import is_running
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.storage.base import Store
from matou.transfer.copy.paths import COPY_FOLDER

LOCK_KEY = f"{COPY_FOLDER}/lock"
LONGEST_DELETION = timedelta(days=1)
"""Of a lock that another machine holds: whoever published a copy has long deleted what went, or is gone."""

_LONGEST_TEXT_BYTES = 4096


class CopyBusy(TryLater):
    """Somebody else is at the copy."""


class _BucketHolder(msgspec.Struct, frozen=True):
    """Who holds it; the machine's name is hidden, for the bucket may be anybody's."""

    machine: str
    process: int
    since: datetime


@contextmanager
def hold_bucket(store: Store, *, now: datetime, only_looks: bool) -> Iterator[None]:
    """Raises CopyBusy.

    Two copies that are made at once are safe as they are: the catalogue of the one that ends last is refused. What the
    other deletes is not: so who deletes is alone.

    Args:
        only_looks: it deletes nothing, and may write nothing that it would have to delete.
    """
    holder = _holder(store)
    if holder is not None and _is_alive(holder, now):
        raise CopyBusy(
            "another copy to the same place is under way since {since}",
            since=holder.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            advice="Nothing was changed. Run it again when that one is done.",
        )
    if only_looks:
        yield
        return
    me = _BucketHolder(machine=_machine(), process=os.getpid(), since=now)
    if holder is not None:
        store.delete(LOCK_KEY)
    try:
        store.create(LOCK_KEY, msgspec.json.encode(me))
    except Conflict as error:
        raise CopyBusy(
            "another copy to the same place has just begun",
            advice="Nothing was changed. Run it again when that one is done.",
        ) from error
    try:
        yield
    finally:
        with suppress(NotFound, TryLater):
            if _holder(store) == me:
                store.delete(LOCK_KEY)


def _holder(store: Store) -> _BucketHolder | None:
    try:
        with store.open(LOCK_KEY) as file:
            content = file.read(_LONGEST_TEXT_BYTES)
        return msgspec.json.decode(content, type=decodable(_BucketHolder))
    except NotFound:
        return None
    except NOT_DECODED:
        return _BucketHolder(machine="", process=0, since=datetime.fromtimestamp(0, UTC))


def _is_alive(holder: _BucketHolder, now: datetime) -> bool:
    if holder.machine != _machine():
        return now - holder.since < LONGEST_DELETION
    return is_running(holder.process) and holder.process != os.getpid()


def _machine() -> str:
    return hashlib.sha256(f"matou {socket.gethostname()}".encode()).hexdigest()[:16]

"""One who deletes at a time: a bucket has no locks that end with their owner, so each says whose and since when.

Locks are numbered, and the one with the highest number holds. Whoever finds it dead makes the next one by a conditional
request, so that of several one alone takes over.
"""

import hashlib
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from matou.errors import Conflict, MatouError, NotFound, TryLater
from matou.git.process.groups import is_running
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.storage.base import Store
from matou.transfer.copy.paths import COPY_FOLDER

DEAD_AFTER: Final = timedelta(hours=1)
"""Of a lock of another machine that was not renewed."""

RENEWED_AFTER: Final = timedelta(minutes=5)
LOOKED_AT_AFTER: Final = timedelta(seconds=30)

_LOCK: Final = re.compile(rf"{COPY_FOLDER}/lock-([0-9]{{6,12}})\Z")
_LONGEST_TEXT_BYTES: Final = 4096


class CopyBusy(TryLater):
    """Somebody else is at the copy."""


class _BucketHolder(msgspec.Struct, frozen=True):
    """Who holds it; the machine's name is hidden, for the bucket may be anybody's."""

    machine: str
    process: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    since: Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass
class HeldBucket:
    """A lock of a bucket that is ours, until somebody has taken us for dead.

    Attributes:
        begun: by the clock that nobody sets, as `looked_at`, when it was last seen to be ours.
    """

    store: Store
    key: str
    holder: _BucketHolder
    begun: float
    looked_at: float

    def require(self) -> None:
        """See every now and then that it is still ours: this machine may have slept. Raises CopyBusy."""
        if time.monotonic() - self.looked_at < LOOKED_AT_AFTER.total_seconds():
            return
        if not self.is_ours():
            raise CopyBusy(
                "another copy to the same place took over, since nothing was heard of this one",
                advice="What was published is whole. Run it again when that one is done.",
            )
        self.looked_at = time.monotonic()

    def is_ours(self) -> bool:
        """Whether no later lock stands there, and this one does."""
        return max(lock_keys(self.store), default="") == self.key

    def renew(self) -> None:
        """Say that we are still at it."""
        if self.is_ours():
            elapsed = timedelta(seconds=time.monotonic() - self.begun)
            renewed = msgspec.structs.replace(self.holder, since=self.holder.since + elapsed)
            self.store.put(self.key, [msgspec.json.encode(renewed)])


def is_lock(key: str) -> bool:
    return _LOCK.match(key) is not None


def lock_keys(store: Store) -> list[str]:
    """Of all locks that stand there, ascending."""
    return sorted((key for key, _ in store.sizes(f"{COPY_FOLDER}/") if is_lock(key)), key=_number)


@contextmanager
def hold_bucket(store: Store, *, now: datetime, only_looks: bool) -> Iterator[HeldBucket | None]:
    """Raises CopyBusy.

    Two copies that are made at once are safe as they are: the catalogue of the one that ends last is refused. What the
    other deletes is not: so who deletes is alone.

    Args:
        only_looks: it deletes nothing, and may write nothing that it would have to delete.
    """
    before = lock_keys(store)
    if before and (holder := _holder(store, before[-1])) is not None and _is_alive(holder, now):
        raise CopyBusy(
            "another copy to the same place is under way, last heard of at {since}",
            since=holder.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            key=before[-1],
            advice="Nothing was changed. Run it again when that one is done; if nobody is at it, delete {key} there.",
        )
    if only_looks:
        yield None
        return
    held = _taken(store, before, now)
    try:
        with _renewed(held):
            yield held
    finally:
        with suppress(NotFound, TryLater):
            store.delete(held.key)


def _taken(store: Store, before: list[str], now: datetime) -> HeldBucket:
    """The next lock after those of the dead, which go. Raises CopyBusy."""
    me = _BucketHolder(machine=_machine(), process=os.getpid(), since=now)
    key = f"{COPY_FOLDER}/lock-{_number(before[-1]) + 1 if before else 1:06d}"
    begun = time.monotonic()
    held = HeldBucket(store, key, me, begun=begun, looked_at=begun)
    try:
        store.create(key, msgspec.json.encode(me))
    except Conflict:
        raise _just_begun() from None
    if not held.is_ours():
        # Whoever listed before us, found one dead and took over has a higher number than ours.
        with suppress(NotFound):
            store.delete(key)
        raise _just_begun()
    for dead in before:
        with suppress(NotFound):
            store.delete(dead)
    return held


def _just_begun() -> CopyBusy:
    return CopyBusy(
        "another copy to the same place has just begun",
        advice="Nothing was changed. Run it again when that one is done.",
    )


@contextmanager
def _renewed(held: HeldBucket) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWED_AFTER.total_seconds()):
            with suppress(MatouError):  # the next one may get through, and before each deletion it is looked at
                held.renew()

    thread = threading.Thread(target=renew, name="renews the lock of a copy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])


def _holder(store: Store, key: str) -> _BucketHolder | None:
    """None where it is gone meanwhile, or was never one of ours."""
    try:
        with store.open(key) as file:
            return msgspec.json.decode(file.read(_LONGEST_TEXT_BYTES), type=decodable(_BucketHolder))
    except (NotFound, *NOT_DECODED):
        return None


def _is_alive(holder: _BucketHolder, now: datetime) -> bool:
    if holder.machine != _machine():
        return now - holder.since < DEAD_AFTER
    return is_running(holder.process) and holder.process != os.getpid()


def _machine() -> str:
    return hashlib.sha256(f"matou {socket.gethostname()}".encode()).hexdigest()[:16]

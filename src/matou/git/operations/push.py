"""Sends what a repository has to another: nothing is ever overwritten there, and nothing is deleted.

No `git push`: that is four processes for each repository, and one request more than is needed. What there is to send
is worked out by one `git pack-objects`, or lies on the disk as it is (see `whole_pack`).
"""

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Protocol

from matou.errors import MatouError, Plural
from matou.git.operations.pack_reuse import pack_of_everything
from matou.git.process.limits import BLOCK_BYTES
from matou.git.process.run import GitChild, Limits
from matou.git.wire.client import read_advertisement
from matou.git.wire.push import PushStatusReport, push_commands, read_push_report
from matou.git.wire.server import RECEIVE_PACK
from matou.git.wire.transport import GitHttpResponse
from matou.model.names import ObjectId, RefName
from matou.model.refs import NOTHING, RefChange, RefListing

REFS_AT_ONCE: Final = 2_000
"""Platforms limit how many refs one push may move."""

SENT_AS_ONE_BYTES: Final = 1024 * 1024
"""Up to there a request says how long it is, as git's own do: not every proxy takes one that does not."""

NO_REASONS: Final[Mapping[RefName, str]] = MappingProxyType({})

_OF_OTHERS: Final = ("atomic ", "transaction ")
"""How git begins what it says of a ref that was refused since another one was: `atomic push failure`, for one."""

Chunks = Generator[bytes, None, None]
Body = bytes | Callable[[], Chunks]


class PushFailed(MatouError):
    """The other side did not take a push.

    Attributes:
        refused: refs that were refused for what they are themselves, and why; the others may well be taken without
            them. Empty where nothing was taken for a reason that concerns all.
    """

    def __init__(
        self, template: str, /, *, refused: Mapping[RefName, str] = NO_REASONS, advice: str = "", **values: object
    ) -> None:
        super().__init__(template, advice=advice, **values)
        self.refused = refused


class PushTransport(Protocol):
    """Git's smart HTTP, to write by; see `transport.GitTransport`."""

    def advertise(self, url: str, service: str, *, protocol: int = 2) -> bytes: ...

    def exchange(
        self, url: str, service: str, body: Body, *, protocol: int = 2
    ) -> AbstractContextManager[GitHttpResponse]: ...


@dataclass(frozen=True, slots=True)
class RefAdvertisement:
    """What a repository says to who wants to push to it: its refs, without HEAD, and what it can do."""

    listing: RefListing
    capabilities: frozenset[str]


class Pusher:
    """Pushes from bare repositories. May be used by several threads."""

    def __init__(self, transport: PushTransport, *, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._children: set[GitChild] = set()
        self._lock = threading.Lock()
        self._is_cancelled = False

    def ask(self, url: str) -> RefAdvertisement:
        """Raises MatouError: what the transport raises; MalformedPacket or CutShort for what came over it."""
        advertisement = read_advertisement(BytesIO(self._transport.advertise(url, RECEIVE_PACK, protocol=0)).read)
        return RefAdvertisement(advertisement.listing or RefListing(NOTHING), advertisement.capabilities)

    def push(
        self,
        git_dir: Path,
        url: str,
        changes: Sequence[RefChange],
        offer: RefAdvertisement,
        *,
        haves: Collection[ObjectId],
    ) -> None:
        """Make or move refs at `url` in this order, all of them or none where the server can do that.

        A ref that is not, or no longer, what its change calls old stays as it is, and with that all the others.

        Args:
            changes: whose new objects are here.
            haves: what is there and here.

        Raises:
            PushFailed: with what the server said.
            GitFailed: the objects cannot be read here.
            MatouError: what the transport raises. Some, or all, may have arrived: ask again.
        """
        known = set(haves)
        for some in _batches(changes):
            self._send(_Push(git_dir, url, some, offer.capabilities, frozenset(known)))
            known |= {change.new for change in some if change.new is not None}

    def cancel(self) -> None:
        """End every push that is under way, and begin no other."""
        with self._lock:
            self._is_cancelled = True
            for child in self._children:
                child.kill()

    def _send(self, push: "_Push") -> None:
        with (
            closing(_Body(partial(self._chunks, push))) as body,
            self._transport.exchange(push.url, RECEIVE_PACK, body.content(), protocol=0) as answer,
        ):
            report = read_push_report(answer.read, push.capabilities)
        _require_taken(report)

    def _chunks(self, push: "_Push") -> Chunks:
        yield push.commands
        pack = None if push.haves else _opened_pack(push)
        yield from self._packed(push) if pack is None else _stored(pack)

    def _packed(self, push: "_Push") -> Chunks:
        """The pack, while git makes it."""
        with (
            GitChild(list(push.words()), git_dir=push.git_dir, limits=self._limits, has_input=True) as child,
            self._cancellable(child),
        ):
            child.feed(push.revisions())
            while block := child.stdout.read(BLOCK_BYTES):
                yield block
            child.finish()

    @contextmanager
    def _cancellable(self, child: GitChild) -> Iterator[None]:
        with self._lock:
            self._children.add(child)
            if self._is_cancelled:
                child.kill()
        try:
            yield
        finally:
            with self._lock:
                self._children.discard(child)


@dataclass(frozen=True, slots=True)
class _Push:
    """One request."""

    git_dir: Path
    url: str
    changes: Sequence[RefChange]
    capabilities: frozenset[str]
    haves: frozenset[ObjectId]

    @property
    def commands(self) -> bytes:
        return push_commands(self.changes, self.capabilities)

    @property
    def news(self) -> list[ObjectId]:
        return [change.new for change in self.changes if change.new is not None]

    def words(self) -> Iterator[str]:
        """What makes git write a pack with the new objects, and with all that they reach but for what is there."""
        yield from ("pack-objects", "--revs", "--stdout", "-q")
        if "ofs-delta" in self.capabilities:
            yield "--delta-base-offset"
        if self.haves and "no-thin" not in self.capabilities:
            yield "--thin"

    def revisions(self) -> bytes:
        return "".join([*(f"{oid}\n" for oid in self.news), *(f"^{oid}\n" for oid in sorted(self.haves))]).encode()


class _Body:
    """What a push sends: in one piece where it is small, else while it is made; anew for each further attempt."""

    def __init__(self, make: Callable[[], Chunks]) -> None:
        self._make = make
        self._chunks = make()
        self._beginning: list[bytes] | None = None

    def content(self) -> Body:
        beginning: list[bytes] = []
        size = 0
        for chunk in self._chunks:
            beginning.append(chunk)
            size += len(chunk)
            if size > SENT_AS_ONE_BYTES:
                self._beginning = beginning
                return self._attempt
        return b"".join(beginning)

    def close(self) -> None:
        self._chunks.close()

    def _attempt(self) -> Chunks:
        beginning, self._beginning = self._beginning, None
        if beginning is None:
            self._chunks = self._make()
        yield from beginning or ()
        yield from self._chunks


def _batches(changes: Iterable[RefChange]) -> Iterator[Sequence[RefChange]]:
    waiting = iter(changes)
    while some := list(islice(waiting, REFS_AT_ONCE)):
        yield some


def _opened_pack(push: _Push) -> BinaryIO | None:
    """The pack that lies there; open, it stays readable when a backup replaces it."""
    pack = pack_of_everything(push.git_dir, push.news)
    try:
        return None if pack is None else pack.path.open("rb")
    except OSError:
        return None  # it was replaced already


def _stored(pack: BinaryIO) -> Chunks:
    with pack:
        while block := pack.read(BLOCK_BYTES):
            yield block


def _require_taken(report: PushStatusReport) -> None:
    if report.unpacked != "ok":
        raise PushFailed("the target did not take what was sent: {reason}", reason=_reason(report, report.unpacked))
    if report.refused:
        own = {ref: reason for ref, reason in report.refused.items() if not reason.startswith(_OF_OTHERS)}
        ref = min(own or report.refused)
        fact = Plural(
            "the target did not take {count} ref, {ref}: {reason}",
            "the target did not take {count} refs, {ref} for one: {reason}",
            count=len(report.refused),
            ref=repr(ref),
            reason=_reason(report, report.refused[ref]),
        )
        raise PushFailed(fact, refused=own)


def _reason(report: PushStatusReport, reason: str) -> str:
    """What people are told says more than the report, which often has `pre-receive hook declined` only."""
    return f"{reason} ({report.said})" if report.said else reason

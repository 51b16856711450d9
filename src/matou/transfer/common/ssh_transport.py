"""Git's protocol by ssh: the same requests and answers as over HTTP, between the pipes of a child.

A server that speaks version 2 says so first; where it does not, it has listed its refs instead, and `git fetch` does
the rest.
"""

import os
import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from weakref import WeakSet

from matou.concurrency import Cancelled
from matou.errors import Invalid, MatouError, NotFound, Phrase, Refused, TryLater, UnknownShape
from matou.git.process.sandbox import DEFAULT_LIMITS, Limits
from matou.git.process.ssh import USUAL_PORT, SshAddress, SshChild, start_ssh
from matou.git.wire.client import RemoteError
from matou.git.wire.pktline import CutShort, MalformedPacket, Marker, PacketReader
from matou.http.raw_http import TransferGuard
from matou.http.request import TransferLimits
from matou.http.tokens import BadCredential
from matou.settings import SshSettings

OWN_FAULT: Final = 255
"""ssh's own status; any other is that of the command at the server."""

AT_A_SERVER: Final = 6
"""How many connections at a time: OpenSSH's server turns some away where ten have not logged in yet."""

TRIES: Final = 3
FIRST_WAIT_SECONDS: Final = 2.0
LONGEST_ADVERTISEMENT_BYTES: Final = 256 * 1024 * 1024
PACE: Final = TransferLimits(total=None, idle=timedelta(minutes=5), slow_for=timedelta(minutes=5))
"""A server that counts objects may say nothing for minutes; one that drips is given up, as over HTTP."""

_BLOCK_BYTES: Final = 64 * 1024
_LONGEST_WORDS: Final = 500

_CHANGED: Final = "REMOTE HOST IDENTIFICATION HAS CHANGED"
_NOT_KNOWN: Final = re.compile(r"Host key verification failed|host key is known for|Host key for .* not found")
_REVOKED: Final = re.compile(r"REVOKED HOST KEY")
_NO_KEY: Final = re.compile(
    r"Permission denied \(|Too many authentication failures|No supported authentication methods"
)
_NOT_THERE: Final = re.compile(
    r"(?i)not found|does not appear to be a git repo|does not exist|could not be found|no such"
)
_NOT_ALLOWED: Final = re.compile(r"(?i)denied|not allowed|not authori[sz]ed|unauthori[sz]ed|forbidden|access rights")


class HostKeyNotTrusted(Invalid):
    """A server did not prove who it is: its key is not known here, or is another than the one that is."""


class SshKeyRefused(BadCredential):
    """None of our keys lets us in there."""


class SshNotReached(TryLater):
    """No connection, or one that ended before anything was said."""


class OtherProtocolVersion(UnknownShape):
    """A server that was asked for version 2 of the protocol, and speaks an older one."""

    def __init__(self, server: str) -> None:
        MatouError.__init__(self, "{server} speaks no version 2 of git's protocol", server=server)


@dataclass
class SshTransport:
    """A `GitTransport` by ssh, for addresses of it. May be used by several threads.

    What a server has refused once, its key or ours, it is not asked again: whoever fails too often is shut out.

    Attributes:
        pace: how slow a server may be.
        wait: before what was not reached is tried again; gives True where all is being given up.
    """

    settings: SshSettings = field(default_factory=SshSettings)
    limits: Limits = DEFAULT_LIMITS
    pace: TransferLimits = PACE
    wait: Callable[[float], bool] | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _children: set[SshChild] = field(default_factory=set)
    _places: dict[str, threading.Semaphore] = field(default_factory=dict)
    _refused: dict[str, MatouError] = field(default_factory=dict)
    _advertised: dict[str, bytes] = field(default_factory=dict)
    _older: set[str] = field(default_factory=set)

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator["SshExchange"]:
        """Ask a service, and give its answer while it comes in.

        Raises:
            OtherProtocolVersion: the server speaks an older one.
            HostKeyNotTrusted, SshKeyRefused, SshNotReached, NotFound, Refused: as they are named.
        """
        address = SshAddress.parse(url)
        if address.server in self._older:
            raise OtherProtocolVersion(address.server)
        with self._begun(address, service, protocol) as (exchange, advertisement):
            if not _is_version_2(advertisement):
                self._older.add(address.server)
                self._advertised[url] = advertisement
                raise OtherProtocolVersion(address.server)
            exchange.say(body)
            yield exchange

    def advertise(self, url: str, service: str) -> bytes:
        """What a server says at first. Errors as of `exchange`."""
        known = self._advertised.pop(url, None)
        if known is not None:
            return known
        with self._begun(SshAddress.parse(url), service, 2) as (_, advertisement):
            return advertisement

    def run(self, url: str, service: str, *, limit_bytes: int) -> bytes:
        """All that a service says that is not git's protocol. Errors as of `exchange`; UnknownShape if it is more."""
        with self._connected(SshAddress.parse(url), service, 0) as exchange:
            said = b""
            while block := exchange.read(_BLOCK_BYTES):
                said += block
                if len(said) > limit_bytes:
                    raise MalformedPacket(Phrase("the answer of {service}", service=service), said[:_LONGEST_WORDS])
            return said

    def cancel(self) -> None:
        """End every child, and start no other."""
        self._cancelled.set()
        with self._lock:
            for child in self._children:
                child.kill()

    @contextmanager
    def _begun(self, address: SshAddress, service: str, protocol: int) -> Iterator[tuple["SshExchange", bytes]]:
        """What is not reached before it has said anything is tried again."""
        wait_seconds = FIRST_WAIT_SECONDS
        for tries_left in range(TRIES - 1, -1, -1):
            with self._connected(address, service, protocol) as exchange:
                try:
                    advertisement = exchange.advertisement()
                except SshNotReached:
                    if not tries_left:
                        raise
                else:
                    yield exchange, advertisement
                    return
            if (self.wait or self._cancelled.wait)(wait_seconds):
                raise Cancelled("the work was interrupted")
            wait_seconds *= 2

    @contextmanager
    def _connected(self, address: SshAddress, service: str, protocol: int) -> Iterator["SshExchange"]:
        with self._place_at(address.server):
            if address.server in self._refused:
                raise self._refused[address.server]
            with start_ssh(address, service, self.settings, protocol=protocol, limits=self.limits) as child:
                try:
                    self._watch(child)
                    yield SshExchange(address, child, TransferGuard(self.pace, WeakSet()), self._cancelled)
                except (HostKeyNotTrusted, SshKeyRefused) as refusal:
                    self._refused[address.server] = refusal
                    raise
                finally:
                    with self._lock:
                        self._children.discard(child)

    def _place_at(self, server: str) -> threading.Semaphore:
        with self._lock:
            return self._places.setdefault(server, threading.Semaphore(AT_A_SERVER))

    def _watch(self, child: SshChild) -> None:
        with self._lock:
            self._children.add(child)
        if self._cancelled.is_set():
            raise Cancelled("the work was interrupted")


@dataclass
class SshExchange:
    """What is said to a server and by it, between the pipes of a child."""

    address: SshAddress
    child: SshChild
    guard: TransferGuard
    cancelled: threading.Event
    _has_ended: bool = False

    def advertisement(self) -> bytes:
        """What the server says before it is told anything, the flush packet that ends it included."""
        came = bytearray()

        def read(size: int) -> bytes:
            block = self.read(size)
            came.extend(block)
            if len(came) > LONGEST_ADVERTISEMENT_BYTES:
                raise MalformedPacket(Phrase("the length of a git list of refs"), len(came))
            return block

        packets = PacketReader(read)
        while (packet := packets.packet()) is not Marker.FLUSH:
            if packet is None:
                raise CutShort("the list of refs ended before its end")
            if isinstance(packet, bytes) and packet.startswith(b"ERR "):
                raise RemoteError("the server said: {words}", words=repr(packet[4:].decode("utf-8", "replace").strip()))
        return bytes(came)

    def say(self, body: bytes) -> None:
        """An empty request behind it says that there is no other; the pipe stays open, for its end may cut us off."""
        self.child.feed(body + Marker.FLUSH.value, ends=False)

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, as soon as some are there; none at the end, if that was in good order."""
        if self._has_ended:
            return b""
        try:
            block = self._receive(_BLOCK_BYTES if size < 0 else min(size, _BLOCK_BYTES))
        except TimeoutError:
            self.child.kill()
            raise SshNotReached("{server}: {fault}", server=self.address.server, fault=self.guard.fault()) from None
        if not block:
            self._require_good_end()
        return block

    def _receive(self, size: int) -> bytes:
        """Raises TimeoutError where the server is slower than it may be."""
        before, poll = time.monotonic(), select.poll()
        poll.register(self.child.stdout.fileno(), select.POLLIN)
        if not poll.poll(self.guard.allowance(before) * 1000):
            raise TimeoutError
        block = os.read(self.child.stdout.fileno(), size)
        if block:
            self.guard.count(len(block), time.monotonic() - before)
        return block

    def _require_good_end(self) -> None:
        self._has_ended = True
        status = self.child.wait()
        if self.cancelled.is_set():
            raise Cancelled("the work was interrupted")
        if status != 0:
            raise failure_of(self.address, status, self.child.stderr_text)


def _is_version_2(advertisement: bytes) -> bool:
    return advertisement[4:].startswith(b"version 2")


def failure_of(address: SshAddress, status: int, stderr: str) -> MatouError:
    """What ssh, or the command at the server, meant by its exit status and its words."""
    words = repr(" ".join(stderr.split())[-_LONGEST_WORDS:])
    if status in (OWN_FAULT, -9):
        return _failure_of_ssh(address, stderr, words)
    for pattern, kind in ((_NOT_THERE, NotFound), (_NOT_ALLOWED, Refused)):
        if pattern.search(stderr):
            return kind("{server} said: {words}", server=address.server, words=words)
    return RemoteError("the server said: {words}", words=words)


def _failure_of_ssh(address: SshAddress, stderr: str, words: str) -> MatouError:
    if _CHANGED in stderr or _REVOKED.search(stderr):
        return HostKeyNotTrusted(
            "{server} shows another key than the one that is known for it",
            server=address.server,
            command=_command_to_look(address),
            advice="do not go on, for somebody may stand between you and the server, until whoever runs it has told you"
            " in another way that its key has changed; then take the old line out of your known_hosts and put in what"
            " this gives: {command}",
        )
    if _NOT_KNOWN.search(stderr):
        return HostKeyNotTrusted(
            "the key of {server} is not known here, so that anybody may be answering",
            server=address.server,
            command=_command_to_look(address),
            advice="look at its key with: {command}; compare it with what its owner publishes, and put that line into"
            " ~/.ssh/known_hosts, or into the file that MATOU_SSH_KNOWN_HOSTS names",
        )
    if _NO_KEY.search(stderr):
        return SshKeyRefused(
            "{server} let none of our keys in: {words}",
            server=address.server,
            words=words,
            advice="let the server know your public key; one with a passphrase has to be in an agent (ssh-add); name"
            " another key in MATOU_SSH_KEY",
        )
    return SshNotReached("{server} was not reached: {words}", server=address.server, words=words)


def _command_to_look(address: SshAddress) -> str:
    port = "" if address.port in (None, USUAL_PORT) else f" -p {address.port}"
    return f"ssh-keyscan{port} {address.host}"

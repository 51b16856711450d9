"""Kept-alive connections, each under watch from its first byte: the only module that touches sockets.

urllib3's own time-outs begin anew with every byte that comes, so a server that drips its answer holds a thread for
ever. Here every receive is counted at the socket itself, headers and TLS included.
"""

import email.parser
import http.client
import io
import re
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url

from matou.errors import Phrase
from matou.http.addresses import Address, Origin, require_no_inward_number, require_public, require_public_number
from matou.http.proxies import SOCKS, Proxies
from matou.http.redaction import redact_log_lines
from matou.settings import InvalidSetting

LONGEST_HEAD_LINE_BYTES = 65_536
MOST_HEAD_LINES = 101
SMALL_BODY_BYTES = 32 * 1024

_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)\r?\n")
_BODILESS = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})

redact_log_lines("urllib3.connectionpool")
redact_log_lines("urllib3.connection")


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """How slow another server may be.

    Attributes:
        connect: to reach it, TLS included.
        idle: without a single byte.
        total: for the whole answer; None where only its speed counts, as with a pack of any size.
        slowest_bytes_per_second: the mean speed over `slow_for`, below which the answer is given up. Only time spent
            waiting for the server counts, not what the reader takes for its own work.
        slow_for: how long it may stay below that.
    """

    connect: timedelta = timedelta(seconds=15)
    idle: timedelta = timedelta(seconds=60)
    total: timedelta | None = timedelta(minutes=5)
    slowest_bytes_per_second: int = 100
    slow_for: timedelta = timedelta(seconds=60)


class UnusableAuthorities(InvalidSetting):
    """The file of certificates to trust is none."""


class TransferGuard:
    """What one attempt has taken so far. Socket time-outs are real time, hence the real clock."""

    __slots__ = (
        "_deadline",
        "_idle",
        "_limits",
        "_received",
        "_too_slow",
        "_waited",
        "connections",
        "was_sent_in_part",
    )

    def __init__(self, limits: TransferLimits, connections: "weakref.WeakSet[HTTPConnection]") -> None:
        self.connections = connections
        self.was_sent_in_part = False
        self._limits = limits
        self._idle = limits.idle.total_seconds()
        self._deadline = time.monotonic() + limits.total.total_seconds() if limits.total else None
        self._waited = 0.0
        self._received = 0
        self._too_slow = False

    def allowance(self, now: float) -> float:
        """Say for how many seconds the next receive may wait; raises TimeoutError where the time is up."""
        if self._deadline is None:
            return self._idle
        if now >= self._deadline:
            raise TimeoutError
        return min(self._idle, self._deadline - now)

    def count(self, received: int, waited: float) -> None:
        """Note what a receive brought; raises TimeoutError where it has been too slow for too long."""
        self._received += received
        self._waited += waited
        if self._waited < self._limits.slow_for.total_seconds():
            return
        if self._received < self._waited * self._limits.slowest_bytes_per_second:
            self._too_slow = True
            raise TimeoutError
        self._received, self._waited = 0, 0.0

    def fault(self) -> Phrase:
        """Say which limit was met; the words are for the end of a sentence."""
        limits = self._limits
        if self._too_slow:
            return Phrase(
                "fewer than {slowest} bytes a second for {time}",
                slowest=limits.slowest_bytes_per_second,
                time=limits.slow_for,
            )
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Phrase("not finished after {total}", total=limits.total)
        return Phrase("nothing came for {idle}", idle=limits.idle)


class _Current(threading.local):
    """urllib3 passes nothing of ours down to the connection; the thread that asks does."""

    watch: TransferGuard


_current = _Current()


class _WatchedReader(io.RawIOBase):
    """A socket's bytes, each receive within what the watch allows."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, watch: TransferGuard) -> None:
        self._raw = raw
        self._connection = connection
        self._watch = watch
        self._allowance: float | None = None
        self.has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        before = time.monotonic()
        allowance = self._watch.allowance(before)
        if allowance != self._allowance:
            self._connection.settimeout(allowance)
            self._allowance = allowance
        count = self._raw.readinto(buffer) or 0
        self.has_ended = count == 0
        self._watch.count(count, time.monotonic() - before)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _CutHead(http.client.HTTPException):
    """The head ended before its empty line, or had a line that is no header."""


class _WatchedResponse(http.client.HTTPResponse):
    """An answer that is read under watch, and whose head must be whole.

    http.client takes the end of the connection for the end of the head, and stops at a line that is no header: what
    is left looks like an answer without a body, or with one that may end anywhere.
    """

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._is_head = method == "HEAD"
        self._reader = _WatchedReader(self.fp.detach(), sock, _current.watch)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """As http.client's own, which spends most of its time on what only e-mail has in its headers."""
        version, self.status, reason = self._read_status()  # type: ignore[attr-defined]
        while self.status == http.HTTPStatus.CONTINUE:
            self._head_lines()
            version, self.status, reason = self._read_status()  # type: ignore[attr-defined]
        self.code, self.reason, self.version = self.status, reason.strip(), _version(version)
        self.headers = self.msg = _fields(self._head_lines())
        if self._reader.has_ended or self.headers.defects:
            raise _CutHead
        self._plan_body()

    def _head_lines(self) -> list[bytes]:
        """Up to and with the empty line, or the end."""
        lines: list[bytes] = []
        while len(lines) < MOST_HEAD_LINES:
            line = self.fp.readline(LONGEST_HEAD_LINE_BYTES + 1)
            if len(line) > LONGEST_HEAD_LINE_BYTES:
                raise http.client.LineTooLong("header line")
            lines.append(line)
            if line in (b"\r\n", b"\n", b""):
                return lines
        raise _CutHead

    def _plan_body(self) -> None:
        """How the end of the body is told (RFC 9112, 6.3), in the terms of http.client."""
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        length = self.headers.get("content-length", "").strip()
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in _BODILESS or self.status < http.HTTPStatus.OK or self._is_head:
            self.length = 0
        is_without_end = not self.chunked and self.length is None
        # What went next to where a request was sent in part would be taken for its rest.
        self.will_close = self.will_close or is_without_end or _current.watch.was_sent_in_part


def _version(text: str) -> int:
    if text in ("HTTP/1.0", "HTTP/0.9"):
        return 10
    if text.startswith("HTTP/1."):
        return 11
    raise http.client.UnknownProtocol(text)


def _fields(lines: list[bytes]) -> http.client.HTTPMessage:
    """The fields of a head. What is not written as usual, the library reads; what it says of it is in `defects`."""
    found = [_FIELD.fullmatch(line) for line in lines[:-1]]
    if None in found:
        text = b"".join(lines).decode("iso-8859-1")
        return email.parser.Parser(_class=http.client.HTTPMessage).parsestr(text)
    message = http.client.HTTPMessage()
    for match in filter(None, found):
        message[match[1].decode("ascii")] = match[2].decode("iso-8859-1")
    return message


class _AtOnce(HTTPConnection):
    """Sends a head and a small body together: a call and a packet for each wakes both sides twice."""

    _head: bytes | None = None
    _waits_for_body = False

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
        preload_content: bool = True,
        decode_content: bool = True,
        enforce_content_length: bool = True,
    ) -> None:
        self._head = None
        self._waits_for_body = isinstance(body, bytes) and 0 < len(body) <= SMALL_BODY_BYTES
        super().request(
            method,
            url,
            body,
            headers,
            chunked=chunked,
            preload_content=preload_content,
            decode_content=decode_content,
            enforce_content_length=enforce_content_length,
        )

    def send(self, data: Any) -> None:
        if not self._waits_for_body:
            self._send(data)
        elif self._head is None:
            self._head = bytes(data)
        else:
            together, self._head, self._waits_for_body = self._head + data, None, False
            self._send(together)

    def _send(self, data: Any) -> None:
        """Let a server take what is sent as slowly as it may answer; urllib3 leaves it the time to connect.

        One that takes nothing any more may have answered already: too large, not allowed. After BrokenPipeError,
        which a connection that was closed for that raises by itself, urllib3 looks for an answer.
        """
        if self.sock is None:
            super().send(data)  # it connects first
            return
        self.sock.settimeout(_current.watch.allowance(time.monotonic()))
        try:
            super().send(data)
        except TimeoutError as error:
            _current.watch.was_sent_in_part = True
            raise BrokenPipeError from error


class PlainConnection(_AtOnce):
    response_class = _WatchedResponse

    def connect(self) -> None:
        super().connect()
        _register(self)


class EncryptedConnection(_AtOnce, HTTPSConnection):
    response_class = _WatchedResponse

    def connect(self) -> None:
        super().connect()
        _register(self)


class _GuardedPlain(PlainConnection):
    def connect(self) -> None:
        require_public(self.host, self.port or 80)
        super().connect()
        _require_public_peer(self)


class _GuardedEncrypted(EncryptedConnection):
    def connect(self) -> None:
        require_public(self.host, self.port or 443)
        super().connect()
        _require_public_peer(self)


def _register(connection: HTTPConnection) -> None:
    _current.watch.connections.add(connection)


def _require_public_peer(connection: HTTPConnection) -> None:
    """A name may stand for another address the second time: ask the socket itself, before anything is sent."""
    if connection.sock is None:
        return
    try:
        require_public_number(connection.host, str(connection.sock.getpeername()[0]))
    except BaseException:
        connection.close()
        raise


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = PlainConnection


class _EncryptedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = EncryptedConnection


class _GuardedPlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _GuardedPlain


class _GuardedEncryptedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedEncrypted


class Pools:
    """One pool of kept-alive connections an origin; threads may share them.

    Args:
        named: the origins that the user named. Any other must stand for public addresses only.
        connections: how many connections to one origin are kept.
        proxies: the way out.
        authorities: a file of certificates to trust besides the system's.
    """

    def __init__(
        self, *, named: frozenset[Origin], connections: int, proxies: Proxies, authorities: Path | None
    ) -> None:
        self._named = named
        self._size = connections
        self._proxies = proxies
        self._authorities = authorities
        self._pools: dict[Origin, urllib3.HTTPConnectionPool] = {}
        self._by_proxy: dict[Origin, bool] = {}
        self._open: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def watch(self, limits: TransferLimits) -> TransferGuard:
        return TransferGuard(limits, self._open)

    def ask(
        self,
        method: str,
        address: Address,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        timeout: urllib3.Timeout,
        watch: TransferGuard,
    ) -> BaseHTTPResponse:
        """Send one request and read the answer's head. Nothing is repeated, redirected or decoded here."""
        pool = self._pools.get(address.origin) or self._make_pool(address.origin)
        _current.watch = watch
        return pool.urlopen(
            method,
            address.url if self._by_proxy[address.origin] else address.target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )

    def cut_off(self) -> None:
        """End every request that is under way; whoever waits for one gets an error at once."""
        for connection in list(self._open):
            try:
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed already, which is what we want

    def close(self) -> None:
        """Close the connections that nobody is using."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _make_pool(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        with self._lock:
            if origin not in self._pools:
                secret = self._proxies.proxy_for(origin)
                proxy = None if secret is None else urllib3.util.parse_url(secret.reveal())
                # A proxy of HTTP is told the whole URL; a SOCKS proxy carries bytes and knows no HTTP.
                self._by_proxy[origin] = proxy is not None and proxy.scheme not in SOCKS
                self._pools[origin] = self._direct_pool(origin) if proxy is None else self._proxied_pool(origin, proxy)
            return self._pools[origin]

    def _direct_pool(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        is_named = origin in self._named
        if origin.scheme == "http":
            return (_PlainPool if is_named else _GuardedPlainPool)(origin.host, origin.port, maxsize=self._size)
        encrypted = _EncryptedPool if is_named else _GuardedEncryptedPool
        return encrypted(origin.host, origin.port, maxsize=self._size, ssl_context=self._ssl_context())

    def _proxied_pool(self, origin: Origin, proxy: Url) -> urllib3.HTTPConnectionPool:
        if origin not in self._named:
            require_no_inward_number(origin.host, origin.port)
        if proxy.scheme in SOCKS:
            return self._socks_pool(origin, proxy)
        headers = (
            urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth), proxy_basic_auth_encoding="utf-8")
            if proxy.auth
            else None
        )
        manager = urllib3.ProxyManager(
            proxy.url, maxsize=self._size, proxy_headers=headers, ssl_context=self._ssl_context()
        )
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
        return manager.connection_from_host(origin.host, origin.port, origin.scheme)

    def _socks_pool(self, origin: Origin, proxy: Url) -> urllib3.HTTPConnectionPool:
        from matou.http.socks import socks_pool

        if origin.scheme == "http":
            return socks_pool(proxy, origin, maxsize=self._size)
        return socks_pool(proxy, origin, maxsize=self._size, ssl_context=self._ssl_context())

    def _ssl_context(self) -> ssl.SSLContext:
        """Reading the system's certificates takes longer than a request, so it is done once."""
        if self._context is None:
            self._context = ssl.create_default_context()
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._authorities is not None:
                _trust(self._context, self._authorities)
        return self._context


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(authorities)
    except OSError as error:  # an SSLError is one
        raise UnusableAuthorities(
            "the certificates in {path} cannot be read: {reason}",
            path=authorities,
            reason=error.strerror or error,
            advice="MATOU_CA_FILE names a file of certificates in PEM",
        ) from error

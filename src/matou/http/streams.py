"""An answer's body while it comes in: bounded, inflated, and never shorter than it should be without saying so."""

import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ssl import SSLCertVerificationError
from threading import Event
from typing import NoReturn

import urllib3.exceptions
from urllib3.response import BaseHTTPResponse

from matou.concurrency import Cancelled
from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.addresses import Address
from matou.http.raw_http import TransferGuard
from matou.http.responses import AnswerTooLong, ConnectionFailed, NotReached, UntrustedServer
from matou.settings import ADVICE_ON_CERTIFICATES

CHUNK_BYTES = 256 * 1024
CHECK_ADDRESS = "check the address, and whether this machine is on the network"
_CHECK_PROXY = "see what HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names; hosts in NO_PROXY are asked without it"
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
"""OpenSSL's words for an answer that is none of TLS."""
_GZIP = {"gzip", "x-gzip"}
_NOT_ENCODED = {"", "identity"}
_GZIP_WINDOW = 31
"""zlib's number for the largest window with gzip's header and checksum."""


@contextmanager
def translate_faults(request: str, watch: TransferGuard, cancelled: Event) -> Iterator[None]:
    """Tell what goes wrong on the way in our own words; a library's text may quote a header or a query."""
    try:
        yield
    except urllib3.exceptions.HTTPError as error:
        if cancelled.is_set():
            raise Cancelled("{request}: cancelled", request=request) from None
        _tell(error, request, watch)


def _tell(error: urllib3.exceptions.HTTPError, request: str, watch: TransferGuard) -> NoReturn:
    """Raise what a library's error stands for, without it: its text and its cause may hold what was sent."""
    if isinstance(error, urllib3.exceptions.SSLError) and _is_distrust(error):
        raise UntrustedServer(
            "{request}: the server's certificate is not trusted: {fault}",
            request=request,
            fault=_certificate_fault(error),
            advice=ADVICE_ON_CERTIFICATES,
        ) from None
    if isinstance(error, urllib3.exceptions.InvalidHeader | urllib3.exceptions.HeaderParsingError):
        raise UnknownShape(
            Phrase("the head of the answer to {request}", request=request), type(error).__name__
        ) from None
    if (unmet := _unmet_proxy(error)) is not None:
        raise NotReached("{request}: {fault}", request=request, fault=unmet, advice=_CHECK_PROXY) from None
    if (unmet := _unmet(error)) is not None:
        raise NotReached("{request}: {fault}", request=request, fault=unmet, advice=CHECK_ADDRESS) from None
    raise ConnectionFailed("{request}: {fault}", request=request, fault=_fault(error, watch)) from None


def _unmet(error: urllib3.exceptions.HTTPError) -> Phrase | None:
    """Why nobody can be met at an address, as far as that is certain."""
    is_unknown = isinstance(_refusal_by_socks(error), socket.gaierror)  # looked up here, before SOCKS is told
    if is_unknown or isinstance(error, urllib3.exceptions.NameResolutionError):
        return Phrase("the host's name is not found")
    if isinstance(error, urllib3.exceptions.NewConnectionError) and isinstance(error.__cause__, ConnectionRefusedError):
        return Phrase("the connection was refused: nothing listens there")
    if isinstance(error, urllib3.exceptions.SSLError) and any(word in str(error) for word in _NO_TLS):
        return Phrase("what listens there does not speak https; try the address with http://")
    return None


def _unmet_proxy(error: urllib3.exceptions.HTTPError) -> Phrase | None:
    """Why the proxy cannot be met, as far as that is certain; of the host behind it nothing is known then."""
    inner = error.original_error if isinstance(error, urllib3.exceptions.ProxyError) else None
    refusal = _refusal_by_socks(error) if inner is None else inner.__cause__
    is_unknown = isinstance(inner, urllib3.exceptions.NameResolutionError) or _is_unresolved(error)
    if is_unknown:
        return Phrase("the proxy's name is not found")
    if isinstance(refusal, ConnectionRefusedError):
        return Phrase("the proxy refused the connection: nothing listens there")
    return None


def _refusal_by_socks(error: urllib3.exceptions.HTTPError) -> object:
    """What PySocks met at the proxy; urllib3 hands it on neither as itself nor as a cause."""
    return getattr(error.__cause__ or error.__context__, "socket_err", None)


def _is_unresolved(error: urllib3.exceptions.HTTPError) -> bool:
    """Whether a SOCKS proxy's name was not found: of any other name urllib3 has an error of its own."""
    is_unmade = type(error) is urllib3.exceptions.NewConnectionError
    return is_unmade and isinstance(error.__cause__, socket.gaierror)


def _is_distrust(error: urllib3.exceptions.SSLError) -> bool:
    return bool(error.args) and isinstance(error.args[0], SSLCertVerificationError)


def _certificate_fault(error: urllib3.exceptions.SSLError) -> str:
    cause = error.args[0]
    return str(cause.verify_message) if isinstance(cause, SSLCertVerificationError) else "unknown"


def _fault(error: urllib3.exceptions.HTTPError, watch: TransferGuard) -> Phrase:
    match error:
        case urllib3.exceptions.ProxyError():
            return Phrase("the proxy did not let us through")
        case urllib3.exceptions.NewConnectionError():  # it is a ConnectTimeoutError, too
            return Phrase("no connection")
        case urllib3.exceptions.ConnectTimeoutError():
            return Phrase("no connection in time")
        case urllib3.exceptions.ReadTimeoutError():
            return watch.fault()
        case _:
            return Phrase("the connection broke off before the answer was complete")


class Stream:
    """An answer whose body has not been read yet; it belongs to one thread.

    `read` gives at most as many bytes as asked for, and b"" only when the body is complete. A body shorter than it
    was announced, a cut chunk and a cut gzip are ConnectionFailed.
    """

    def __init__(
        self, response: BaseHTTPResponse, *, request: str, address: Address, watch: TransferGuard, cancelled: Event
    ):
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.address = address
        self._response = response
        self._request = request
        self._watch = watch
        self._cancelled = cancelled
        self._waiting = b""
        self._broken: MatouError | None = None
        self._inflate = _inflater(response.headers.get("content-encoding", "").strip().lower(), request)

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def has_announced_end(self) -> bool:
        """Whether the body's end can be told from a cut; otherwise it is where the connection ends."""
        return "content-length" in self.headers or "transfer-encoding" in self.headers

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes as soon as there are any; everything that is left where it is negative."""
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK_BYTES), b""))
        if size == 0:
            return b""
        if self._waiting:
            return self._from_waiting(size)
        if self._inflate is not None:
            return self._inflated(size)
        if size >= CHUNK_BYTES:
            return self._receive(size)
        self._waiting = self._receive(CHUNK_BYTES)
        return self._from_waiting(size)

    def read_all(self, *, limit_bytes: int) -> bytes:
        """Read to the end; raises AnswerTooLong as soon as the body, inflated, is longer than the limit."""
        parts: list[bytes] = []
        left = limit_bytes
        while part := self.read(CHUNK_BYTES):
            left -= len(part)
            if left < 0:
                raise AnswerTooLong(self._request, limit_bytes)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_up_to(self, limit_bytes: int) -> bytes:
        """Read the beginning of a body whose end does not matter, nor whether it ever comes."""
        parts: list[bytes] = []
        left = limit_bytes
        try:
            while left > 0 and (part := self.read(min(left, CHUNK_BYTES))):
                left -= len(part)
                parts.append(part)
        except ConnectionFailed:
            pass  # what came is all there is to quote
        return b"".join(parts)

    def close(self) -> None:
        """Give the connection up unless the body was read to its end, in which case it is kept already."""
        self._response.close()

    def _receive(self, size: int) -> bytes:
        if self._broken is not None:
            raise self._broken
        if self._response.closed:
            return b""
        try:
            with translate_faults(self._request, self._watch, self._cancelled):
                return self._response.read1(size) or b""
        except MatouError as error:
            self._broken = error  # the response is closed now: asked again, it would look as if it had ended well
            raise

    def _from_waiting(self, size: int) -> bytes:
        part, self._waiting = self._waiting[:size], self._waiting[size:]
        return part

    def _inflated(self, size: int) -> bytes:
        inflate = self._inflate
        while inflate is not None and not inflate.eof:
            received = inflate.unconsumed_tail or self._receive(CHUNK_BYTES)
            if part := self._inflate_part(inflate, received, size):
                return part
            if not received:
                raise ConnectionFailed(
                    "{request}: {fault}", request=self._request, fault=Phrase("its gzip was cut off")
                )
        self._receive(CHUNK_BYTES)  # the last chunk's mark, without which the connection is not kept
        return b""

    def _inflate_part(self, inflate: "zlib._Decompress", received: bytes, size: int) -> bytes:
        try:
            return inflate.decompress(received, size)
        except zlib.error as error:
            raise ConnectionFailed(
                "{request}: {fault}", request=self._request, fault=Phrase("its gzip is broken")
            ) from error


def _inflater(encoding: str, request: str) -> "zlib._Decompress | None":
    if encoding in _NOT_ENCODED:
        return None
    if encoding in _GZIP:
        return zlib.decompressobj(_GZIP_WINDOW)
    raise UnknownShape(Phrase("the encoding of the answer to {request}", request=request), encoding)

"""A request before it is put: where it goes, what it holds, and how slow its answer may be."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self, TypeAlias

import urllib3

import matou
from matou.credentials import Secret
from matou.errors import Invalid
from matou.http.addresses import Address, parse_address

USER_AGENT = f"matou/{matou.__version__}"

Body: TypeAlias = bytes | Callable[[], Generator[bytes, None, None]]
"""What is sent: bytes, or what begins to read them, anew for each attempt; a Content-Length goes with it."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e\t]*", re.ASCII)


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


class InvalidHeader(Invalid):
    """A header that would say more than one thing; the value is not quoted, since it may be a secret."""


def is_valid_header(name: str, value: str) -> bool:
    """RFC 9110, section 5: a token, and a value of one line; we send ASCII only."""
    return bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))


def require_valid_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not is_valid_header(name, value):
            raise InvalidHeader("the header {name} cannot be sent as it is", name=repr(name)[:100])


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request as it is put, once what it holds was found fit to be sent."""

    method: str
    address: Address
    headers: Mapping[str, str]
    secrets: tuple[Secret, ...]
    body: Body | None
    redirects: int
    pace: str
    is_paced: bool
    limits: TransferLimits
    called: str = ""

    def at(self, address: Address) -> str:
        """What an error or a log line calls it."""
        return f"{self.method} {self.called or address}"

    @classmethod
    def prepare(
        cls,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        authorization: Secret | None,
        body: Body | None,
        redirects: int,
        pace: str,
        limits: TransferLimits,
        called: str = "",
    ) -> Self:
        """Raises UnsafeAddress, InvalidHeader."""
        address = parse_address(url)
        sent = {"User-Agent": USER_AGENT, **headers}
        if authorization is not None:
            sent["Authorization"] = authorization.reveal()
        require_valid_headers(sent)
        return cls(
            method,
            address,
            sent,
            (authorization,) if authorization else (),
            body,
            redirects if method == "GET" else 0,
            pace or str(address.origin),
            bool(pace),
            limits,
            called,
        )

    @property
    def timeout(self) -> urllib3.Timeout:
        return urllib3.Timeout(connect=self.limits.connect.total_seconds(), read=self.limits.idle.total_seconds())

    @contextmanager
    def opened_body(self) -> Iterator[bytes | Iterable[bytes] | None]:
        """What is sent, read anew."""
        if self.body is None or isinstance(self.body, bytes):
            yield self.body
        else:
            with closing(self.body()) as chunks:
                yield chunks

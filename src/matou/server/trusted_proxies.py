"""What a proxy says of the client that it stands before: believed of the addresses that the operator named, alone.

`Forwarded` is RFC 7239; `X-Forwarded-For`, `-Proto` and `-Host` are what most proxies say instead. A proxy adds itself
at the end of a list: whatever stands before the last address that is no proxy of ours was made up by whoever likes.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from matou.server.origin import HOST
from matou.server.streaming import Header
from matou.settings import InvalidSetting

FROM_PROXY: Final = "matou.from_proxy"
"""In a scope: a trusted proxy asks."""

LONGEST_BYTES = 8 * 1024
"""Of one kind of header. Of a longer one nothing is believed: it is made up, and takes time to read."""
MOST_HOPS = 32
"""How many proxies are looked through, from the nearest on."""

_SCHEMES = frozenset({"http", "https"})

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class NoProxyAddress(InvalidSetting):
    """What was named as a proxy's address is none."""


@dataclass(frozen=True, slots=True)
class Hop:
    """What one proxy says of whoever asked it; None where it does not say."""

    client: Address | None = None
    scheme: str | None = None
    host: str | None = None


def read_network(text: str) -> Network:
    """An address, or a network as `10.0.0.0/8`. Raises NoProxyAddress."""
    try:
        return ip_network(text)
    except ValueError:
        raise NoProxyAddress("{address} is no address and no network", address=repr(text)[:100]) from None


class TrustedProxies:
    """Gives a request the client, the scheme and the host that a trusted proxy says it has."""

    def __init__(self, app: ASGIApp, networks: Collection[Network]) -> None:
        self._app = app
        self._networks = tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = self._seen_through(scope)
        await self._app(scope, receive, send)

    def _seen_through(self, scope: Scope) -> Scope:
        peer = _address(scope["client"][0]) if scope.get("client") else None
        if peer is None or not self._is_trusted(peer):
            return scope
        hop = self._outermost(hops_of(scope["headers"]), peer)
        seen: Scope = {**scope, FROM_PROXY: True, "client": (str(hop.client), 0)}
        if hop.scheme is not None:
            seen["scheme"] = hop.scheme
        if hop.host is not None:
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            seen["headers"] = [*others, (b"host", hop.host.encode("latin-1"))]
        return seen

    def _outermost(self, hops: Sequence[Hop], peer: Address) -> Hop:
        """From the end, what the last proxy of ours says; where one does not say whom it answers, it is that one."""
        outermost = Hop(client=peer)
        for hop in reversed(hops):
            outermost = Hop(hop.client or outermost.client, hop.scheme or outermost.scheme, hop.host or outermost.host)
            if hop.client is None or not self._is_trusted(hop.client):
                break
        return outermost

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def hops_of(headers: Sequence[Header]) -> tuple[Hop, ...]:
    """What is said, by the nearest proxy last.

    Where both kinds of header come and do not say the same, one of them is the client's own, which the proxy let pass:
    then nothing is believed.
    """
    standard, usual = _standard(_joined(headers, b"forwarded")), _usual(headers)
    if standard and usual:
        return usual if [hop.client for hop in standard] == [hop.client for hop in usual] else ()
    return standard or usual


def _standard(text: str) -> tuple[Hop, ...]:
    return tuple(_element(part) for part in _split(text, ",")[-MOST_HOPS:])


def _element(text: str) -> Hop:
    pairs: dict[str, str] = {}
    for part in _split(text, ";"):
        name, _, value = part.partition("=")
        pairs.setdefault(name.strip().lower(), _unquoted(value.strip()))
    return Hop(_address(pairs.get("for", "")), _scheme(pairs.get("proto", "")), _host(pairs.get("host", "")))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _usual(headers: Sequence[Header]) -> tuple[Hop, ...]:
    """Of schemes and hosts there is often one, however many proxies there are: then it is said of the outermost."""
    clients, schemes, hosts = (
        _split(_joined(headers, name), ",")[-MOST_HOPS:]
        for name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
    )
    if not (clients or schemes or hosts):
        return ()
    count = max(len(clients), 1)
    return tuple(
        Hop(
            _address(clients[index]) if clients else None,
            _scheme(_beside(schemes, index, count)),
            _host(_beside(hosts, index, count)),
        )
        for index in range(count)
    )


def _beside(values: Sequence[str], index: int, count: int) -> str:
    if len(values) == count:
        return values[index]
    return values[-1] if values else ""


def _joined(headers: Sequence[Header], name: bytes) -> str:
    joined = b",".join(value for key, value in headers if key == name)
    return "" if len(joined) > LONGEST_BYTES else joined.decode("latin-1")


def _split(text: str, separator: str) -> list[str]:
    """By a separator that stands outside quotes, each character looked at once.

    A quote that nobody ends is the client's own, and means nothing: it would hide what a proxy has written behind it.
    """
    parts, begin, is_quoted, is_escaped = [], 0, False, False
    for position, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif is_quoted and character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == separator and not is_quoted:
            parts.append(text[begin:position])
            begin = position + 1
    split_parts = text.split(separator) if is_quoted else [*parts, text[begin:]]
    return [part.strip() for part in split_parts if part.strip()]


def _address(text: str) -> Address | None:
    """Without port and brackets; None for `unknown` and for names that a proxy made up (RFC 7239, section 6)."""
    bare = re.sub(r"\A\[(.*)\](?::\d+)?\Z", r"\1", text.strip())
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ip_address(bare)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return parsed if mapped is None else mapped


def _scheme(text: str) -> str | None:
    scheme = text.strip().lower()
    return scheme if scheme in _SCHEMES else None


def _host(text: str) -> str | None:
    return text if HOST.match(text) else None

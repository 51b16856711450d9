"""Which URLs we ask, how they are put together, which machines may stand behind them, and where a credential may go."""

import ipaddress
import re
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

from matou.errors import Invalid, NotFound, Phrase, Refused, TryLater
from matou.http.redaction import redact

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


DEFAULT_PORTS = {"http": 80, "https": 443}

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_TARGET_CHARACTERS = "!#$%&'()*+,/:;=?@[]~-._"

_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
# Tunnels carry an IPv4 address inside, which may be any; `ipaddress` calls some of these global (Python 3.11).
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


_OWN_MACHINE = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?")


class UnsafeAddress(Invalid):
    """A URL that we do not ask: of another scheme, with something hidden in it, or leading inward."""


@dataclass(frozen=True, slots=True)
class Origin:
    """RFC 6454: what a credential belongs to. The host is in lower case; a literal IPv6 address has its brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        if DEFAULT_PORTS[self.scheme] == self.port:
            return f"{self.scheme}://{self.host}"
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that was found fit to be asked. Its text leaves the query out, since tokens and signatures stand there."""

    origin: Origin
    target: str

    @property
    def url(self) -> str:
        return f"{self.origin}{self.target}"

    def resolve(self, location: str) -> "Address":
        """Give what a Location header means here."""
        _require_printable(location)
        return parse_address(urljoin(self.url, location))

    def __str__(self) -> str:
        path, question_mark, _ = self.target.partition("?")
        return f"{self.origin}{path}{'?…' if question_mark else ''}"


def parse_address(text: str) -> Address:
    """Read an absolute URL of http or https.

    Raises:
        UnsafeAddress: another scheme, user information, a control character, a space, a backslash, or a host that
            is no plain name or number.
    """
    _require_printable(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _unsafe(text, Phrase("it cannot be read")) from error
    if parts.scheme not in DEFAULT_PORTS:
        raise _unsafe(text, Phrase("it is neither http nor https"))
    if "@" in parts.netloc:
        raise _unsafe(text, Phrase("it holds a user name or a password"))
    return Address(_origin(text, parts.scheme, parts.netloc, port), _target(parts.path, parts.query))


def _origin(text: str, scheme: str, netloc: str, port: int | None) -> Origin:
    host = netloc if port is None else netloc.rpartition(":")[0]
    host = host.removesuffix(":") if port is None else host
    if not _HOST.fullmatch(host) or port == 0:
        raise _unsafe(text, Phrase("its host is no plain name or number"))
    return Origin(scheme, host.lower(), DEFAULT_PORTS[scheme] if port is None else port)


def _target(path: str, query: str) -> str:
    target = f"{path or '/'}?{query}" if query else path or "/"
    return target if target.isascii() else quote(target, safe=_TARGET_CHARACTERS)


def _require_printable(text: str) -> None:
    if _FORBIDDEN.search(text):
        raise _unsafe(repr(text)[1:-1], Phrase("it holds a space, a backslash or a control character"))


def _unsafe(text: str, fault: Phrase) -> UnsafeAddress:
    shown = redact(text).partition("?")[0][:200]
    return UnsafeAddress("the address {address} is not asked: {fault}", address=repr(shown), fault=fault)


def is_own_machine(host: str) -> bool:
    """Whether a host is named as this very machine: what is sent there nobody on the way can read."""
    return _OWN_MACHINE.fullmatch(host) is not None


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the open internet; only such may be asked on another server's word."""
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv4Address):
        return not any(number in network for network in _NOT_PUBLIC_4)
    return number in _GLOBAL_UNICAST_6 and not any(number in network for network in _NOT_PUBLIC_6)


def require_public(host: str, port: int) -> None:
    """Look a host up and insist that everything it stands for is public.

    Raises:
        UnsafeAddress: one of its addresses is not.
        TryLater: it is not found.
    """
    for number in look_up(host, port):
        require_public_number(host, number)


def look_up(host: str, port: int) -> tuple[str, ...]:
    """The addresses that a host stands for now, in the order in which they are to be tried. Raises TryLater."""
    bare = host.strip("[]")
    try:
        answers = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TryLater("the host {host} is not found", host=bare) from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in answers))


def require_public_number(host: str, number: str) -> None:
    if not is_public(number):
        raise UnsafeAddress(
            "the host {host}, which a server's answer named, stands for {number}, which is not public",
            host=host,
            number=number,
            advice="if that server is yours, name its URL when you configure the source",
        )


def require_no_inward_number(host: str, port: int) -> None:
    """The check that is left where a proxy looks names up: a host given as a number must be public."""
    try:
        answers = socket.getaddrinfo(host.strip("[]"), port, flags=socket.AI_NUMERICHOST)
    except OSError:
        return
    for *_, address in answers:
        require_public_number(host, str(address[0]))


Parameter = str | int | bool | date | datetime | None

_NO_PARTS = frozenset({"", ".", ".."})


class Unnameable(NotFound):
    """A name that no URL can hold, so that nothing can be asked about what it names."""


def segment(text: str) -> str:
    """One part of a path, a slash in it being `%2F`.

    Raises:
        Unnameable: it would be no part of a path, or a step out of it.
    """
    if text in _NO_PARTS:
        raise Unnameable("no address can name {name}", name=repr(text))
    return quote(text, safe="")


def file_path(text: str) -> str:
    """A path within a repository: its slashes stay. Raises as `segment` does."""
    return "/".join(map(segment, text.split("/")))


def owner_and_name(repository: str) -> tuple[str, str]:
    owner, slash, name = repository.rpartition("/")
    if not slash or not owner or not name:
        message = f"a repository is named owner/name, not {repository!r}"
        raise ValueError(message)
    return owner, name


def repository_path(repository: str) -> str:
    """`/repos/{owner}/{repo}` for `owner/repo`; what stands before the last slash is the owner."""
    owner, name = owner_and_name(repository)
    return f"/repos/{segment(owner)}/{segment(name)}"


def with_query(address: str, query: Mapping[str, Parameter] | None) -> str:
    given = texts_of(query or {})
    return f"{address}?{urlencode(given)}" if given else address


def texts_of(values: Mapping[str, Parameter]) -> dict[str, str]:
    """As a query or a form has them; what is None is left out."""
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


_NUMBER = re.compile(r"\[.*\]|(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class AddressRefused(Refused):
    """The platform named an address that the credential is not sent to."""


def trusted_address(address: str, *, home: str, relatives: Collection[str] = ()) -> str:
    """Check an address that a platform gave for a repository; give it in ASCII.

    The host of the platform's API and that host's family belong to it, nothing else does. The family of
    `e.coding.net` is all below `coding.net`; an address in numbers, and a name of one part, have none.

    Args:
        address: as the platform gave it.
        home: the API's URL, which the user named.
        relatives: names of families that are one house: a home in one of them is at home in all.

    Raises:
        AddressRefused: it is not http or https, gives up the encryption that the API has, belongs to somebody else,
            or holds a credential, a query, or what no URL holds.
    """
    try:
        target, own = parse_address(address), parse_address(home)
    except UnsafeAddress as unsafe:
        raise AddressRefused("its address may not be used: {fault}", fault=unsafe) from unsafe
    if target.origin.scheme == "http" and own.origin.scheme == "https":
        raise AddressRefused("the address {address} is not encrypted", address=repr(address)[:200])
    if not _belongs(target.origin, own.origin, relatives) or set("?#") & set(address):
        raise AddressRefused("the address {address} is not one of this account's", address=repr(address)[:200])
    return target.url


def is_number(host: str) -> bool:
    """Whether a host is given as a number, in any of the forms that a resolver takes for one."""
    return _NUMBER.fullmatch(host) is not None


def _belongs(origin: Origin, home: Origin, relatives: Collection[str]) -> bool:
    return origin.port in (home.port, DEFAULT_PORTS[origin.scheme]) and is_at_home(origin.host, home.host, relatives)


def is_at_home(host: str, home: str, relatives: Collection[str] = ()) -> bool:
    """Whether a host is the one of a platform's API, or of its family: see `trusted_address`."""
    if host == home:
        return True
    family = _family(home)
    families = {*relatives, family} if family in relatives else {family}
    return any(name is not None and (host == name or host.endswith(f".{name}")) for name in families)


def _family(host: str) -> str | None:
    labels = host.split(".")
    if len(labels) < 2 or is_number(host):
        return None
    parent = ".".join(labels[1:])
    return host if _public_suffixes().is_public(parent) else parent


@cache
def _public_suffixes() -> "PublicSuffixList":
    """What anybody can have a name below: `net`, `com.cn`, `github.io`. Reading the list takes 50 ms."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()

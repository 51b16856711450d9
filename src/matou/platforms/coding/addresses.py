"""Which addresses the token may be sent to: a platform's answers do not decide that alone."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from matou.errors import Refused
from matou.remote.addresses import DEFAULT_PORTS, Origin, UnsafeAddress, parse_address

_NUMBER = re.compile(r"\[.*\]|(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
"""A host given as a number, in any of the forms that a resolver takes for one."""

_PUBLIC_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "mil", "net", "org"})


class AddressRefused(Refused):
    """The platform named an address that the token is not sent to."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where an account lives: the host of its Open API and that host's family belong to it, nothing else does.

    The family of `e.coding.net` is all below `coding.net`; an address in numbers, and a name of one part, have none.
    What the platform says its team's host is gives a base for what is relative, and no right.
    """

    url: str
    team_host: str

    def clone_url(self, address: str) -> str:
        """Check the address of a repository; give it in ASCII.

        Raises:
            AddressRefused: it is not http or https, gives up the encryption that the Open API has, belongs to
                somebody else, or holds a credential, a query, or what no URL holds.
        """
        try:
            target, home = parse_address(address), parse_address(self.url)
        except UnsafeAddress as unsafe:
            raise AddressRefused("its address may not be used: {fault}", fault=unsafe) from unsafe
        if target.origin.scheme == "http" and home.origin.scheme == "https":
            raise AddressRefused("the address {address} is not encrypted", address=repr(address)[:200])
        if not _belongs(target.origin, home.origin) or set("?#") & set(address):
            raise AddressRefused("the address {address} is not one of this account's", address=repr(address)[:200])
        return target.url

    def icon_url(self, address: str) -> str | None:
        """Make an icon's address absolute; None where there is none. It is fetched without the token."""
        return urljoin(f"{self.team_host or self.url}/", address) if address else None


def team_key(team_host: str, *, url: str, name: str) -> str:
    """The team's name as it stands in URLs of git.

    At CODING that is the first label of its host: `harbour` of `https://harbour.coding.net`. A server without a host
    for each team says `https://host/harbour`; where one says neither, the team's name is it.
    """
    parts = urlsplit(team_host)
    path = parts.path.rstrip("/")
    if path:
        return unquote(path.rpartition("/")[2])
    host = parts.hostname or ""
    if "." in host and not _NUMBER.fullmatch(host) and host != urlsplit(url).hostname:
        return host.split(".", 1)[0]
    return name


def _belongs(origin: Origin, home: Origin) -> bool:
    if origin.port not in (home.port, DEFAULT_PORTS[origin.scheme]):
        return False
    family = _family(home.host)
    return origin.host == home.host or (
        family is not None and (origin.host == family or origin.host.endswith(f".{family}"))
    )


def _family(host: str) -> str | None:
    labels = host.split(".")
    if len(labels) < 2 or _NUMBER.fullmatch(host):
        return None
    return host if _is_public_suffix(labels[1:]) else ".".join(labels[1:])


def _is_public_suffix(labels: list[str]) -> bool:
    """Whether anybody can have a name below: `net`, `com.cn`. Others such as `github.io` are no platform's home."""
    return len(labels) == 1 or (len(labels) == 2 and labels[0] in _PUBLIC_SECOND_LEVEL and len(labels[1]) == 2)

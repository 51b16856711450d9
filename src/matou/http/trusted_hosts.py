"""Which addresses a credential may be sent to: a platform's answers do not decide that alone."""

import re
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

from matou.errors import Refused
from matou.http.addresses import DEFAULT_PORTS, Origin, UnsafeAddress, parse_address

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_NUMBER = re.compile(r"\[.*\]|(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class AddressRefused(Refused):
    """The platform named an address that the credential is not sent to."""


def address_at_home(address: str, *, home: str, relatives: Collection[str] = ()) -> str:
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
    if origin.port not in (home.port, DEFAULT_PORTS[origin.scheme]):
        return False
    if origin.host == home.host:
        return True
    family = _family(home.host)
    families = {*relatives, family} if family in relatives else {family}
    return any(name is not None and (origin.host == name or origin.host.endswith(f".{name}")) for name in families)


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

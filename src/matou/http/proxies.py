"""Which proxy a request goes through, as the environment says; curl's rules, so that git goes the same way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from matou.credentials import Secret
from matou.http.addresses import Origin
from matou.settings import InvalidSetting

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
SOCKS = frozenset({"socks4", "socks4a", "socks5", "socks5h"})
_KNOWN = SOCKS | {"http", "https"}


class UnusableProxy(InvalidSetting):
    """A variable names a proxy of a kind that we cannot speak to."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """One proxy URL for each scheme, which may hold a password; `no_proxy` in curl's form.

    Attributes:
        variables: by scheme, the variable that named its proxy.
    """

    by_scheme: Mapping[str, Secret]
    no_proxy: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read HTTP_PROXY and HTTPS_PROXY, ALL_PROXY for what they leave open, and NO_PROXY.

        The lower-case name goes first, as with curl and git.
        """
        proxies: dict[str, Secret] = {}
        variables: dict[str, str] = {}
        for scheme in ("http", "https"):
            name = _first_set(environment, f"{scheme}_proxy", "all_proxy")
            if name:
                proxies[scheme], variables[scheme] = Secret(environment[name]), name
        no_proxy = _first_set(environment, "no_proxy")
        return cls(proxies, environment[no_proxy] if no_proxy else "", variables)

    def proxy_for(self, origin: Origin) -> Secret | None:
        """The proxy's URL; without a scheme it is one of HTTP. Raises UnusableProxy."""
        proxy = self.by_scheme.get(origin.scheme)
        if proxy is None or self._is_bypassed(origin):
            return None
        variable = self.variables.get(origin.scheme, "")
        url = _with_scheme(proxy.reveal(), variable)
        _require_address(url, variable)
        return Secret(url)

    def _is_bypassed(self, origin: Origin) -> bool:
        entries = (entry.strip().lower() for entry in self.no_proxy.split(","))
        return any(_covers(entry.removeprefix("."), origin) for entry in entries if entry)


def _with_scheme(proxy: str, variable: str) -> str:
    match = _SCHEME.match(proxy)
    if match is None:
        return f"http://{proxy}"
    scheme = match[1].lower()
    if scheme not in _KNOWN:
        raise UnusableProxy(
            "{variable} names a proxy of the scheme {scheme}",
            variable=variable,
            scheme=scheme,
            known=", ".join(sorted(_KNOWN)),
            advice="known are {known}",
        )
    return scheme + proxy[match.end(1) :]


def _require_address(url: str, variable: str) -> None:
    """Raises UnusableProxy, which does not quote the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise UnusableProxy(
            "{variable} names no host and port of a proxy",
            variable=variable,
            advice="it is written as [SCHEME://][USER:PASSWORD@]HOST[:PORT]",
        )


def _covers(entry: str, origin: Origin) -> bool:
    """An entry is `*`, or a host with all that is below it, with or without a port."""
    hosts = (origin.host, f"{origin.host}:{origin.port}")
    return entry == "*" or any(host == entry or host.endswith(f".{entry}") for host in hosts)


def _first_set(environment: Mapping[str, str], *names: str) -> str:
    """The first variable that says something, in lower case before capitals; empty where none does."""
    either_case = (spelled for name in names for spelled in (name, name.upper()))
    return next((name for name in either_case if environment.get(name)), "")


DIRECT = Proxies({}, "")

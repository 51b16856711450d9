"""Which proxy a request goes through, as the environment says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from matou.credentials import Secret
from matou.remote.addresses import Origin


@dataclass(frozen=True, slots=True)
class Proxies:
    """One proxy URL for each scheme, which may hold a password; `no_proxy` in curl's form."""

    by_scheme: Mapping[str, Secret]
    no_proxy: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY; the lower-case name goes first, as with curl and git."""
        found = {scheme: _either_case(environment, f"{scheme}_proxy") for scheme in ("http", "https")}
        return cls({scheme: Secret(url) for scheme, url in found.items() if url}, _either_case(environment, "no_proxy"))

    def proxy_for(self, origin: Origin) -> Secret | None:
        proxy = self.by_scheme.get(origin.scheme)
        if proxy is None or self._is_bypassed(origin):
            return None
        return proxy

    def _is_bypassed(self, origin: Origin) -> bool:
        entries = (entry.strip().lower() for entry in self.no_proxy.split(","))
        return any(_covers(entry.removeprefix("."), origin) for entry in entries if entry)


def _covers(entry: str, origin: Origin) -> bool:
    """An entry is `*`, or a host with all that is below it, with or without a port."""
    places = (origin.host, f"{origin.host}:{origin.port}")
    return entry == "*" or any(place == entry or place.endswith(f".{entry}") for place in places)


def _either_case(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


DIRECT = Proxies({}, "")

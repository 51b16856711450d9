"""Both ends of a request: the address that links begin with, and the client's own, as turns and tries are counted."""

import re
from collections.abc import Hashable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from matou.forge.access import Identity
from matou.forge.login_throttle import network_of
from matou.server.streaming import header
from matou.settings import InvalidSetting

PLATFORM: Final = "matou.platform"
"""In a scope: the platform that the host's name stands for (`platform_hosts`), where it stands for one."""

HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?\Z")


class NoBaseUrl(InvalidSetting):
    """What links are to begin with is no address of a server."""


def read_base_url(text: str) -> str:
    """An http or https URL, without a slash at its end. Raises NoBaseUrl."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    is_whole = parts.scheme in ("http", "https") and HOST.match(parts.netloc) is not None
    if not is_whole or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise NoBaseUrl(
            "{url} is not an address that links can begin with",
            url=repr(text)[:100],
            advice="give it as people type it, as in: --url https://code.example.org",
        )
    return text.rstrip("/")


def client_address(scope: Scope) -> str:
    """Of the peer itself, or of whom a trusted proxy stands before; empty where the web server does not tell."""
    client = scope.get("client")
    return client[0] if client else ""


def caller_of(identity: Identity, address: str) -> Hashable:
    """Whom a request counts for: the account or deploy key, or the address; of IPv6 the network that it is in."""
    if identity.user is not None:
        return identity.user.id
    if identity.deploy_key is not None:
        return identity.deploy_key
    return network_of(address)


def base_url(configured: str | None, scope: Scope) -> str:
    """What links begin with, without a slash at the end.

    Where nothing is configured it is the Host that the request itself names, if that can be one: the answer goes to
    who asked and is kept by nobody. What a proxy says of it is in the request already (`trusted_proxies`). So it is
    where the operator has given that name to a platform: at the configured one the same path is another API's.
    """
    if configured is not None and PLATFORM not in scope:
        return configured.rstrip("/")
    scheme = scope["scheme"] if configured is None else urlsplit(configured).scheme
    host = header(scope["headers"], b"host").decode("latin-1")
    return f"{scheme}://{host if HOST.match(host) else _own_address(scope)}"


def host_in_url(url: str, address: str) -> str:
    """The URL with the address in place of one that means every address of this machine."""
    parts = urlsplit(url)
    if parts.hostname not in ("0.0.0.0", "::") or not address:  # noqa: S104 - it is compared, not listened on
        return url
    named = f"[{address}]" if ":" in address else address
    return f"{parts.scheme}://{named}{'' if parts.port is None else f':{parts.port}'}"


def _own_address(scope: Scope) -> str:
    name, port = scope.get("server") or ("localhost", None)
    host = f"[{name}]" if ":" in name else name
    return host if port is None else f"{host}:{port}"

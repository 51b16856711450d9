"""Connections through a SOCKS proxy (RFC 1928), under the same watch as all others."""

from typing import Any
from urllib.parse import unquote

import socks  # type: ignore[import-untyped]
import urllib3
from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection
from urllib3.util import Url

from matou.http.addresses import Origin
from matou.http.raw_http import GuardedConnection, GuardedTlsConnection

DEFAULT_PORT = 1080

_VERSIONS = {"socks4": socks.SOCKS4, "socks4a": socks.SOCKS4, "socks5": socks.SOCKS5, "socks5h": socks.SOCKS5}
_PROXY_LOOKS_UP = frozenset({"socks4a", "socks5h"})


class _SocksPlain(GuardedConnection, SOCKSConnection):
    pass


class _SocksTls(GuardedTlsConnection, SOCKSHTTPSConnection):
    pass


class _SocksPlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _SocksPlain


class _SocksTlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SocksTls


def socks_pool(proxy: Url, origin: Origin, **options: Any) -> urllib3.HTTPConnectionPool:
    """The pool of one origin. `options` are those of urllib3's pools; ssl_context belongs to https alone."""
    pool = _SocksPlainPool if origin.scheme == "http" else _SocksTlsPool
    return pool(origin.host.strip("[]"), origin.port, _socks_options=_options(proxy), **options)


def _options(proxy: Url) -> dict[str, object]:
    user, colon, password = (proxy.auth or "").partition(":")
    return {
        "socks_version": _VERSIONS[proxy.scheme or ""],
        "proxy_host": (proxy.host or "").strip("[]"),
        "proxy_port": proxy.port or DEFAULT_PORT,
        "username": unquote(user) if user else None,
        "password": unquote(password) if colon else None,
        "rdns": proxy.scheme in _PROXY_LOOKS_UP,
    }

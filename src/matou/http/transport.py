"""Kept-alive connections, each under guard from its first byte: the only module that opens sockets."""

import socket
import ssl
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url

from matou.http.addresses import Address, Origin, require_no_inward_number, require_public, require_public_number
from matou.http.proxies import SOCKS, Proxies
from matou.http.raw_http import GuardedConnection, GuardedTlsConnection, TransferGuard, current
from matou.http.redaction import redact_log_lines
from matou.http.request import TransferLimits
from matou.settings import InvalidSetting

redact_log_lines("urllib3.connectionpool")
redact_log_lines("urllib3.connection")


class UnusableAuthorities(InvalidSetting):
    """The file of certificates to trust is none."""


class _PublicPlain(GuardedConnection):
    def connect(self) -> None:
        require_public(self.host, self.port or 80)
        super().connect()
        _require_public_peer(self)


class _PublicTls(GuardedTlsConnection):
    def connect(self) -> None:
        require_public(self.host, self.port or 443)
        super().connect()
        _require_public_peer(self)


def _require_public_peer(connection: HTTPConnection) -> None:
    """A name may stand for another address the second time: ask the socket itself, before anything is sent."""
    if connection.sock is None:
        return
    try:
        require_public_number(connection.host, str(connection.sock.getpeername()[0]))
    except BaseException:
        connection.close()
        raise


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = GuardedConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = GuardedTlsConnection


class _PublicPlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PublicPlain


class _PublicTlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicTls


class Pools:
    """One pool of kept-alive connections an origin; threads may share them.

    Args:
        named: the origins that the user named. Any other must stand for public addresses only.
        connections: how many connections to one origin are kept.
        proxies: the way out.
        authorities: a file of certificates to trust besides the system's.
    """

    def __init__(
        self, *, named: frozenset[Origin], connections: int, proxies: Proxies, authorities: Path | None
    ) -> None:
        self._named = named
        self._size = connections
        self._proxies = proxies
        self._authorities = authorities
        self._pools: dict[Origin, urllib3.HTTPConnectionPool] = {}
        self._by_proxy: dict[Origin, bool] = {}
        self._open: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def add_named(self, origin: Origin) -> None:
        """To be called before anything there is asked."""
        self._named |= {origin}

    def watch(self, limits: TransferLimits) -> TransferGuard:
        return TransferGuard(limits, self._open)

    def ask(
        self,
        method: str,
        address: Address,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        timeout: urllib3.Timeout,
        watch: TransferGuard,
    ) -> BaseHTTPResponse:
        """Send one request and read the answer's head. Nothing is repeated, redirected or decoded here."""
        pool = self._pools.get(address.origin) or self._make_pool(address.origin)
        current.watch = watch
        return pool.urlopen(
            method,
            address.url if self._by_proxy[address.origin] else address.target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )

    def cut_off(self) -> None:
        """End every request that is under way; whoever waits for one gets an error at once."""
        for connection in list(self._open):
            try:
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed already, which is what we want

    def close(self) -> None:
        """Close the connections that nobody is using."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _make_pool(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        with self._lock:
            if origin not in self._pools:
                secret = self._proxies.proxy_for(origin)
                proxy = None if secret is None else urllib3.util.parse_url(secret.reveal())
                # A proxy of HTTP is told the whole URL; a SOCKS proxy carries bytes and knows no HTTP.
                self._by_proxy[origin] = proxy is not None and proxy.scheme not in SOCKS
                self._pools[origin] = self._direct_pool(origin) if proxy is None else self._proxied_pool(origin, proxy)
            return self._pools[origin]

    def _direct_pool(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        is_named = origin in self._named
        if origin.scheme == "http":
            return (_PlainPool if is_named else _PublicPlainPool)(origin.host, origin.port, maxsize=self._size)
        encrypted = _TlsPool if is_named else _PublicTlsPool
        return encrypted(origin.host, origin.port, maxsize=self._size, ssl_context=self._ssl_context())

    def _proxied_pool(self, origin: Origin, proxy: Url) -> urllib3.HTTPConnectionPool:
        if origin not in self._named:
            require_no_inward_number(origin.host, origin.port)
        if proxy.scheme in SOCKS:
            return self._socks_pool(origin, proxy)
        headers = (
            urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth), proxy_basic_auth_encoding="utf-8")
            if proxy.auth
            else None
        )
        manager = urllib3.ProxyManager(
            proxy.url, maxsize=self._size, proxy_headers=headers, ssl_context=self._ssl_context()
        )
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return manager.connection_from_host(origin.host, origin.port, origin.scheme)

    def _socks_pool(self, origin: Origin, proxy: Url) -> urllib3.HTTPConnectionPool:
        from matou.http.socks import socks_pool

        if origin.scheme == "http":
            return socks_pool(proxy, origin, maxsize=self._size)
        return socks_pool(proxy, origin, maxsize=self._size, ssl_context=self._ssl_context())

    def _ssl_context(self) -> ssl.SSLContext:
        """Reading the system's certificates takes longer than a request, so it is done once."""
        if self._context is None:
            self._context = ssl.create_default_context()
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._authorities is not None:
                _trust(self._context, self._authorities)
        return self._context


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(authorities)
    except OSError as error:  # an SSLError is one
        raise UnusableAuthorities(
            "the certificates in {path} cannot be read: {reason}",
            path=authorities,
            reason=error.strerror or error,
            advice="MATOU_CA_FILE names a file of certificates in PEM",
        ) from error

"""How people reach this server: the address that links begin with."""

import re

from starlette.types import Scope

from matou.server.streaming import header

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?\Z")


def base_url(configured: str | None, scope: Scope) -> str:
    """What links begin with, without a slash at the end.

    Where nothing is configured it is the Host that the request itself names, if that can be one: the answer goes to
    who asked and is kept by nobody. `X-Forwarded-*` is never believed; behind a proxy the address is configured.
    """
    if configured is not None:
        return configured.rstrip("/")
    host = header(scope["headers"], b"host").decode("latin-1")
    return f"{scope['scheme']}://{host if _HOST.match(host) else _own_address(scope)}"


def _own_address(scope: Scope) -> str:
    name, port = scope.get("server") or ("localhost", None)
    host = f"[{name}]" if ":" in name else name
    return host if port is None else f"{host}:{port}"

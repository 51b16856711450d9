"""What is known of the request that is being answered, wherever something about it is done: its id, and whose it is."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from starlette.types import Scope
from structlog.typing import EventDict, WrappedLogger

from matou.server.streaming import header
from matou.server.trusted_proxies import FROM_PROXY

ID_HEADER: Final = b"x-request-id"
_ID_OF_PROXY: Final = re.compile(rb"[0-9A-Za-z][0-9A-Za-z._-]{0,63}\Z")


@dataclass(slots=True)
class RequestFacts:
    """Filled while the request is answered, from threads too.

    Attributes:
        id: in its answer, in what is logged about it, and in what an API says of a failure.
        user: the name of the account that asked; empty as long as nobody is known.
        route: what the server itself calls what was asked for: one of a fixed few, and never what the client wrote.
    """

    id: str
    user: str = ""
    route: str = ""


current_request: ContextVar[RequestFacts | None] = ContextVar("current_request", default=None)


def request_id_of(scope: Scope) -> str:
    """A trusted proxy's own, where it gives a short one that any log can hold; else a new one.

    A client's counts for nothing: it could choose the id of somebody else's request.
    """
    given = header(scope["headers"], ID_HEADER) if FROM_PROXY in scope else b""
    return given.decode("ascii") if _ID_OF_PROXY.match(given) else str(uuid4())


def request_id() -> str:
    """That of the request that is being answered; a new one where there is none."""
    request = current_request.get()
    return str(uuid4()) if request is None else request.id


def note_user(name: str) -> None:
    request = current_request.get()
    if request is not None:
        request.user = name


def note_route(name: str) -> None:
    """Args: name: of a table of the server's own."""
    request = current_request.get()
    if request is not None:
        request.route = name


def add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """For structlog: what is logged while a request is answered has its id."""
    request = current_request.get()
    if request is not None:
        event.setdefault("request_id", request.id)
    return event

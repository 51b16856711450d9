"""What a client is answered whose request cannot be read to its end: 400 or 408, whoever was to answer it.

A chunk whose length is no number looks to an ASGI application like a client that left, and so it may be one: then
nobody reads this answer.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matou.server.streaming import PLAIN_TEXT, send_answer

BROKEN = (400, b"the request's body ends before its end, or is not framed as HTTP has it\n")
TOO_SLOW = (408, b"the request took too long to come\n")


class BrokenBodies:
    """Answers in the place of an application that was sent less than a whole request, or that gave no answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(receive, send)
        await self._app(scope, request.receive, request.send)
        await request.finish()


class _Request:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_whole = False
        self._is_broken = False
        self._has_begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_broken = not self._is_whole
        elif not message.get("more_body", False):
            self._is_whole = True
        return message

    async def send(self, message: Message) -> None:
        """What the application says of a client that left would be nonsense to one that did not."""
        if self._is_broken and not self._has_begun:
            return
        self._has_begun = True
        await self._send(message)

    async def finish(self) -> None:
        if not self._has_begun:
            status, text = BROKEN if self._is_broken else TOO_SLOW
            await send_answer(self._send, status, (PLAIN_TEXT, (b"connection", b"close")), text)

"""A fault of ours is answered with the request's number, and what threads log has it too."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from matou.git.process.child_counts import ChildCounts
from matou.server.state import in_context
from matou.server.watch.request_counts import RequestCounts
from matou.server.watch.request_log import RequestLog
from matou.server.watch.requests import add_request_id, current_request

SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "raw_path": b"/", "headers": [], "client": None}


async def _receive() -> Message:
    return {"type": "http.request"}


async def answer_of(app: Any) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await RequestLog(app, counts=RequestCounts(), children=ChildCounts(), writes_lines=True)(
            dict(SCOPE), _receive, send
        )
    except ZeroDivisionError:
        sent.append({"type": "raised"})
    return sent


def test_a_fault_is_answered_with_a_number_and_no_more_than_a_sentence() -> None:
    async def fail(_: Scope, __: Receive, ___: Send) -> None:
        raise ZeroDivisionError("inside")

    start, body, raised = asyncio.run(answer_of(fail))

    assert start["status"] == 500
    assert b"x-request-id" in dict(start["headers"])
    assert b"inside" not in body["body"]
    assert raised["type"] == "raised"


def test_what_is_logged_in_a_thread_has_the_number_of_its_request_and_no_other() -> None:
    async def work(_: Scope, __: Receive, send: Send) -> None:
        event = await asyncio.get_running_loop().run_in_executor(None, in_context(add_request_id, None, "info", {}))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"seen", event["request_id"].encode())]})

    async def ask_together() -> list[list[Message]]:
        return list(await asyncio.gather(*(answer_of(work) for _ in range(20))))

    headers = [dict(start["headers"]) for (start,) in asyncio.run(ask_together())]

    assert len({pairs[b"x-request-id"] for pairs in headers}) == 20
    assert all(pairs[b"seen"] == pairs[b"x-request-id"] for pairs in headers)
    assert current_request.get() is None

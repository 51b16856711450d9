"""A request whose end does not come is given up, whatever of it came at once: what came takes room on the disk."""

import asyncio
import tempfile
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message

from matou.server import stall_budget
from matou.server.git.http import keep_body
from matou.server.streaming import ClientLeft


def test_a_fetch_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_budget, "PATIENCE_WITH_SLOWNESS", timedelta(seconds=0.05))

    async def drip() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"0004", "more_body": True}

    async def keep() -> None:
        headers = [(b"content-type", b"application/x-git-upload-pack-request")]
        request: Any = SimpleNamespace(headers=headers, receive=drip)
        with tempfile.TemporaryFile() as file:
            async with asyncio.timeout(5):
                await keep_body(request, file)

    with pytest.raises(ClientLeft):
        asyncio.run(keep())

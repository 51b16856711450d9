"""An answer that is made of what is still being computed: no thread waits for it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from matou.forge.analysis.memory import PATIENCE
from matou.forge.jobs import still_computing
from matou.server.api.responses import JSON, NO_STORE, StreamedResponse

if TYPE_CHECKING:
    from concurrent.futures import Future

Answer = TypeVar("Answer")
Computed = TypeVar("Computed")


def now_or_soon(known: "Future[Computed]", answer: Callable[[Computed], Answer]) -> Answer | StreamedResponse:
    """The answer, where what it needs is there; else one that waits for it without holding a thread.

    Raises:
        StillComputing: where it takes longer than clients wait; as part of the answer.
    """
    if known.done():
        return answer(known.result())
    return StreamedResponse(lambda _: _soon(known, answer), (JSON, NO_STORE))


async def _soon(known: "Future[Computed]", answer: Callable[[Computed], object]) -> AsyncGenerator[bytes, None]:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            result = await asyncio.shield(asyncio.wrap_future(known))
    except TimeoutError:
        raise still_computing() from None
    yield await asyncio.to_thread(lambda: msgspec.json.encode(answer(result)))

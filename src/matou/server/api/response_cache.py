"""Answers as they went out, kept for as long as what they depend on is the same; bounded by their bytes."""

import asyncio
from collections.abc import Hashable, Mapping
from typing import NamedTuple
from weakref import WeakValueDictionary

from matou.caching import SizedCache
from matou.forge.access import MayReadCode
from matou.forge.content.references import refs_state
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import Parameters
from matou.server.api.responses import ApiResponse, StreamedResponse

MOST_BYTES = 32 * 1024 * 1024
LARGEST_BYTES = 1024 * 1024
OVERHEAD_BYTES = 1024
"""What a key and the bookkeeping take, roughly."""


class CacheKey(NamedTuple):
    """All that an answer depends on: `about` is a repository or who asks, `state` what the route says."""

    location: tuple[str, ...]
    params: Hashable
    base: str
    about: Hashable
    state: Hashable


Answers = tuple[ApiResponse | StreamedResponse, Mapping[Hashable, ApiResponse | StreamedResponse]]
"""To the request itself, and what was made with it, by the parameters that it answers."""


class ResponseCache:
    """The newest state's answer to each question; one of another state is never given. For the event loop only."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._answers: SizedCache[Hashable, tuple[Hashable, ApiResponse]] = SizedCache(
            most_bytes, size_of=lambda entry: len(entry[1].body) + OVERHEAD_BYTES
        )
        self._making: WeakValueDictionary[CacheKey, asyncio.Lock] = WeakValueDictionary()

    def get(self, key: CacheKey) -> ApiResponse | None:
        state, answer = self._answers.get(key[:-1]) or (None, None)
        return answer if state == key.state else None

    def put(self, key: CacheKey, answers: Answers) -> None:
        answer, together = answers
        self._put(key, answer)
        for params, other in together.items():
            self._put(key._replace(params=params), other)

    def _put(self, key: CacheKey, answer: ApiResponse | StreamedResponse) -> None:
        if isinstance(answer, ApiResponse) and len(answer.body) <= LARGEST_BYTES:
            self._answers.put(key[:-1], (key.state, answer))

    def making(self, key: CacheKey) -> asyncio.Lock:
        """Held by who makes the answers of this key."""
        return self._making.setdefault(key, asyncio.Lock())


def at_database(context: RequestContext, params: Parameters) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    """For what the database alone decides: it is made anew after any write, by this process or another."""
    return context.forge.database.version()


def at_refs(context: RepositoryContext[MayReadCode], params: Parameters) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    """For what the refs alone decide, as objects never change."""
    return refs_state(context.forge, context.granted)


def at_refs_and_database(context: RepositoryContext[MayReadCode], params: Parameters) -> Hashable | None:
    refs, database = at_refs(context, params), at_database(context, params)
    return None if refs is None or database is None else (refs, database)

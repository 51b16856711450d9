"""Answers as they went out, kept for as long as what they depend on is the same; bounded by their bytes."""

from collections import OrderedDict
from collections.abc import Hashable

from matou.forge.access import MayReadCode
from matou.forge.content.references import refs_state
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import Parameters
from matou.server.api.responses import Response

MOST_BYTES = 32 * 1024 * 1024
LARGEST_BYTES = 1024 * 1024
OVERHEAD_BYTES = 1024
"""What a key and the bookkeeping take, roughly."""


class ResponseCache:
    """The key says all that an answer depends on, so none of them ever has to be forgotten. For the event loop only."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, Response] = OrderedDict()

    def get(self, key: Hashable) -> Response | None:
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: Hashable, answer: Response) -> None:
        if len(answer.body) > LARGEST_BYTES or key in self._answers:
            return
        self._answers[key] = answer
        self._bytes += len(answer.body) + OVERHEAD_BYTES
        while self._bytes > self._most_bytes:
            _, dropped = self._answers.popitem(last=False)
            self._bytes -= len(dropped.body) + OVERHEAD_BYTES


def at_database(context: RequestContext, params: Parameters) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    """For what the database alone decides: it is made anew after any write, by this process or another."""
    return context.forge.database.version()


def at_refs(context: RepositoryContext[MayReadCode], params: Parameters) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    """For what the refs alone decide, as objects never change."""
    return refs_state(context.forge, context.granted)


def at_refs_and_database(context: RepositoryContext[MayReadCode], params: Parameters) -> Hashable | None:
    refs, database = at_refs(context, params), at_database(context, params)
    return None if refs is None or database is None else (refs, database)

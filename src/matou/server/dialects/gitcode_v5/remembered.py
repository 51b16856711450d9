"""Answers as they went out, kept for as long as what they depend on is the same; bounded by their bytes."""

from collections import OrderedDict
from collections.abc import Hashable

from matou.server.dialects.gitcode_v5.answers import Encoded

MOST_BYTES = 32 * 1024 * 1024
LARGEST_BYTES = 1024 * 1024
OVERHEAD_BYTES = 1024
"""What a key and the bookkeeping take, roughly."""


class RememberedAnswers:
    """The key says all that an answer depends on, so none of them ever has to be forgotten. For the event loop only."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, Encoded] = OrderedDict()

    def get(self, key: Hashable) -> Encoded | None:
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: Hashable, answer: Encoded) -> None:
        if len(answer.body) > LARGEST_BYTES or key in self._answers:
            return
        self._answers[key] = answer
        self._bytes += len(answer.body) + OVERHEAD_BYTES
        while self._bytes > self._most_bytes:
            _, dropped = self._answers.popitem(last=False)
            self._bytes -= len(dropped.body) + OVERHEAD_BYTES

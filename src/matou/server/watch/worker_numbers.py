"""What each worker says of itself, added up by whichever of them is asked."""

import mmap
import threading
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED

Number = tuple[str, str]
"""The name of a family, and the value of its label: both the server's own words."""

_SLOT_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 16
_MOST_LOOKS: Final = 100
_NumberRows = list[tuple[str, str, float]]


class WorkerNumbers:
    """Numbers of all workers of one server. Made before they are forked; each says its own, any may add them up.

    Whoever takes the place of a worker that died goes on with its counts, so that no sum of them falls.
    """

    def __init__(self, workers: int = 1) -> None:
        # Anonymous and shared: whoever is forked from here has the same.
        self._slots = [_Slot() for _ in range(workers)]
        self._own = self._slots[0]
        self._before: Mapping[Number, float] = {}
        self._saying = threading.Lock()

    def take_place(self, worker: int, *, counters: Collection[str]) -> None:
        """Say the numbers of this worker from now on, of which there must be no other.

        Args:
            counters: names of families that only grow.
        """
        self._own = self._slots[worker]
        self._before = {number: value for number, value in self._own.read().items() if number[0] in counters}

    def say(self, numbers: Mapping[Number, float]) -> None:
        """How this worker stands now."""
        known = {**self._before, **numbers}
        sums = {number: numbers.get(number, 0) + self._before.get(number, 0) for number in known}
        # Two who write at once would leave a version that says that nobody does.
        with self._saying:
            self._own.write(sums)

    def sums(self) -> dict[Number, float]:
        """Of all workers, as each said last."""
        sums: dict[Number, float] = {}
        for slot in self._slots:
            for number, value in slot.read().items():
                sums[number] = sums.get(number, 0) + value
        return sums


class _Slot:
    """One writes, all read: an odd version says that it is being written, another one that it was meanwhile."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOT_BYTES)
        self._head = memoryview(self._memory)[:_HEAD_BYTES].cast("Q")

    def write(self, numbers: Mapping[Number, float]) -> None:
        """What is more than there is room for is not said, and what was said before stays."""
        text = msgspec.json.encode([(name, label, value) for (name, label), value in numbers.items()])
        if len(text) > _SLOT_BYTES - _HEAD_BYTES:
            return
        # A writer that was killed in the middle has left an odd one.
        version = self._head[0] | 1
        self._head[0] = version
        self._head[1] = len(text)
        self._memory[_HEAD_BYTES : _HEAD_BYTES + len(text)] = text
        self._head[0] = version + 1

    def read(self) -> dict[Number, float]:
        for _ in range(_MOST_LOOKS):
            version, length = self._head[0], self._head[1]
            text = self._memory[_HEAD_BYTES : _HEAD_BYTES + min(length, _SLOT_BYTES)]
            if version % 2 == 0 and self._head[0] == version:
                return _decoded(text)
        return {}


def _decoded(text: bytes) -> dict[Number, float]:
    try:
        numbers = msgspec.json.decode(text, type=decodable(_NumberRows)) if text else []
    except NOT_DECODED:
        return {}
    return {(name, label): value for name, label, value in numbers}

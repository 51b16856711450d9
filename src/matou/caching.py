"""What is remembered and may be forgotten at any time, bounded by what it takes: cachetools, safe between threads."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SizedCache(Generic[Key, Value]):
    """Values by key; those that were asked for longest ago go first.

    Args:
        most: how much there may be in all, in the unit of `size_of`.
        size_of: what a value takes when it is put; each counts 1 where nothing is given. A larger one than `most` is
            not remembered.
        dropped: is told what goes for want of room, while the cache is locked.
    """

    def __init__(
        self,
        most: int,
        *,
        size_of: Callable[[Value], int] | None = None,
        dropped: Callable[[Key, Value], None] | None = None,
    ) -> None:
        self._entries: LRUCache[Key, Value] = _NotifyingCache(most, size_of, dropped)
        self._lock = Lock()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        with self._lock:
            try:
                value = self._entries[key]
            except KeyError:
                self.misses += 1
                return None
            self.hits += 1
            return value

    def put(self, key: Key, value: Value) -> None:
        """Put it in the place of an older one, whose size may have been another."""
        with self._lock:
            try:
                self._entries[key] = value
            except ValueError:  # larger than all may be together
                self._entries.pop(key, None)

    def setdefault(self, key: Key, value: Value) -> Value:
        with self._lock:
            return self._entries.setdefault(key, value)

    def list_keys(self) -> tuple[Key, ...]:
        """Those that are there now."""
        with self._lock:
            return tuple(self._entries)

    def pop(self, key: Key) -> Value | None:
        with self._lock:
            return self._entries.pop(key, None)


class _NotifyingCache(LRUCache[Key, Value]):
    def __init__(
        self, most: int, size_of: Callable[[Value], int] | None, dropped: Callable[[Key, Value], None] | None
    ) -> None:
        super().__init__(most, getsizeof=size_of)
        self._dropped = dropped

    def popitem(self) -> tuple[Key, Value]:
        key, value = super().popitem()
        if self._dropped is not None:
            self._dropped(key, value)
        return key, value

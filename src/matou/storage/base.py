"""What every store of bytes promises, whichever keeps them."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Protocol

from matou.errors import MatouError


class InvalidKey(MatouError):
    """A key that would not stay inside its store."""


class StagedBytes(Protocol):
    """Bytes on their way into a store; gone without a trace unless they are published."""

    def write(self, data: bytes, /) -> object: ...

    def publish(self, key: str, /) -> None:
        """Make the bytes durable and give them their name; what stands under it already is replaced in one step."""


class Store(Protocol):
    """What every store promises; `tests/contracts/stores.py` is the promise in full.

    Keys are relative paths of plain ASCII with `/` between the parts.
    """

    def stage(self) -> contextlib.AbstractContextManager[StagedBytes]: ...

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        """Store all bytes of a source, durably and in one step, and say how many they were."""

    def put_many(self, items: Mapping[str, bytes]) -> None:
        """Store small things, durably; each in one step, not all of them together. For a few hundred at the most."""

    def create(self, key: str, data: bytes) -> None:
        """Store small bytes durably under a key that nothing stands under, of several at the same time one alone.

        Raises:
            Conflict: something stands there.
        """

    def open(self, key: str) -> BinaryIO:
        """Raises NotFound."""

    def exists(self, key: str) -> bool: ...

    def size(self, key: str) -> int:
        """Bytes. Raises NotFound."""

    def iterate(self, prefix: str = "") -> Iterator[str]:
        """Every key below a prefix that ends in `/` (or is empty), sorted."""

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """As `iterate`, in any order, with the bytes of each."""

    def delete(self, key: str) -> None:
        """Raises NotFound."""

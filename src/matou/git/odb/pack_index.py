"""Which objects a pack holds, from its index of version 2 (gitformat-pack): no process, no pack opened."""

import mmap
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from matou.errors import Damaged
from matou.model.names import ObjectId

_HEADER: Final = b"\xfftOc\x00\x00\x00\x02"
_NAMES_OFFSET: Final = len(_HEADER) + 256 * 4
_FAR: Final = 1 << 31


class DamagedIndex(Damaged):
    """A pack's index that is not what git wrote."""


class PackIndex:
    """The sorted ids of one pack, searched where they lie on the disk.

    Raises:
        DamagedIndex: on opening, where the file is no index of version 2 or is cut.
    """

    def __init__(self, pack: Path, *, id_bytes: int = 20) -> None:
        self._id_bytes = id_bytes
        path = pack.with_suffix(".idx")
        with path.open("rb") as file:
            self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._count = int.from_bytes(self._content[_NAMES_OFFSET - 4 : _NAMES_OFFSET], "big")
        if self._content[:8] != _HEADER or len(self._content) < _NAMES_OFFSET + self._count * (id_bytes + 8):
            self._content.close()
            raise DamagedIndex("{path} is no whole index of version 2", path=path)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> bytes:
        start = _NAMES_OFFSET + number * self._id_bytes
        return self._content[start : start + self._id_bytes]

    def __contains__(self, oid: ObjectId) -> bool:
        wanted = bytes.fromhex(oid)
        if len(wanted) != self._id_bytes:
            return False
        found = bisect_left(self, wanted)
        return found < self._count and self[found] == wanted

    def __iter__(self) -> Iterator[ObjectId]:
        for number in range(self._count):
            yield ObjectId(self[number].hex())

    def ids(self) -> bytes:
        """All of them, one after the other."""
        return self._content[_NAMES_OFFSET : _NAMES_OFFSET + self._count * self._id_bytes]

    def offsets(self) -> list[int]:
        """Where in the pack each object begins, in the order of the ids."""
        start = _NAMES_OFFSET + self._count * (self._id_bytes + 4)
        found = list(struct.unpack_from(f">{self._count}I", self._content, start))
        return [self._far_offset(start, number) if number >= _FAR else number for number in found]

    def _far_offset(self, start: int, number: int) -> int:
        """Beyond 2 GiB, what stands there is the number of a longer offset in a table of its own."""
        at = start + self._count * 4 + (number - _FAR) * 8
        return int.from_bytes(self._content[at : at + 8], "big")

    def close(self) -> None:
        self._content.close()


def ids_not_in(pack: Path, wanted: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """Those of the wanted objects that the pack does not hold."""
    wanted = frozenset(wanted)
    index = PackIndex(pack, id_bytes=len(next(iter(wanted), "0" * 40)) // 2)
    try:
        return frozenset(oid for oid in wanted if oid not in index)
    finally:
        index.close()

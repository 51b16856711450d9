"""What a pack holds, told without git (gitformat-pack): which objects by its index of version 2, and which of them are
blobs by the headers of its entries; no content is read.
"""

import mmap
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NoReturn

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
        key = bytes.fromhex(oid)
        if len(key) != self._id_bytes:
            return False
        index = bisect_left(self, key)
        return index < self._count and self[index] == key

    def __iter__(self) -> Iterator[ObjectId]:
        for number in range(self._count):
            yield ObjectId(self[number].hex())

    def ids(self) -> bytes:
        """All of them, one after the other."""
        return self._content[_NAMES_OFFSET : _NAMES_OFFSET + self._count * self._id_bytes]

    def offsets(self) -> list[int]:
        """Where in the pack each object begins, in the order of the ids."""
        start = _NAMES_OFFSET + self._count * (self._id_bytes + 4)
        offsets = list(struct.unpack_from(f">{self._count}I", self._content, start))
        return [self._far_offset(start, number) if number >= _FAR else number for number in offsets]

    def _far_offset(self, start: int, number: int) -> int:
        """Beyond 2 GiB, what stands there is the number of a longer offset in a table of its own."""
        at = start + self._count * 4 + (number - _FAR) * 8
        return int.from_bytes(self._content[at : at + 8], "big")

    def close(self) -> None:
        self._content.close()


def ids_not_in(pack: Path, ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """Those of the wanted objects that the pack does not hold."""
    ids = frozenset(ids)
    index = PackIndex(pack, id_bytes=len(next(iter(ids), "0" * 40)) // 2)
    try:
        return frozenset(oid for oid in ids if oid not in index)
    finally:
        index.close()


_BLOB: Final = 3
_OFFSET_DELTA: Final = 6
_NAMED_DELTA: Final = 7
_KINDS: Final = frozenset({1, 2, _BLOB, 4, _OFFSET_DELTA, _NAMED_DELTA})

_LONGEST_SIZES: Final = 20
"""Bytes at the beginning of a delta in which it says how long its base is, and what it makes of it."""

_PACKED_SIZES: Final = 1024
"""Those bytes once they are compressed: more than a Huffman table and they can take."""


class DamagedPack(Damaged):
    """A pack that is not what git wrote."""


class PackEntries:
    """The entries of a pack, which is held in memory as a whole.

    Raises:
        DamagedIndex: on opening.
        DamagedPack: in any method, where there is no entry where the index says.
    """

    def __init__(self, pack: Path, *, id_bytes: int = 20) -> None:
        self._pack = pack
        self._content = memoryview(pack.read_bytes())
        self._id_bytes = id_bytes
        index = PackIndex(pack, id_bytes=id_bytes)
        try:
            self._ids = index.ids()
            self._offsets = index.offsets()
        finally:
            index.close()
        self._kinds: dict[int, int] = {}

    def blobs_between(self, smallest_bytes: int, largest_bytes: int) -> Iterator[ObjectId]:
        """The blobs that are so long. A delta whose base its entry does not tell the kind of is given too."""
        for number, offset in enumerate(self._offsets):
            kind, packed, position = self._header(offset)
            size: int | None = packed
            if kind >= _OFFSET_DELTA:
                kind, size = self._of_delta(offset, kind, position)
            if kind == _BLOB and (size is None or smallest_bytes <= size <= largest_bytes):
                yield ObjectId(self._ids[number * self._id_bytes : (number + 1) * self._id_bytes].hex())

    def _header(self, offset: int) -> tuple[int, int, int]:
        """An entry's kind and length, and where its header ends."""
        content = self._content
        try:
            byte = content[offset]
            kind, size, shift = byte >> 4 & 7, byte & 15, 4
            while byte & 0x80:
                offset += 1
                byte = content[offset]
                size |= (byte & 0x7F) << shift
                shift += 7
        except IndexError:
            self._refuse(offset)
        if kind not in _KINDS:
            self._refuse(offset)
        return kind, size, offset + 1

    def _of_delta(self, offset: int, kind: int, position: int) -> tuple[int, int | None]:
        """What a delta makes, as far as that can be told: a kind, and how long it is."""
        if kind == _NAMED_DELTA:
            return _BLOB, self._size_made(position + self._id_bytes)
        base, position = self._base(offset, position)
        kind = self._kind_at(base)
        return kind, self._size_made(position) if kind == _BLOB else None

    def _kind_at(self, offset: int) -> int:
        """What a chain of deltas ends at: a blob where it cannot be told, since it may be one."""
        chain = []
        while offset not in self._kinds:
            chain.append(offset)
            kind, _, position = self._header(offset)
            if kind != _OFFSET_DELTA:
                self._kinds[offset] = _BLOB if kind == _NAMED_DELTA else kind
                break
            offset, _ = self._base(offset, position)
        entry_kind = self._kinds[offset]
        self._kinds.update(dict.fromkeys(chain, entry_kind))
        return entry_kind

    def _base(self, offset: int, position: int) -> tuple[int, int]:
        """Where the base of an entry is, and where the delta begins."""
        content = self._content
        try:
            byte = content[position]
            distance = byte & 0x7F
            while byte & 0x80:
                position += 1
                byte = content[position]
                distance = (distance + 1) << 7 | (byte & 0x7F)
        except IndexError:
            self._refuse(offset)
        if not 0 < distance < offset:
            self._refuse(offset)
        return offset - distance, position + 1

    def _size_made(self, position: int) -> int | None:
        try:
            packed = self._content[position : position + _PACKED_SIZES]
            sizes = zlib.decompressobj().decompress(packed, _LONGEST_SIZES)
        except zlib.error:
            self._refuse(position)
        return _second_number(sizes)

    def _refuse(self, offset: int) -> NoReturn:
        raise DamagedPack("{path} holds no object at {offset}", path=self._pack, offset=offset)


def _second_number(content: bytes) -> int | None:
    """Numbers of seven bits a byte, the lowest first; None where the second is not there whole."""
    numbers, shift = [0], 0
    for byte in content:
        numbers[-1] |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            if len(numbers) == 2:
                return numbers[1]
            numbers.append(0)
            shift = 0
    return None

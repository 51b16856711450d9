"""Many new objects as one pack: written as they come, and the repository's only once all of them are whole.

https://git-scm.com/docs/gitformat-pack, of version 2; without differences, which a later repack finds.
"""

import hashlib
import os
import shutil
import struct
import zlib
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final, Self

from matou.fs import sync_folder
from matou.git.odb.quarantine import ObjectKind, name_object
from matou.git.odb.quarantine_environment import QuarantineFolder
from matou.model.names import ObjectId

_TYPES: Final = {ObjectKind.COMMIT: 1, ObjectKind.TREE: 2, ObjectKind.BLOB: 3, ObjectKind.TAG: 4}
_PACK_HEAD: Final = b"PACK\0\0\0\2"
_INDEX_HEAD: Final = b"\xfftOc\0\0\0\2"
_COUNT_AT: Final = len(_PACK_HEAD)
_FAR: Final = 1 << 31
_CHUNK_BYTES: Final = 1024 * 1024
_READ_ONLY: Final = 0o444

_Entry = tuple[int, int, int]
"""Of an object in the pack: the checksum of its bytes there, where they begin and how many they are."""


class PackWriter(QuarantineFolder):
    """A pack in a folder below `objects/`. Leaving the block without `keep` removes it.

    Memory holds an object at a time, and some 200 bytes for each that was written. For one thread.

    Args:
        git_dir: a bare repository with SHA-1 objects.
    """

    kind = "pack"

    def __init__(self, git_dir: Path) -> None:
        super().__init__(git_dir)
        self._written: dict[bytes, _Entry] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self._path = self.folder / "new.pack"
        self._file: BinaryIO = self._path.open("w+b")
        self._file.write(_PACK_HEAD + bytes(4))
        self._size_bytes = _COUNT_AT + 4
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        super().__exit__(*error)

    def __len__(self) -> int:
        return len(self._written)

    def __contains__(self, name: ObjectId) -> bool:
        return bytes.fromhex(name) in self._written

    def write_object(self, kind: ObjectKind, content: bytes) -> ObjectId:
        """Give an object its name and store it here; it is not judged. One that was written before is not again.

        Raises:
            RefusedObject: it is half of an attack on SHA-1, which every git that meets it refuses.
        """
        name = name_object(kind, content)
        key = bytes.fromhex(name)
        if key not in self._written:
            entry = _entry_head(_TYPES[kind], len(content)) + zlib.compress(content)
            self._file.write(entry)
            self._written[key] = (zlib.crc32(entry), self._size_bytes, len(entry))
            self._size_bytes += len(entry)
        return name

    def read(self, name: ObjectId) -> bytes | None:
        """The content of an object that was written here; None for any other."""
        entry = self._written.get(bytes.fromhex(name))
        if entry is None:
            return None
        _, offset, length = entry
        self._file.seek(offset)
        content = self._file.read(length)
        self._file.seek(0, os.SEEK_END)
        head_bytes = next(number for number, byte in enumerate(content, start=1) if not byte & 0x80)
        return zlib.decompress(content[head_bytes:])

    def forget(self, name: ObjectId) -> None:
        """Leave out an object that was written here and that nothing will name; one that was not is no error."""
        self._written.pop(bytes.fromhex(name), None)

    def keep(self, *, durably: bool = True) -> int:
        """Make the objects the repository's; say how many bytes that added to it.

        Durably, they survive a power cut from here on; else the caller syncs the file system before anything that
        shall survive one names them.
        """
        if not self._written:
            return 0
        self._close_gaps()
        checksum = self._finish_pack()
        index = self.folder / "new.idx"
        index.write_bytes(self._index(checksum))
        place = self.git_dir / "objects" / "pack" / f"pack-{checksum.hex()}.pack"
        size_bytes = self._size_bytes + index.stat().st_size
        self._file.close()
        # A pack is there for others as soon as its index is, so that comes last.
        _move(self._path, place, durably=durably)
        _move(index, place.with_suffix(".idx"), durably=durably)
        if durably:
            sync_folder(place.parent)
        self._written.clear()
        return size_bytes

    def _close_gaps(self) -> None:
        """Move together what is left, where objects were forgotten."""
        if _COUNT_AT + 4 + sum(length for _, _, length in self._written.values()) == self._size_bytes:
            return
        self._size_bytes = _COUNT_AT + 4
        for name, (checksum, offset, length) in self._written.items():
            self._file.seek(offset)
            entry = self._file.read(length)
            self._file.seek(self._size_bytes)
            self._file.write(entry)
            self._written[name] = (checksum, self._size_bytes, length)
            self._size_bytes += length
        self._file.truncate(self._size_bytes)

    def _finish_pack(self) -> bytes:
        """Write how many objects there are, and the checksum over all that came before."""
        self._file.seek(_COUNT_AT)
        self._file.write(len(self._written).to_bytes(4, "big"))
        self._file.seek(0)
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := self._file.read(_CHUNK_BYTES):
            digest.update(chunk)
        self._file.write(digest.digest())
        self._size_bytes += digest.digest_size
        self._file.flush()
        return digest.digest()

    def _index(self, pack_checksum: bytes) -> bytes:
        ordered = sorted(self._written)
        entries = [self._written[name] for name in ordered]
        offsets = [offset for _, offset, _ in entries]
        far = [offset for offset in offsets if offset >= _FAR]
        numbers = iter(range(_FAR, _FAR + len(far)))
        near = [next(numbers) if offset >= _FAR else offset for offset in offsets]
        first_bytes = [0] * 256
        for name in ordered:
            first_bytes[name[0]] += 1
        content = b"".join(
            (
                _INDEX_HEAD,
                struct.pack(">256I", *accumulate(first_bytes)),
                *ordered,
                struct.pack(f">{len(entries)}I", *(checksum for checksum, _, _ in entries)),
                struct.pack(f">{len(near)}I", *near),
                struct.pack(f">{len(far)}Q", *far),
                pack_checksum,
            )
        )
        return content + hashlib.sha1(content, usedforsecurity=False).digest()


def remove_unkept_packs(git_dir: Path) -> None:
    """Remove what writers that died have left; the caller knows that none is at work here."""
    for folder in (git_dir / "objects").glob(f"tmp_objdir-{PackWriter.kind}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _entry_head(kind: int, size_bytes: int) -> bytes:
    """The kind in three bits; the length in four bits, and then in seven a byte, the lowest first."""
    first, rest = size_bytes & 15, size_bytes >> 4
    head = bytearray()
    byte = kind << 4 | first
    while rest:
        head.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    head.append(byte)
    return bytes(head)


def _move(path: Path, place: Path, *, durably: bool) -> None:
    path.chmod(path.stat().st_mode & _READ_ONLY)
    if durably:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    path.replace(place)

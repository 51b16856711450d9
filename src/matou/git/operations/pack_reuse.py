"""A clone that one pack on the disk answers as it is: nothing is packed again, and no process is started.

That is how a mirror lies there after its first backup, and a repository after its first push or import.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matou.errors import Damaged
from matou.git.odb.packs import PackIndex
from matou.git.odb.stored_objects import faults_named, open_objects
from matou.git.wire.pktline import Marker
from matou.model.names import ObjectId

MOST_OBJECTS: Final = 1_000
"""Following them takes about 10 µs each; a process to pack them takes 10 ms and more."""

LARGEST_OBJECT_BYTES: Final = 4 * 1024 * 1024
"""Of what names others, which is read into memory; files are not."""

LARGEST_PACK_BYTES: Final = 64 * 1024 * 1024

if TYPE_CHECKING:
    from pygit2 import Odb

_BAND_BYTES: Final = 65_515
"""What one packet of sideband-64k carries (gitprotocol-pack)."""

_GITLINK: Final = 0o160000
_FOLDER: Final = 0o040000
_TYPE_MASK: Final = 0o170000


@dataclass(frozen=True, slots=True)
class ReusablePack:
    """A pack that answers a clone."""

    path: Path
    size_bytes: int


def pack_of_everything(git_dir: Path, ids: Collection[ObjectId]) -> ReusablePack | None:
    """The only pack of a repository of SHA-1 objects, if it holds what the wanted objects reach and nothing more.

    So nobody is sent what the refs that they may see do not reach. None where git is to work it out.
    """
    try:
        pack = _only_pack(git_dir)
        if pack is None or (size := pack.stat().st_size) > LARGEST_PACK_BYTES:
            return None
        held = _objects_of(pack)
        is_all = held is not None and _reached(git_dir, ids, limit=len(held)) == held
    except (Damaged, KeyError, ValueError, OSError):
        return None  # OSError: it was packed anew meanwhile, or is gone, or its disk fails
    return ReusablePack(pack, size) if is_all else None


def _objects_of(pack: Path) -> frozenset[str] | None:
    index = PackIndex(pack)
    try:
        return frozenset(index) if len(index) <= MOST_OBJECTS else None
    finally:
        index.close()


def _only_pack(git_dir: Path) -> Path | None:
    """None where objects lie anywhere else too: loose, in a second pack, or borrowed from another repository."""
    objects = git_dir / "objects"
    if any(path.name not in ("info", "pack") for path in objects.iterdir()):
        return None
    if (objects / "info" / "alternates").exists():
        return None
    packs = list((objects / "pack").glob("*.pack"))
    return packs[0] if len(packs) == 1 else None


def _reached(git_dir: Path, ids: Collection[ObjectId], *, limit: int) -> frozenset[str]:
    """What the wanted objects reach, themselves included; the search ends once that is more than `limit`.

    Raises:
        Damaged: an object cannot be read.
        KeyError: one is not there.
        ValueError: one is too large to be read here.
    """
    objects = open_objects(git_dir)
    seen: set[str] = set(ids)
    waiting: list[str] = list(ids)
    while waiting and len(seen) <= limit:
        oid = waiting.pop()
        kind, content = _read(objects, ObjectId(oid))
        for named, is_blob in _NAMED_BY[int(kind)](content):
            if named not in seen:
                seen.add(named)
                waiting.extend(() if is_blob else (named,))
    return frozenset(seen)


def _read(objects: "Odb", oid: ObjectId) -> tuple[int, bytes]:
    with faults_named(oid):
        _, size_bytes = objects.read_header(oid)
    if size_bytes > LARGEST_OBJECT_BYTES:
        raise ValueError(oid)
    with faults_named(oid):
        return objects.read(oid)


def _named_by_lines(content: bytes) -> Iterator[tuple[str, bool]]:
    """What the header of a commit or a tag names, which is all that either names."""
    for line in content.partition(b"\n\n")[0].split(b"\n"):
        word, _, value = line.partition(b" ")
        if word in (b"tree", b"parent", b"object"):
            yield value.decode("ascii", "replace"), False


def _named_by_tree(content: bytes) -> Iterator[tuple[str, bool]]:
    """Entries of `<mode> <name> NUL <20 bytes>`; a submodule's commit lies elsewhere."""
    position = 0
    while position < len(content):
        end_of_name = content.index(b"\0", position)
        mode = int(content[position : content.index(b" ", position)], 8)
        position = end_of_name + 21
        if mode != _GITLINK:
            yield content[end_of_name + 1 : position].hex(), mode & _TYPE_MASK != _FOLDER


def _nothing(_content: bytes) -> Iterator[tuple[str, bool]]:
    return iter(())


_NAMED_BY: Final = {1: _named_by_lines, 2: _named_by_tree, 3: _nothing, 4: _named_by_lines}


def clone_answer(pack: ReusablePack) -> Iterator[bytes]:
    """The answer to a `fetch` of version 2 that sends a pack as it is, in pieces of 64 KB."""
    yield b"000dpackfile\n"
    with pack.path.open("rb") as file:
        while block := file.read(_BAND_BYTES):
            yield b"%04x\x01%b" % (len(block) + 5, block)
    yield Marker.FLUSH.value

"""The files that hold a repository's objects: each proves its own bytes, without git."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from matou.errors import Damaged
from matou.storage.files import chunks_of

_CHECKSUMMED_SUFFIXES = frozenset({".pack", ".idx", ".rev", ".bitmap", ".mtimes", ".graph"})
_CHECKSUMMED_NAMES = frozenset({"multi-pack-index", "commit-graph"})
_FOLDERS = ("pack", "info", "info/commit-graphs")
_LOOSE_FOLDER = re.compile(r"[0-9a-f]{2}\Z")
_LOOSE_NAME = re.compile(r"[0-9a-f]{38}(?:[0-9a-f]{24})?\Z")


class DamagedFile(Damaged):
    """A file of git's whose bytes do not have the checksum that it ends with."""


class DamagedLooseObject(Damaged):
    """A loose object whose content is not what its name says."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of a repository, and what its bytes came to.

    Attributes:
        path: the file.
        checksum: what stands for its content: the checksum that it ends with, or the object's name.
        fault: why it is damaged; None where it is whole.
    """

    path: Path
    checksum: str
    fault: Damaged | None


def check_object_files(objects: Path, *, hash_name: str) -> Iterator[CheckedFile]:
    """Read every pack, index and loose object to its end.

    Args:
        objects: the folder `objects` of a repository.
        hash_name: `sha1` or `sha256`, the repository's object format.
    """
    for path in _checksummed_files(objects):
        checked = _checked(path, hash_name)
        # Whoever serves the repository replaces what makes git quick in its history at any time.
        if checked.fault is None or path.parent.name == "pack" or path.exists():
            yield checked
    for folder in sorted(objects.iterdir()):
        if _LOOSE_FOLDER.match(folder.name):
            for path in sorted(folder.iterdir()):
                if is_loose_object(path):
                    yield _checked_loose(path, hash_name)


def checked_file(path: Path, *, hash_name: str) -> CheckedFile:
    """Read one pack, index or loose object to its end; arguments are those of `check_object_files`."""
    return _checked_loose(path, hash_name) if is_loose_object(path) else _checked(path, hash_name)


def is_loose_object(path: Path) -> bool:
    """Whether a file of `objects` is named as a loose object is."""
    return _LOOSE_FOLDER.match(path.parent.name) is not None and _LOOSE_NAME.match(path.name) is not None


def _checksummed_files(objects: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        folder = objects / name
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.startswith("tmp_") and (
                path.suffix in _CHECKSUMMED_SUFFIXES or path.name in _CHECKSUMMED_NAMES
            ):
                yield path


def _checked(path: Path, hash_name: str) -> CheckedFile:
    try:
        with path.open("rb") as file:
            digest, written = _checksums(file, hash_name)
    except OSError as error:
        return CheckedFile(path, "", DamagedFile("it cannot be read: {reason}", reason=error))
    fault = None
    if digest != written:
        fault = DamagedFile(
            "its bytes have the checksum {found}, and {written} was written", found=digest, written=written
        )
    return CheckedFile(path, written, fault)


def _checksums(file: BinaryIO, hash_name: str) -> tuple[str, str]:
    """What the bytes before the checksum come to, and the checksum."""
    hashed = hashlib.new(hash_name, usedforsecurity=False)
    tail = b""
    for chunk in chunks_of(file):
        held = tail + chunk
        tail = held[-hashed.digest_size :]
        hashed.update(memoryview(held)[: len(held) - len(tail)])
    return hashed.hexdigest(), tail.hex()


def _checked_loose(path: Path, hash_name: str) -> CheckedFile:
    name = path.parent.name + path.name
    try:
        digest = _digest_of_loose(path, hash_name)
    except (zlib.error, OSError) as error:
        return CheckedFile(path, name, DamagedLooseObject("it cannot be read: {reason}", reason=error))
    fault = None if digest == name else DamagedLooseObject("it holds the object {found}", found=digest)
    return CheckedFile(path, name, fault)


def _digest_of_loose(path: Path, hash_name: str) -> str:
    hashed = hashlib.new(hash_name, usedforsecurity=False)
    inflate = zlib.decompressobj()
    with path.open("rb") as file:
        for chunk in chunks_of(file):
            hashed.update(inflate.decompress(chunk))
    hashed.update(inflate.flush())
    if not inflate.eof or inflate.unused_data:
        raise zlib.error("the stream ends early" if not inflate.eof else "the stream is followed by more")
    return hashed.hexdigest()

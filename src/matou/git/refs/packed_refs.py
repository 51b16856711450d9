"""The packed-refs of a repository as bytes: looked into without being parsed, and rewritten with some refs changed.

https://git-scm.com/docs/git-pack-refs; the file of a mirror, which is written as a whole, is in `refs`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from matou.git.odb.stored_objects import describe_objects
from matou.model.names import ObjectId

HEADER: Final = b"# pack-refs with: peeled fully-peeled sorted \n"

_ENTRY: Final = re.compile(rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?) (.+)\n(?:\^([0-9a-f]{40,64})\n)?", re.MULTILINE)


def read_packed_refs(git_dir: Path) -> "PackedRefsFile":
    try:
        return PackedRefsFile(git_dir, (git_dir / "packed-refs").read_bytes())
    except FileNotFoundError:
        return PackedRefsFile(git_dir, HEADER)


class PackedRefsFile:
    """What one packed-refs holds. Few questions are answered by a search; `index` prepares for many.

    Names are bytes here, as they are in the file.
    """

    def __init__(self, git_dir: Path, content: bytes) -> None:
        self._git_dir = git_dir
        self._content = content
        self._is_indexed = False

    def index(self) -> None:
        """Many questions will follow."""
        self._is_indexed = True

    def value(self, name: bytes) -> ObjectId | None:
        """The object that a ref names here."""
        if self._is_indexed:
            entry = self._entries.get(name)
            return None if entry is None else ObjectId(entry.partition(b" ")[0].decode())
        position = self._content.find(b" %b\n" % name)
        return None if position < 0 else ObjectId(self._content[self._line_start(position) : position].decode())

    def has_below(self, name: bytes) -> bool:
        """Whether there is a ref in whose folder another one of this name would stand."""
        if self._is_indexed:
            return name in self._folders
        return b" %b/" % name in self._content

    def rewritten(self, changes: Mapping[bytes, bytes | None]) -> bytes:
        """The next content: for each changed name its `entry`, None to leave it out."""
        entries = dict(self._fully_peeled_entries())
        for name, text in changes.items():
            if text is None:
                entries.pop(name, None)
            else:
                entries[name] = text
        return HEADER + b"".join(entries[name] for name in sorted(entries))

    def _line_start(self, position: int) -> int:
        return self._content.rfind(b"\n", 0, position) + 1

    @cached_property
    def _entries(self) -> dict[bytes, bytes]:
        return {match[2]: match[0] for match in _ENTRY.finditer(self._content)}

    @cached_property
    def _folders(self) -> frozenset[bytes]:
        return frozenset(folder for name in self._entries for folder in parents(name))

    def _fully_peeled_entries(self) -> Iterator[tuple[bytes, bytes]]:
        """A git of long ago did not say what every tag stands for; then the objects are asked."""
        first_line = self._content[: self._content.find(b"\n") + 1]
        if b" fully-peeled " in first_line or not self._entries:
            yield from self._entries.items()
            return
        ids = {name: ObjectId(entry.partition(b" ")[0].decode()) for name, entry in self._entries.items()}
        described = describe_objects(self._git_dir, set(ids.values()))
        for name, oid in ids.items():
            stored = described.get(oid)
            yield name, entry_of(name, oid, None if stored is None else stored.peeled)


def entry_of(name: bytes, oid: ObjectId, peeled: ObjectId | None) -> bytes:
    """A ref's line, with the one of what its tag stands for."""
    line = b"%b %b\n" % (oid.encode(), name)
    return line if peeled is None else b"%b^%b\n" % (line, peeled.encode())


def parents(name: bytes) -> Iterator[bytes]:
    """The names that a ref stands below: `refs/heads` and `refs` for `refs/heads/main`."""
    end = name.rfind(b"/")
    while end > 0:
        yield name[:end]
        end = name.rfind(b"/", 0, end)

"""Many files of a tree changed at once: only folders on the way to them are read, and only they are written."""

from collections.abc import Iterator
from typing import Final

import pygit2
from pygit2.enums import FileMode

from matou.errors import Damaged, Phrase
from matou.git.odb.quarantine import ObjectWriter
from matou.git.operations.tree_edit import Entry, Folder, PathBlocked, read_folder, tree_object, write_folder
from matou.model.names import ObjectId

_NO_FILES: Final = frozenset({FileMode.TREE, FileMode.LINK, FileMode.COMMIT})

MOST_FILES: Final = 2_000_000
DEEPEST_FOLDER: Final = 100
"""Of a tree whose files are listed: nothing that we write comes near either."""

MOST_FOLDERS: Final = 128
"""In memory, each with some dozens of names."""

_FILE: Final = b"100644"
_FOLDER: Final = b"40000"
_A_FILE: Final = Phrase("a file")
_A_FOLDER: Final = Phrase("a folder")


class TreeLookup:
    """Finds files of a tree by their paths; libgit2 reads the folders on the way, and some stay. For one thread.

    Raises:
        Damaged: in any method, where a folder cannot be read.
    """

    def __init__(self, repository: pygit2.Repository, root: ObjectId) -> None:
        self._repository = repository
        self._folders: dict[str, pygit2.Tree | None] = {"": tree_object(repository, root)}

    def find(self, path: str) -> ObjectId | None:
        """The blob at a path; None where there is no file."""
        entry = self._entry(path)
        return None if entry is None or entry.filemode in _NO_FILES else ObjectId(str(entry.id))

    def has_folder(self, path: str) -> bool:
        return self._folder(path) is not None

    def _entry(self, path: str) -> pygit2.Object | None:
        place, _, name = path.rpartition("/")
        folder = self._folder(place)
        return None if folder is None or name not in folder else folder[name]

    def _folder(self, path: str) -> pygit2.Tree | None:
        if path not in self._folders:
            found = self._read_folder(self._entry(path))
            if len(self._folders) >= MOST_FOLDERS:
                self._folders = {"": self._folders[""]}
            self._folders[path] = found
        return self._folders[path]

    def _read_folder(self, entry: pygit2.Object | None) -> pygit2.Tree | None:
        if entry is None or entry.filemode != FileMode.TREE:
            return None
        return tree_object(self._repository, ObjectId(str(entry.id)))


class _Level:
    """A folder that was looked into: its entries, and below it those that were looked into themselves."""

    __slots__ = ("below", "entries", "is_changed")

    def __init__(self, entries: Folder) -> None:
        self.entries = entries
        self.below: dict[bytes, _Level] = {}
        self.is_changed = False

    @property
    def is_empty(self) -> bool:
        unread = self.entries.keys() - self.below.keys()
        return not unread and all(below.is_empty for below in self.below.values())


class TreeUpdate:
    """A tree as it will be. Paths are texts with slashes.

    Memory holds the folders that were looked into. For one thread.

    Args:
        repository: what holds the tree; None where it is empty.
        root: the tree; None for an empty one.

    Raises:
        Damaged: in any method, where a folder is not what git writes.
        PathBlocked: likewise, where a file stands in the way of a folder, or a folder in that of a file.
    """

    def __init__(self, repository: pygit2.Repository | None, root: ObjectId | None) -> None:
        self._repository = repository
        self._root = self._read(root)

    @property
    def is_changed(self) -> bool:
        """Whether anything was put or removed, be it to no effect in the end, since it was last written."""
        return self._root.is_changed

    def find(self, path: str) -> ObjectId | None:
        """The blob at a path, as it will be; None where there is none."""
        *folders, name = path.encode().split(b"/")
        level = self._find_level(folders)
        entry = None if level is None else level.entries.get(name)
        return None if entry is None or not entry.is_file else entry.id

    def put(self, path: str, blob: ObjectId) -> bool:
        """Let this blob stand at a path; False where it does already."""
        *folders, name = path.encode().split(b"/")
        level = self._make_level(folders)
        present = level.entries.get(name)
        if name in level.below or (present is not None and not present.is_file):
            raise PathBlocked("{path} is {kind}, not a file", path=repr(path)[:200], kind=_A_FOLDER)
        if present is not None and present.id == blob:
            return False
        level.entries[name] = Entry(_FILE, blob)
        self._mark_changed(folders)
        return True

    def remove(self, path: str) -> bool:
        """Let no file stand at a path; False where none did. A folder that this leaves empty goes with it."""
        *folders, name = path.encode().split(b"/")
        level = self._find_level(folders)
        if level is None or level.entries.pop(name, None) is None:
            return False
        self._mark_changed(folders)
        return True

    def files(self, folder: str = "") -> Iterator[str]:
        """The paths of all files below a folder, sorted name by name; none where there is no such folder.

        Raises:
            Damaged: a name is not UTF-8, or a tree was made to have no end: each of its folders a hundred times the
                same one, say.
        """
        level = self._find_level(folder.encode().split(b"/") if folder else [])
        if level is not None:
            for count, path in enumerate(self._files(level, f"{folder}/" if folder else "", depth=0)):
                if count >= MOST_FILES:
                    raise Damaged("the tree has more than {count} files", count=MOST_FILES)
                yield path

    def names(self, folder: str) -> tuple[str, ...]:
        """What stands in a folder, sorted; nothing where there is none."""
        level = self._find_level(folder.encode().split(b"/"))
        return () if level is None else tuple(map(_text, sorted(level.entries.keys() | level.below.keys())))

    def write(self, writer: ObjectWriter) -> ObjectId:
        """Write the folders that changed; the new root."""
        return self._write(self._root, writer)

    def _files(self, level: _Level, prefix: str, *, depth: int) -> Iterator[str]:
        if depth > DEEPEST_FOLDER:
            raise Damaged("the tree has folders more than {count} deep", count=DEEPEST_FOLDER)
        for name in sorted(level.entries.keys() | level.below.keys()):
            path = prefix + _text(name)
            below = self._below(level, name)
            if below is None:
                yield path
            else:
                yield from self._files(below, f"{path}/", depth=depth + 1)

    def _write(self, level: _Level, writer: ObjectWriter) -> ObjectId:
        for name, below in level.below.items():
            if below.is_empty:
                level.entries.pop(name, None)
            elif below.is_changed:
                level.entries[name] = Entry(_FOLDER, self._write(below, writer))
        level.is_changed = False
        return write_folder(writer, level.entries)

    def _read(self, tree: ObjectId | None) -> _Level:
        return _Level({} if tree is None or self._repository is None else read_folder(self._repository, tree))

    def _find_level(self, folders: list[bytes]) -> _Level | None:
        level: _Level | None = self._root
        for name in folders:
            level = None if level is None else self._below(level, name)
        return level

    def _make_level(self, folders: list[bytes]) -> _Level:
        level = self._root
        for name in folders:
            below = self._below(level, name)
            if below is None:
                if name in level.entries:
                    raise PathBlocked("{path} is {kind}, not a folder", path=repr(name.decode())[:200], kind=_A_FILE)
                below = level.below[name] = _Level({})
            level = below
        return level

    def _below(self, level: _Level, name: bytes) -> _Level | None:
        """A folder in a folder; None where there is none, or a file."""
        entry = level.entries.get(name)
        if name not in level.below and entry is not None and entry.is_folder:
            level.below[name] = self._read(entry.id)
        return level.below.get(name)

    def _mark_changed(self, folders: list[bytes]) -> None:
        level = self._root
        level.is_changed = True
        for name in folders:
            level = level.below[name]
            level.is_changed = True


def _text(name: bytes) -> str:
    """Raises Damaged."""
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise Damaged("the name {name} in a tree is not UTF-8", name=repr(name)[:200]) from error

"""Files under the names that people gave them, as keys: in a folder that is written by us, and may have been by others.

A store's keys are ASCII; names are in any language. What is not ASCII stands in a key as `%` and two digits a byte.
"""

import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from matou.errors import Conflict
from matou.fs import syncfs, translate_os_errors
from matou.storage.base import InvalidKey
from matou.storage.files import FileStore, StagedFile, chunks_of

_PLAIN = "/ !\"#$&'()*+,-.:;<=>?@[]^_`{|}~"
"""Beside letters and digits: all of ASCII that stands for itself in a key."""


class SymbolicLink(Conflict):
    """A link stands where a folder or file of ours would: it could lead anywhere."""


def key_of_path(path: str) -> str:
    """The key of a relative path with `/` between its parts; `path_of_key` gives it back."""
    return quote(path.encode("utf-8", "surrogateescape"), safe=_PLAIN)


def path_of_key(key: str) -> str:
    """Raises InvalidKey where it is not what `key_of_path` would have made."""
    path = unquote_to_bytes(key).decode("utf-8", "surrogateescape")
    parts = path.split("/")
    if key_of_path(path) != key or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise InvalidKey("{key} cannot be the key of a file", key=repr(key)[:200])
    return path


class TreeStore(FileStore):
    """A store whose keys are paths in any language. It goes through no symbolic link, and lists none."""

    def path(self, key: str) -> Path:
        parts = path_of_key(key).split("/")
        path = self.root
        for part in parts:
            path = path / part
            if path.is_symlink():
                raise SymbolicLink("{path} is a symbolic link", path=path)
        return path

    def iterate(self, prefix: str = "") -> Iterator[str]:
        folder = self.path(prefix.rstrip("/")) if prefix else self.root
        if folder.is_dir():
            yield from (key_of_path(path) for path in _paths_below(folder, path_of_key(prefix[:-1]) if prefix else ""))

    def put_soon(self, key: str, source: BinaryIO | Iterable[bytes], *, mode: int = 0o444) -> int:
        """As `put`, but durable only once `flush` has returned."""
        self.path(key)
        size_bytes = 0
        with StagedFile(self, mode=mode) as staged:
            for chunk in chunks_of(source):
                size_bytes += staged.write(chunk)
            staged.flush()
            staged.place(key)
        return size_bytes

    def flush(self) -> None:
        """Make all durable that `put_soon` was given."""
        if self.root.is_dir():
            syncfs(self.root)

    def delete(self, key: str) -> None:
        """As every store does, and the folders that this leaves empty with it."""
        super().delete(key)
        self._remove_empty(self.path(key).parent)

    def make_folder(self, key: str) -> None:
        folder = self.path(key)
        with translate_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def remove_folder(self, key: str) -> None:
        """If it is there, and empty."""
        self._remove_empty(self.path(key))

    def _remove_empty(self, folder: Path) -> None:
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return
            folder = folder.parent


def _paths_below(folder: Path, prefix: str) -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        path = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _paths_below(entry, path)
        elif entry.is_file():
            yield path

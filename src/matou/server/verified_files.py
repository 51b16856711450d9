"""Which stored files are what their name says: hashed once, and again when they change on disk."""

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from matou.errors import Damaged

MOST_REMEMBERED = 50_000


class DamagedLfsObject(Damaged):
    """The bytes on disk are not those that were stored; they are not handed out."""


class VerifiedFiles:
    """Remembers which files are what their name says, until they change on disk. Safe to use from threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[Path, tuple[int, int, int]] = OrderedDict()
        self._lock = Lock()

    def require_whole(self, path: Path, oid: str) -> None:
        """Hash the file unless it is known. Raises DamagedLfsObject."""
        status = path.stat()
        signature = (status.st_ino, status.st_size, status.st_mtime_ns)
        with self._lock:
            if self._seen.get(path) == signature:
                self._seen.move_to_end(path)
                return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != oid:
            raise DamagedLfsObject("the LFS object {oid} is damaged on this server", oid=oid)
        with self._lock:
            self._seen[path] = signature
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

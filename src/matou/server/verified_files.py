"""Which stored files are what their name says: hashed once, and again when they change on disk."""

import hashlib
from pathlib import Path

from matou.caching import SizedCache
from matou.errors import Damaged

MOST_REMEMBERED = 50_000


class DamagedStoredFile(Damaged):
    """The bytes on disk are not those that were stored; they are not handed out."""


class VerifiedFiles:
    """Remembers which files are what their name says, until they change on disk. Safe to use from threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._seen = SizedCache[Path, tuple[int, int, int]](most)

    def require_whole(self, path: Path, oid: str) -> None:
        """Hash the file unless it is known. Raises DamagedStoredFile."""
        status = path.stat()
        signature = (status.st_ino, status.st_size, status.st_mtime_ns)
        if self._seen.get(path) == signature:
            return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != oid:
            raise DamagedStoredFile("the LFS object {oid} is damaged on this server", oid=oid)
        self._seen.put(path, signature)

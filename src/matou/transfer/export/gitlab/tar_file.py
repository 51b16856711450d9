"""A tar that is the same each time: its members have no owner, and the time that the caller gives."""

import gzip
import io
import tarfile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

_LEVEL: Final = 6
_MODE: Final = 0o644


class SteadyTar:
    """Writes a `.tar.gz` member by member, reading each file once.

    Args:
        at: seconds since 1970, of every member.
    """

    def __init__(self, path: Path, *, at: int) -> None:
        self._at = at
        self._file = path.open("wb")
        self._gzip = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=self._file, mtime=0)
        self._tar = tarfile.TarFile(fileobj=self._gzip, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8")

    def add_text(self, name: str, text: str) -> None:
        content = text.encode()
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        """Raises FileNotFoundError."""
        with path.open("rb") as file:
            self._add(name, file, path.stat().st_size)

    def _add(self, name: str, content: IO[bytes], size_bytes: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size_bytes, self._at, _MODE
        self._tar.addfile(member, content)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """What an error cut short is no archive: its end is not written."""
        if error is None:
            self._tar.close()
            self._gzip.close()
        self._file.close()

"""Which place at a target a repository was given: kept in the archive, so that a later run moves it to the same one."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from matou.archive.layout import Archive
from matou.archive.path_registry import PathOwner
from matou.archive.run_history import host_of
from matou.errors import Damaged
from matou.fs import sync_folder, translate_os_errors
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.transfer.migrate.mapping import TargetPath

FILE = "migrations.jsonl"


class DamagedAssignments(Damaged):
    """The list of places at targets does not read as one."""


class _Line(msgspec.Struct, frozen=True):
    """One line of migrations.jsonl: to which target, whose repository, and where it is there."""

    target: str
    target_host: str
    platform: str
    host: str
    id: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class AssignedPaths:
    """The places of one archive's repositories at one target. A line that was cut off was never acted upon.

    Whoever adds some holds them from before they were read.
    """

    archive: Archive
    platform: str
    host: str

    @classmethod
    def of(cls, archive: Archive, platform: str, url: str) -> "AssignedPaths":
        return cls(archive, platform, host_of(url))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for whoever else gives places, and let nobody else give any: one that plans has read what others gave.

        Without it two repositories of one name, moved by two commands at once, would meet in one place.
        """
        with translate_os_errors(self._path):
            file = self._path.open("ab")
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read(self) -> Mapping[tuple[PathOwner, str], TargetPath]:
        """The last place that each was given in a namespace. Raises DamagedAssignments."""
        paths: dict[tuple[PathOwner, str], TargetPath] = {}
        text = self._path.read_bytes() if self._path.exists() else b""
        *lines, _ = text.split(b"\n")
        for number, line in enumerate(lines, start=1):
            try:
                read = msgspec.json.decode(line, type=decodable(_Line))
            except NOT_DECODED as error:
                raise DamagedAssignments(
                    "{path}, line {number}: {reason}", path=self._path, number=number, reason=error
                ) from error
            if (read.target, read.target_host) == (self.platform, self.host):
                owner = PathOwner(read.platform, read.host, read.id)
                paths[owner, read.namespace] = TargetPath(read.namespace, read.name)
        return paths

    def add(self, paths: Iterable[tuple[PathOwner, TargetPath]]) -> None:
        """Make new places durable; to be called before the first repository is made at one of them."""
        text = b"".join(msgspec.json.encode(self._line(owner, path)) + b"\n" for owner, path in paths)
        if not text:
            return
        with translate_os_errors(self._path):
            _cut_off_half_line(self._path)
            with self._path.open("ab") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(self._path.parent)

    @property
    def _path(self) -> Path:
        return self.archive.root / FILE

    def _line(self, owner: PathOwner, path: TargetPath) -> _Line:
        return _Line(self.platform, self.host, owner.platform, owner.host, owner.id, path.namespace, path.name)


def _cut_off_half_line(path: Path) -> None:
    """What a run that was killed wrote of a line, so that the next one begins where a line begins."""
    text = path.read_bytes() if path.exists() else b""
    if not text.endswith(b"\n") and text:
        with path.open("r+b") as file:
            file.truncate(text.rfind(b"\n") + 1)

"""A copy as the source of another: what its catalogue names, in the order in which an archive may be written."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from matou.errors import Damaged, NotFound
from matou.git.repository import config_text
from matou.storage.chunks import ChunkReader
from matou.transfer.copy.catalogue import Catalogue, CopiedFile
from matou.transfer.copy.destination import Destination
from matou.transfer.copy.paths import Rank, is_lasting, rank_of, repository_of
from matou.transfer.copy.source_files import CopyUnit, SourceFile

_CONFIGURATIONS = frozenset(config_text(name) for name in ("sha1", "sha256"))


class DamagedCopy(Damaged):
    """A file of a copy that is missing there, or is not what was written."""


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """One copy that stands somewhere."""

    stored: Destination
    catalogue: Catalogue

    def objects(self) -> list[CopyUnit]:
        return self._units(lambda rank: rank <= Rank.HEAD)

    def runs(self) -> list[CopyUnit]:
        return self._units(lambda rank: rank is Rank.REST)

    def published(self) -> CopyUnit:
        files = [file for file in self.catalogue.files.values() if rank_of(file.path) > Rank.REST]
        return CopyUnit("", partial(self._files, files))

    def still_named(self, _digests: Collection[str]) -> Collection[str]:
        """None: its catalogue names all that it has."""
        return ()

    def _units(self, belongs: Callable[[Rank], bool]) -> list[CopyUnit]:
        units = defaultdict[str, list[CopiedFile]](list)
        for file in self.catalogue.files.values():
            if belongs(rank_of(file.path)):
                units[_unit_of(file.path)].append(file)
        return [CopyUnit(name, partial(self._files, files)) for name, files in sorted(units.items())]

    def _files(self, files: Iterable[CopiedFile]) -> Iterator[SourceFile]:
        for file in sorted(files, key=lambda file: (rank_of(file.path), file.path)):
            lasting = is_lasting(file.path) or rank_of(file.path) is Rank.MANIFEST
            yield SourceFile(file.path, file.size, lasting, partial(self._open, file), sha256=file.sha256)

    def _open(self, file: CopiedFile) -> BinaryIO:
        if repository_of(file.path)[1] == "config":
            return io.BytesIO(self._configuration(file))
        return io.BufferedReader(ChunkReader(self.checked(file)))

    def _configuration(self, file: CopiedFile) -> bytes:
        """One that is not ours could name programs for git to start."""
        content = b"".join(self.checked(file))
        if content not in _CONFIGURATIONS:
            raise DamagedCopy("{path} is not what Matou writes", path=file.path)
        return content

    def checked(self, file: CopiedFile) -> Iterator[bytes]:
        """Its bytes, and at their end an error if they were not what was written."""
        yield from checked_bytes(self.stored, file)


def checked_bytes(stored: Destination, file: CopiedFile) -> Iterator[bytes]:
    """Raises DamagedCopy, at the end at the latest."""
    hashed = hashlib.sha256()
    size = 0
    try:
        for chunk in stored.read(file):
            size += len(chunk)
            if size > file.size:
                break
            hashed.update(chunk)
            yield chunk
    except NotFound as error:
        raise DamagedCopy("{path} is missing", path=file.path) from error
    if hashed.hexdigest() != file.sha256 or size != file.size:
        raise DamagedCopy("{path} is not what was written", path=file.path)


def _unit_of(path: str) -> str:
    folder, _inner = repository_of(path)
    return folder or "/".join(path.split("/")[:3])

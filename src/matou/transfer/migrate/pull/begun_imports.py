"""Imports that were begun at a target: kept in the archive until they end, so that a later run knows what was cut off.

Nobody goes on with an import. Whether what stands there is half of one, or somebody's own work, only we can know.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.archive.path_registry import safe_segment
from matou.archive.run_history import host_of
from matou.fs import make_folders, sync_folder, translate_os_errors, write_atomically
from matou.transfer.migrate.conversation.written_map import FOLDER
from matou.transfer.migrate.mapping import TargetPath

_ENDING: Final = ".importing"


@dataclass(frozen=True, slots=True)
class BegunImports:
    """Those at one target."""

    archive: Archive
    platform: str
    host: str

    @classmethod
    def at(cls, archive: Archive, platform: str, url: str) -> "BegunImports":
        return cls(archive, platform, host_of(url))

    def begin(self, path: TargetPath) -> None:
        """Durable when this returns; to be called before the target is told."""
        mark = self._mark(path)
        with translate_os_errors(mark):
            make_folders(mark.parent, below=self.archive.root)
        write_atomically(mark, b"")

    def end(self, path: TargetPath) -> None:
        """It came to its end, or nothing of it is there."""
        mark = self._mark(path)
        with translate_os_errors(mark):
            if mark.exists():
                mark.unlink()
                sync_folder(mark.parent)

    def cut_off_since(self, path: TargetPath) -> datetime | None:
        """When the one began there that never ended; None where none did."""
        try:
            return datetime.fromtimestamp(self._mark(path).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _mark(self, path: TargetPath) -> Path:
        *namespace, name = map(safe_segment, f"{path.namespace}/{path.name}".split("/"))
        folder = self.archive.root / FOLDER / safe_segment(f"{self.platform} {self.host.replace(':', ' ')}")
        return folder.joinpath(*namespace, f"{name}{_ENDING}")

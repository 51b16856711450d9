"""The disk of a machine whose power is cut: ext4 in a file on XFS, copied by reference in the moment of the cut.

What ext4 has handed to its disk by then is in the copy, and nothing else: no cache of the kernel's, no folder that
was not synced. The copy is then mounted as after a power cut, its journal replayed.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from support.private_mounts import mount_image, private_mounts, unmount

_FICLONE = 0x4004_9409
_WRITES_NOTHING_BY_ITSELF = "commit=3000"
"""Seconds between ext4's own commits, which would otherwise save what nobody synced."""


@dataclass(frozen=True)
class Disk:
    """A disk that is in use.

    Attributes:
        folder: where it is mounted.
    """

    folder: Path
    _image: Path
    _numbers: Iterator[int]

    def cut(self) -> "CutDisk":
        """Cut the power now. The disk itself goes on."""
        number = next(self._numbers)
        image = self._image.with_name(f"cut-{number}")
        with self._image.open("rb") as source, image.open("wb") as copy:
            fcntl.ioctl(copy, _FICLONE, source.fileno())
        return CutDisk(image, self.folder.with_name(f"after-cut-{number}"))


@dataclass(frozen=True)
class CutDisk:
    """A disk as the power cut left it."""

    image: Path
    folder: Path

    @contextmanager
    def started_again(self) -> Iterator[Path]:
        """Mount it and give its folder."""
        mount_image(self.image, self.folder)
        try:
            yield self.folder
        finally:
            unmount(self.folder)
            self.image.unlink()


@contextmanager
def disk(folder: Path, *, mebibytes: int = 512) -> Iterator[Disk]:
    """A disk of that size, seen by this thread and its children alone. Skips the test where it cannot be had."""
    for program in ("mkfs.xfs", "mkfs.ext4", "losetup"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    with private_mounts():
        xfs = _file_system(folder / "xfs", 4 * mebibytes + 512, "mkfs.xfs", "-q", "-m", "reflink=1")
        image = _file_system(mount_image(xfs, folder / "below") / "disk", mebibytes, "mkfs.ext4", "-q", "-F")
        yield Disk(mount_image(image, folder / "disk", _WRITES_NOTHING_BY_ITSELF), image, count(1))


def _file_system(image: Path, mebibytes: int, *making: str) -> Path:
    with image.open("wb") as file:
        file.truncate(mebibytes * 1024 * 1024)
    made = subprocess.run([*making, image], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"{making[0]}: {made.stderr.strip()}")
    return image

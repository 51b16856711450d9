"""File systems of a test's own, in a mount namespace that ends with it: nothing is left mounted, whatever happens."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CLONE_NEWNS = 0x0002_0000
_OURS = Path("/proc/thread-self/ns/mnt")


@contextmanager
def private_mounts() -> Iterator[None]:
    """What this thread mounts within the block is seen by it and its children alone, and is gone afterwards.

    The working folder is that of before at the end. Skips the test where the system does not allow it.
    """
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("needs mounts of its own, thus Linux and root")
    folder = Path.cwd()
    before = os.open(_OURS, os.O_RDONLY)
    try:
        _require(_libc().unshare(_CLONE_NEWNS), "no mount namespace of one's own is allowed here")
        try:
            _run("mount", "--make-rprivate", "/")
            yield
        finally:
            _require(_libc().setns(before, _CLONE_NEWNS), "the mount namespace of before is gone")
            os.chdir(folder)
    finally:
        os.close(before)


def mount_memory(folder: Path, *, mebibytes: int) -> Path:
    """An empty file system of that size, at a folder that is made."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", folder)
    return folder


def resize_memory(folder: Path, *, mebibytes: int) -> None:
    _run("mount", "-o", f"remount,size={mebibytes}m", folder)


def mount_image(image: Path, folder: Path, *options: str) -> Path:
    """A file that holds a file system, at a folder that is made."""
    folder.mkdir()
    _run("mount", "-o", ",".join(("loop", *options)), image, folder)
    return folder


def unmount(folder: Path) -> None:
    _run("umount", folder)
    folder.rmdir()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _require(status: int, otherwise: str) -> None:
    if status != 0:
        pytest.skip(f"{otherwise}: {os.strerror(ctypes.get_errno())}")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

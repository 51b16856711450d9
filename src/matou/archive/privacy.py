"""Who else on this machine may read an archive: nobody, or the members of one group.

The mode of the archive's folder says which of the two. The mask of the process carries it to everything that is made
in the folder, by git's children too; the reasons are in docs/decisions/archive-is-the-store.md.
"""

import grp
import os
import stat
from enum import Enum
from pathlib import Path

from matou.archive.layout import IDENTITY_FILE
from matou.errors import NotFound
from matou.fs import translate_os_errors

FOR_OWNER = 0o077
"""The mask of a process that makes what only its owner may read."""
FOR_GROUP = 0o027
OWNERS_FOLDER = 0o700
GROUPS_FOLDER = 0o2750
"""What is made in it belongs to its group, too."""
DATABASE_FILES = frozenset({"matou.db", "matou.db-wal", "matou.db-shm"})
"""They hold digests of passwords and tokens, and are nobody's but the owner's."""
SERVERS_FOLDER = "server"
"""It holds the key by which clients know the server: whoever has it can pass for the server."""


class NoSuchGroup(NotFound):
    """This machine has no group of that name."""


class Exposure(Enum):
    """How open an archive was found to be."""

    CLOSED = "closed"
    OPEN_UNTIL_NOW = "open until now"
    STAYS_OPEN = "stays open"


def mask_for(root: Path) -> int:
    """The mask under which things are made in an archive, there or not."""
    try:
        mode = root.stat().st_mode
    except OSError:
        return FOR_OWNER
    return FOR_GROUP if mode & 0o057 == 0o050 else FOR_OWNER


def close_to_others(root: Path) -> Exposure:
    """Take from everybody but its owner what an earlier Matou, or a folder that was there before, let them read.

    Only the folder itself is changed: nobody gets past it to what lies in it. What is no archive, nor empty, is left
    alone.
    """
    if not _is_archive_or_empty(root) or not root.stat().st_mode & 0o007:
        return Exposure.CLOSED
    try:
        root.chmod(OWNERS_FOLDER)
    except OSError:  # another account's, or on a disk that cannot be written
        return Exposure.STAYS_OPEN
    # There are file systems without modes, where this is no error and changes nothing.
    return Exposure.STAYS_OPEN if root.stat().st_mode & 0o007 else Exposure.OPEN_UNTIL_NOW


def let_group_read(root: Path, group: str) -> None:
    """Let the members of a group read an archive, all but the database and the key of its server.

    A folder is made where there is none.

    Raises:
        NoSuchGroup: there is none.
        WriteFailed: the group could not be given; the archive is as open as before, and asking again goes on.
    """
    number = _number_of(group)
    with translate_os_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        status = root.stat()
        if status.st_gid == number and stat.S_IMODE(status.st_mode) == GROUPS_FOLDER:
            return
        if _is_archive_or_empty(root):
            _give(root, number)


def _give(root: Path, number: int) -> None:
    """The folder itself comes last: who may read it can read all of it, and a walk that was cut off begins anew."""
    for folder, folders, files in os.walk(root, topdown=False):
        for name in files:
            path = Path(folder, name)
            if not _is_the_owners(path.relative_to(root)):
                _give_one(path, number)
        for name in folders:
            _give_one(Path(folder, name), number)
    _give_one(root, number)


def _is_the_owners(path: Path) -> bool:
    """Whether a file, by its path in the archive, is for nobody else."""
    return path.parts[0] == SERVERS_FOLDER or str(path) in DATABASE_FILES


def _give_one(path: Path, number: int) -> None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return
    os.chown(path, -1, number, follow_symlinks=False)
    path.chmod(GROUPS_FOLDER if stat.S_ISDIR(status.st_mode) else status.st_mode & 0o700 | 0o040)


def _number_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise NoSuchGroup("this machine has no group {name}", name=repr(group)) from None


def _is_archive_or_empty(root: Path) -> bool:
    try:
        return (root / IDENTITY_FILE).is_file() or not any(root.iterdir())
    except OSError:  # no folder, or one that we may not read: whoever opens it says so
        return False

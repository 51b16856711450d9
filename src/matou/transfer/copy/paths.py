"""Which files of an archive belong to a copy, and in which order they are written (docs/archive-format.md, "Copies").

A path comes from the names on a disk, or from a copy that somebody may have changed: the same rules hold for both.
"""

import re
from enum import IntEnum
from typing import Final

from matou.archive.privacy import SERVERS_FOLDER
from matou.errors import Damaged

COPY_FOLDER: Final = "copy"
REPOSITORY_ROOTS: Final = ("repositories", "metadata")
DATABASE: Final = "matou.db"

NEVER_COPIED: Final = frozenset(
    {"lock", "staging", "cache", COPY_FOLDER, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"}
)
"""Of the names in the archive's own folder; `matou.db` itself is copied as a snapshot."""

_HEX: Final = "[0-9a-f]{40}(?:[0-9a-f]{24})?"
_OF_REPOSITORY: Final = re.compile(
    rf"(?:HEAD|packed-refs|config|shallow|matou-mirror|objects/pack/pack-{_HEX}\.(?:pack|idx|rev)"
    r"|objects/[0-9a-f]{2}/[0-9a-f]{38}(?:[0-9a-f]{24})?)\Z"
)
_LOOSE: Final = re.compile(r"objects/[0-9a-f]{2}/")
_RUN_FILE: Final = re.compile(r"runs/[0-9]{6,18}/[a-z][a-z.-]{0,60}\Z")
_MANIFEST: Final = re.compile(r"runs/[0-9]{6,18}/manifest\.jsonl\Z")
_BLOB: Final = re.compile(r"blobs/objects/([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\Z")
_ROOT_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}(?:\.[a-z]{1,10})?\Z")
_LONGEST_PATH_BYTES: Final = 3500
_LONGEST_PART_BYTES: Final = 255
_ARMED: Final = frozenset({"config", ".git", "hooks"})
"""Names by which git would take orders from a folder; git's own are made anew, and nobody else's are copied."""


class StrayPath(Damaged):
    """A path that no archive has a file under."""


class Rank(IntEnum):
    """When a file is written: after whatever it refers to."""

    BLOB = 0
    PACK = 1
    INDEX = 2
    BESIDE = 3
    REFS = 4
    HEAD = 5
    REST = 6
    IDENTITY = 7
    MANIFEST = 8
    DATABASE = 9


def repository_of(path: str) -> tuple[str, str]:
    """The folder of the repository that a path lies in, and the path below it; both empty where it lies in none."""
    root, _slash, rest = path.partition("/")
    if root not in REPOSITORY_ROOTS:
        return "", ""
    folder, dot_git, inner = rest.partition(".git/")
    return (f"{root}/{folder}.git", inner) if dot_git and folder else ("", "")


def require_path(path: str) -> str:
    """The path, where a file of an archive may stand under it. Raises StrayPath."""
    if not _is_path(path):
        raise StrayPath("{path} is the path of no file of an archive", path=repr(path)[:300])
    return path


def _is_path(path: str) -> bool:
    parts = path.split("/")
    if not path.isprintable() or len(path.encode("utf-8", "replace")) > _LONGEST_PATH_BYTES:
        return False
    if any(part in ("", ".", "..") or len(part.encode()) > _LONGEST_PART_BYTES or "\\" in part for part in parts):
        return False
    root = parts[0]
    if root in REPOSITORY_ROOTS:
        folder, inner = repository_of(path)
        return bool(folder) and _OF_REPOSITORY.match(inner) is not None
    if root in ("blobs", "runs"):
        return (_BLOB if root == "blobs" else _RUN_FILE).match(path) is not None
    is_own = _ROOT_NAME.match(root) is not None and root not in NEVER_COPIED
    return is_own and not _ARMED & {part.lower() for part in parts}


def rank_of(path: str) -> Rank:
    _folder, inner = repository_of(path)
    if inner:
        return _rank_in_repository(inner)
    if path.startswith("blobs/"):
        return Rank.BLOB
    if path in ("archive.json", "MATOU.txt"):
        return Rank.IDENTITY
    if _MANIFEST.match(path):
        return Rank.MANIFEST
    return Rank.DATABASE if path == DATABASE else Rank.REST


def _rank_in_repository(inner: str) -> Rank:
    if inner.endswith(".idx"):
        return Rank.INDEX
    if inner.startswith("objects/"):
        return Rank.PACK
    return {"packed-refs": Rank.REFS, "HEAD": Rank.HEAD}.get(inner, Rank.BESIDE)


def is_lasting(path: str) -> bool:
    """Whether the name says what the content is, so that a file never changes under it: a pack, an object, a blob."""
    _folder, inner = repository_of(path)
    return inner.startswith("objects/") or path.startswith("blobs/")


def is_private(path: str) -> bool:
    """Whether nobody but its owner may read the file, wherever it is copied to."""
    return path == DATABASE or path.startswith(f"{SERVERS_FOLDER}/")


def is_loose(inner: str) -> bool:
    """Whether a path in a repository is that of a loose object."""
    return _LOOSE.match(inner) is not None

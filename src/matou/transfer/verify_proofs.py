"""What `git fsck` has found whole, so that it is asked again only where something changed since.

The file is a note, not part of what was saved: without it, or where it cannot be read, everything is proven again.
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from matou.storage.files import write_atomically

FORMAT = 1


class ProofNote(msgspec.Struct, frozen=True):
    """`state` stands for all objects and refs of the repository as they were at that time."""

    state: str
    at: datetime


class _File(msgspec.Struct, frozen=True):
    format: int
    repositories: dict[str, ProofNote]


class Proofs:
    """The notes of an archive. May be used from several threads.

    Args:
        notes: by the path of a repository, what was proven before.
        now: when this verification began.
    """

    def __init__(self, notes: Mapping[str, ProofNote], *, now: datetime) -> None:
        self._before = notes
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._lock = threading.Lock()
        self._notes: dict[str, ProofNote] = {}

    @classmethod
    def load(cls, path: Path, *, now: datetime) -> "Proofs":
        return cls(_read(path), now=now)

    def holds(self, repository: str, state: str) -> bool:
        """Say whether this very state was proven, and if so keep the note of when."""
        note = self._before.get(repository)
        if note is None or note.state != state:
            return False
        with self._lock:
            self._notes[repository] = note
        return True

    def add(self, repository: str, state: str) -> None:
        with self._lock:
            self._notes[repository] = ProofNote(state, self._now)

    def save(self, path: Path) -> None:
        """Replace the file by the notes that hold now; one who is not in it is proven next time."""
        with self._lock:
            content = _File(FORMAT, dict(sorted(self._notes.items())))
        write_atomically(path, msgspec.json.encode(content) + b"\n")


def _read(path: Path) -> Mapping[str, ProofNote]:
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_File)
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return content.repositories if content.format == FORMAT else {}

"""Which parts of a move were proven to be in the bucket: what is cut off reads none of them again.

It lies in the archive's cache: where it is lost, everything is read once more, and nothing else happens.
"""

import threading
from typing import Final

import msgspec

from matou.archive.cache import FOLDER, Journal
from matou.archive.layout import Archive
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED

NOTED_AT_ONCE: Final = 100


class _Frame(msgspec.Struct, frozen=True):
    parts: dict[str, str]


class FinishedParts:
    """By path what each was like that is there.

    Args:
        target: where it was put; parts of another move do not count.
    """

    def __init__(self, archive: Archive, target: str) -> None:
        self._journal = Journal(
            archive.root / FOLDER / "move.journal", below=archive.root, form=f"parts of a move to {target}, 1"
        )
        self._parts: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._lock = threading.Lock()
        for frame in self._journal.read():
            try:
                self._parts.update(msgspec.json.decode(frame, type=decodable(_Frame)).parts)
            except NOT_DECODED:
                continue

    def has(self, path: str, state: str) -> bool:
        return self._parts.get(path) == state

    def note(self, path: str, state: str) -> None:
        """Not written down before `flush`, or a hundred of them."""
        with self._lock:
            self._parts[path] = self._waiting[path] = state
            if len(self._waiting) >= NOTED_AT_ONCE:
                self._write()

    def flush(self) -> None:
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._journal.append(msgspec.json.encode(_Frame(self._waiting)))
            self._waiting = {}
